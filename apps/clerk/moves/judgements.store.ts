/** SQL of what the clerk found when it judged a move, and of the alarms that came of it. Only the clerk's role writes both. */
import type { EntityManager } from 'typeorm';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import type { MoveFault } from './unproven.js';

/** A move judged: due at an hour that entries and signatures give, or at fault. */
export interface Judgement {
  readonly entryIndex: number;
  readonly found: { readonly dueAt: Instant; readonly seal: Buffer } | { readonly fault: MoveFault };
}

/** Keeps the newest judgement of a move. */
export async function keepJudgement(tx: EntityManager, { entryIndex, found }: Judgement): Promise<void> {
  const [dueAt, seal, fault] =
    'fault' in found ? [null, null, found.fault] : [formatInstant(found.dueAt), found.seal, null];
  await tx.query(
    `INSERT INTO move_judgements AS j (entry_index, judged_at, due_at, seal, fault)
     VALUES ($1, registry_now(), $2, $3, $4)
     ON CONFLICT (entry_index) DO UPDATE SET judged_at = excluded.judged_at, due_at = excluded.due_at,
       seal = coalesce(excluded.seal, j.seal), fault = excluded.fault`,
    [entryIndex, dueAt, seal, fault],
  );
}

/** The seal over what was judged good; undefined when the move was never found good. */
export async function sealOfJudgement(tx: EntityManager, entryIndex: number): Promise<Buffer | undefined> {
  const rows: { seal: Buffer | null }[] = await tx.query(
    'SELECT seal FROM move_judgements WHERE entry_index = $1',
    [entryIndex],
  );
  return rows[0]?.seal ?? undefined;
}

/** Keeps an alarm, of one entry each fault once. */
export async function keepAlarm(tx: EntityManager, entryIndex: number, fault: MoveFault): Promise<void> {
  await tx.query(
    `INSERT INTO move_alarms (entry_index, fault, raised_at) VALUES ($1, $2, registry_now()) ON CONFLICT DO NOTHING`,
    [entryIndex, fault],
  );
}
