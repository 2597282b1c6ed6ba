/** Removes what has expired once a minute, in batches, so that the table stays as small as its last minutes. */
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { removeExpired } from './payloads.store.js';

const everyMs = 60_000;
const batch = 1000;

export class PayloadExpiry implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: () => number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.removeAll().catch(this.onFailure), everyMs);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** How many rows were removed. */
  async removeAll(): Promise<number> {
    let total = 0;
    for (let removed = batch; removed === batch; total += removed)
      removed = await removeExpired(this.dataSource.manager, this.clock(), batch);
    return total;
  }
}
