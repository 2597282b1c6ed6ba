/**
 * SQL of the public figures: counts by the hour, rounded to tens so that no single act can be told from them, and only
 * of hours that are over, because a count that is watched while it grows shows who did something just now.
 */
import type { EntityManager } from 'typeorm';
import { watchdogId } from '#libs/party/party.js';

const hoursBack = 24;

/** Writes the figures of every hour of the last day that has none yet. @returns how many hours. */
export async function keepFigures(tx: EntityManager): Promise<number> {
  const rows: { hour: Date }[] = await tx.query(
    `SELECT hour FROM generate_series(
       date_trunc('hour', registry_now() - interval '1 minute') - $1 * interval '1 hour',
       date_trunc('hour', registry_now() - interval '1 minute') - interval '1 hour', interval '1 hour') AS hour
     WHERE NOT EXISTS (SELECT FROM figures f WHERE f.name = 'checks' AND f.hour = hour.hour)
       AND hour >= (SELECT date_trunc('hour', min(at)) FROM heads)`,
    [hoursBack],
  );
  for (const { hour } of rows) await insertFigures(tx, hour);
  return rows.length;
}

async function insertFigures(tx: EntityManager, hour: Date): Promise<void> {
  await tx.query(
    `INSERT INTO figures (name, hour, value)
     SELECT name, $1, round(count / 10.0) * 10 FROM (
       SELECT 'checks' AS name, count(*) FROM checks
         WHERE check_id >= uuid_floor($1) AND check_id < uuid_floor($1 + interval '1 hour') AND lender <> $2
       UNION ALL
       SELECT k.name, count(e.index) FROM (VALUES ('refusals-placed', 'refusal.placed'), ('refusals-lifted', 'refusal.lifted')) AS k (name, kind)
         LEFT JOIN entries e ON e.kind = k.kind AND e.at >= $1 AND e.at < $1 + interval '1 hour' GROUP BY k.name
     ) AS counted
     ON CONFLICT (name, hour) DO UPDATE SET value = excluded.value`,
    [hour, watchdogId],
  );
}
