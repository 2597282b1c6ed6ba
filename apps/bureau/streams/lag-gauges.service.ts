/** How far each bureau is behind, asked of the database whenever the metrics are. */
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { DataSource } from 'typeorm';
import { metrics } from '#libs/platform/metrics.js';
import { lags } from './streams.store.js';

const behindGauge = new Gauge({
  name: 'tyiym_bureau_behind',
  help: 'Items of the feed the bureau has not acknowledged.',
  labelNames: ['bureau'],
  registers: [metrics],
});
const oldestGauge = new Gauge({
  name: 'tyiym_bureau_oldest_unacknowledged_seconds',
  help: 'Age of the oldest item the bureau has not acknowledged; 0 when there is none.',
  labelNames: ['bureau'],
  registers: [metrics],
});

@Injectable()
export class LagGauges implements OnModuleInit {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  onModuleInit(): void {
    // One reading fills both, and a database that is away leaves the last values standing.
    Object.assign(behindGauge, { collect: () => this.read().catch(() => undefined) });
  }

  /** Sets the gauges to what is so now. */
  async read(): Promise<void> {
    for (const { clientId: bureau, behind, oldestS } of await lags(this.dataSource.manager)) {
      behindGauge.set({ bureau }, behind);
      oldestGauge.set({ bureau }, oldestS);
    }
  }
}
