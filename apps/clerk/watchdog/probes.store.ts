/** SQL of what the watchdog counted, by the hour of registry time in which it asked. */
import type { EntityManager } from 'typeorm';

/** One question, told afterwards. */
export interface PastProbe {
  /** Milliseconds ago. */
  readonly agoMs: number;
  readonly isAnswered: boolean;
}

/** Adds questions to those of their hours, and how many of them were answered. */
export async function countProbes(tx: EntityManager, probes: readonly PastProbe[]): Promise<void> {
  await tx.query(
    `INSERT INTO figures AS f (name, hour, value)
     SELECT v.name, date_trunc('hour', registry_now() - p.ago_ms * interval '1 millisecond') AS hour, sum(v.value)
     FROM unnest($1::float8[], $2::boolean[]) AS p (ago_ms, answered),
       LATERAL (VALUES ('probes', 1), ('probes-answered', p.answered::integer)) AS v (name, value)
     GROUP BY v.name, hour
     ON CONFLICT (name, hour) DO UPDATE SET value = f.value + excluded.value`,
    [probes.map(({ agoMs }) => agoMs), probes.map(({ isAnswered }) => isAnswered)],
  );
}
