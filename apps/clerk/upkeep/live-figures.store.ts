/** SQL of the figure that is live: how long checks take now. */
import type { EntityManager } from 'typeorm';
import { percentileMs, sumOf, type Latencies } from '#libs/check/latency.js';

const lookBackMinutes = 15;
const keptMinutes = 60;

/** Writes p50 and p99 of the last quarter of an hour under the current hour, and drops what is over. */
export async function keepLatencyFigures(tx: EntityManager): Promise<void> {
  const rows: Latencies[] = await tx.query(
    `SELECT bounds_ms AS "boundsMs", counts FROM check_latencies
     WHERE at > registry_now() - $1 * interval '1 minute' ORDER BY at DESC`,
    [lookBackMinutes],
  );
  const sum = sumOf(rows);
  for (const [name, part] of [
    ['checks-p50-ms', 0.5],
    ['checks-p99-ms', 0.99],
  ] as const) {
    const value = sum && percentileMs(sum, part);
    if (value !== undefined) await putFigure(tx, name, Math.round(value * 10) / 10);
  }
  await tx.query(`DELETE FROM check_latencies WHERE at < registry_now() - $1 * interval '1 minute'`, [
    keptMinutes,
  ]);
}

async function putFigure(tx: EntityManager, name: string, value: number): Promise<void> {
  await tx.query(
    `INSERT INTO figures (name, hour, value) VALUES ($1, date_trunc('hour', registry_now()), $2)
     ON CONFLICT (name, hour) DO UPDATE SET value = excluded.value`,
    [name, value],
  );
}
