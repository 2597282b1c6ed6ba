/**
 * Tells the figures once a minute how long this process took for its checks. What could not be told is told with the
 * next minute; nothing here ever holds up or fails a check.
 */
import { randomUUID } from 'node:crypto';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { Latencies } from '#libs/check/latency.js';
import { requestSeconds } from '#libs/platform/metrics.js';
import { insertLatencies } from './latencies.store.js';

const everyMs = 60_000;

/** Labels of a bucket, as the library keeps them. */
type Labels = Readonly<Partial<Record<'method' | 'route' | 'status' | 'le', string | number>>>;

/** Reads how many checks were answered within which time since the process began. */
export type ReadLatencies = () => Promise<Latencies | undefined>;

export class LatencyWorker implements OnModuleInit, OnModuleDestroy {
  private readonly process = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private told: Latencies | undefined;

  constructor(
    private readonly dataSource: Pick<DataSource, 'manager'>,
    private readonly read: ReadLatencies = checkLatencies,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.tell().catch(() => undefined), everyMs);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Writes what came since the last time; nothing when nobody asked. */
  async tell(): Promise<void> {
    const now = await this.read();
    if (now === undefined) return;
    const counts = now.counts.map((count, place) => count - (this.told?.counts[place] ?? 0));
    if (counts.every((count) => count === 0)) return;
    await insertLatencies(this.dataSource.manager, this.process, { boundsMs: now.boundsMs, counts });
    this.told = now;
  }
}

/** Single checks that were made, from the histogram that `/metrics` shows; its buckets hold those of the smaller ones. */
export async function checkLatencies(): Promise<Latencies | undefined> {
  const { values } = await requestSeconds.get();
  const buckets = values
    .map(({ labels, metricName, value }) => ({ value, metricName, ...(labels as Labels) }))
    .filter(({ method, route, status, metricName }) => {
      const isCheck = method === 'POST' && route === '/v1/checks' && String(status) === '201';
      return isCheck && metricName?.endsWith('_bucket') === true;
    })
    .map(({ le, value }) => ({ le: le === '+Inf' ? Infinity : Number(le), value }))
    .toSorted((a, b) => a.le - b.le);
  if (buckets.length === 0) return undefined;
  return {
    boundsMs: buckets.filter(({ le }) => Number.isFinite(le)).map(({ le }) => le * 1000),
    counts: buckets.map(({ value }, place) => value - (buckets[place - 1]?.value ?? 0)),
  };
}
