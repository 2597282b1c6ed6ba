/** SQL of a stream as the bureau sees it: its position, its items in order, the set in force, its day keys. */
import type { EntityManager } from 'typeorm';
import type { EventKind } from '#libs/feed/security-event.js';
import { whySilent } from '#libs/journal/journal.store.js';

export interface StreamRow {
  readonly uuid: string;
  readonly clientId: string;
  /** Items up to here are sealed and can be delivered. */
  readonly sealedSeq: number;
  readonly ackedSeq: number;
  /** The Journal's newest item; sealed a moment later. */
  readonly headSeq: number;
  readonly inForce: number;
  /** Registry time in ms. */
  readonly now: number;
  readonly isVerificationDue: boolean;
}

export interface ItemRow {
  readonly seq: number;
  readonly entryUuid: string;
  readonly kind: EventKind;
  readonly subId: Buffer;
  readonly version: number;
  readonly at: Date;
  readonly sealed: string;
}

/** Items, and why nothing may be believed that loosens, as of one snapshot. */
export interface ReadItems {
  readonly items: readonly ItemRow[];
  /** Undefined while nothing is known against the database. */
  readonly silentBecause: string | undefined;
}

const verifyEvery = `interval '5 minutes'`;

/** Streams of this bureau: one, or none before the clerk made it. */
export async function streamsOf(tx: EntityManager, clientId: string): Promise<readonly StreamRow[]> {
  return tx.query<StreamRow[]>(
    `SELECT s.stream_id AS uuid, s.client_id AS "clientId", s.sealed_seq AS "sealedSeq", s.acked_seq AS "ackedSeq",
       h.feed_seq AS "headSeq", s.in_force AS "inForce", (extract(epoch FROM registry_now()) * 1000)::bigint AS now,
       coalesce(s.verified_at <= registry_now() - ${verifyEvery}, true) AS "isVerificationDue"
     FROM streams s CROSS JOIN journal_head h WHERE s.client_id = $1`,
    [clientId],
  );
}

/**
 * Moves the position over what was acknowledged without a gap; what lies behind a gap is delivered again.
 * @param entryUuids entries of the acknowledged items
 */
export async function acknowledge(
  tx: EntityManager,
  streamUuid: string,
  entryUuids: readonly string[],
): Promise<void> {
  // Whoever set the position meanwhile wins: the compare fails, and the items simply come once more.
  await tx.query(
    `WITH s AS (SELECT acked_seq, sealed_seq FROM streams WHERE stream_id = $1),
       named AS (SELECT f.seq, f.seq - row_number() OVER (ORDER BY f.seq) AS before
         FROM (SELECT DISTINCT entry_id FROM unnest($2::uuid[]) AS u (entry_id)) w
         CROSS JOIN s CROSS JOIN LATERAL (SELECT i.seq FROM feed i WHERE i.entry_id = w.entry_id LIMIT 1) f
         WHERE f.seq > s.acked_seq AND f.seq <= s.sealed_seq),
       reached AS (SELECT s.acked_seq, max(n.seq) AS seq FROM named n JOIN s ON n.before = s.acked_seq GROUP BY 1)
     UPDATE streams u SET acked_seq = r.seq FROM reached r WHERE u.stream_id = $1 AND u.acked_seq = r.acked_seq`,
    [streamUuid, entryUuids],
  );
}

/** Items from `seq` on, the one before the first wanted included: it is the `prev` of the first. */
export function itemsFrom(
  tx: EntityManager,
  streamUuid: string,
  seq: number,
  limit: number,
): Promise<ReadItems> {
  return readItems(
    tx,
    `SELECT i.seq, i.entry_id AS "entryUuid", i.kind, i.sub_id AS "subId", i.version, i.at, i.sealed
     FROM sealed_items i WHERE i.stream_id = $1 AND i.seq >= $2 ORDER BY i.seq LIMIT $3`,
    [streamUuid, seq, limit],
  );
}

/** One statement, hence one snapshot: a doubt that was settled while items were read would not be seen behind them. */
async function readItems(tx: EntityManager, sql: string, values: readonly unknown[]): Promise<ReadItems> {
  const rows: ({ readonly silentBecause: string | null } & (ItemRow | Record<keyof ItemRow, null>))[] =
    await tx.query(
      `SELECT d.*, i.* FROM (SELECT ${whySilent} AS "silentBecause") d LEFT JOIN LATERAL (${sql}) i ON true ORDER BY i.seq`,
      [...values],
    );
  return {
    items: rows.flatMap(({ silentBecause: _, ...row }) => (row.seq === null ? [] : [row])),
    silentBecause: rows[0]?.silentBecause ?? undefined,
  };
}

/** Why nothing may be believed that loosens; undefined while nothing is known against the database. */
export async function silenceOf(tx: EntityManager): Promise<string | undefined> {
  const rows: { why: string | null }[] = await tx.query(`SELECT ${whySilent} AS why`);
  return rows[0]?.why ?? undefined;
}

/** @returns the feed's head, when a verification event is due and nobody else has just taken it */
export async function takeVerification(
  tx: EntityManager,
  streamUuid: string,
): Promise<{ readonly headSeq: number; readonly now: number } | undefined> {
  const [rows] = (await tx.query(
    `UPDATE streams s SET verified_at = registry_now() FROM journal_head h
     WHERE s.stream_id = $1 AND coalesce(s.verified_at <= registry_now() - ${verifyEvery}, true)
     RETURNING h.feed_seq AS "headSeq", (extract(epoch FROM s.verified_at) * 1000)::bigint AS now`,
    [streamUuid],
  )) as [{ headSeq: number; now: number }[], number];
  return rows[0];
}

/** The next poll brings a verification event. */
export async function askVerification(tx: EntityManager, streamUuid: string): Promise<void> {
  await tx.query('UPDATE streams SET verified_at = NULL WHERE stream_id = $1', [streamUuid]);
  await ring(tx);
}

/** @returns false when the stream has no such item yet */
export async function setPosition(tx: EntityManager, streamUuid: string, afterSeq: number): Promise<boolean> {
  const [, moved] = (await tx.query(
    `UPDATE streams SET acked_seq = $2, verified_at = NULL WHERE stream_id = $1 AND sealed_seq >= $2`,
    [streamUuid, afterSeq],
  )) as [unknown, number];
  await ring(tx);
  return moved === 1;
}

/** Wakes the polls that wait, as the clerk does when it has sealed. */
async function ring(tx: EntityManager): Promise<void> {
  await tx.query(`SELECT pg_notify('tyiym_sealed', '')`);
}

/** The refusals in force whose placing lies in (after, atSeq], oldest placing first. */
export function membersBetween(
  tx: EntityManager,
  streamUuid: string,
  { after, atSeq, limit }: { readonly after: number; readonly atSeq: number; readonly limit: number },
): Promise<ReadItems> {
  return readItems(
    tx,
    `SELECT i.seq, i.entry_id AS "entryUuid", i.kind, i.sub_id AS "subId", i.version, i.at, i.sealed
     FROM stream_members m JOIN sealed_items i ON i.stream_id = m.stream_id AND i.seq = m.seq
     WHERE m.stream_id = $1 AND m.seq > $2 AND m.seq <= $3 ORDER BY m.seq LIMIT $4`,
    [streamUuid, after, atSeq, limit],
  );
}

/**
 * Keys of the days from `from` on and after `after`, one a day: the newest, because the clerk writes a good one after a bad.
 * @param encKids keys of the bureau, the one it should use first in front
 */
export async function dayKeysOf(
  tx: EntityManager,
  streamUuid: string,
  encKids: readonly string[],
  days: { readonly from: string; readonly after: string; readonly limit: number },
): Promise<readonly { readonly day: string; readonly jwe: string }[]> {
  return tx.query<{ day: string; jwe: string }[]>(
    `SELECT to_char(d.day, 'YYYY-MM-DD') AS day, d.jwe FROM (
       SELECT DISTINCT ON (k.day) k.day, k.jwe FROM day_keys k
       WHERE k.stream_id = $1 AND k.enc_kid = ANY ($2::text[]) AND k.day >= $3::date AND k.day > $4::date
       ORDER BY k.day, array_position($2::text[], k.enc_kid), k.seq DESC LIMIT $5) d ORDER BY d.day`,
    [streamUuid, encKids, days.from, days.after, days.limit],
  );
}

/** How far each bureau is behind, for the metrics. */
export async function lags(
  tx: EntityManager,
): Promise<readonly { readonly clientId: string; readonly behind: number; readonly oldestS: number }[]> {
  return tx.query<{ clientId: string; behind: number; oldestS: number }[]>(
    `SELECT s.client_id AS "clientId", h.feed_seq - s.acked_seq AS behind,
       coalesce(extract(epoch FROM registry_now() - f.at), 0)::float8 AS "oldestS"
     FROM streams s CROSS JOIN journal_head h LEFT JOIN feed f ON f.seq = s.acked_seq + 1`,
  );
}
