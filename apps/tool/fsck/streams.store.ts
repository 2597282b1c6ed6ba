/** What fsck reads of the streams, paged by key. Each reading that must agree with itself is one statement. */
import type { EntityManager } from 'typeorm';

/** A stream with its digest as they stand together. */
export interface StreamRow {
  readonly uuid: string;
  readonly clientId: string;
  readonly sealedSeq: number;
  readonly inForce: number;
  /** The 256 values one after the other. */
  readonly buckets: Buffer;
}

/** An item of the feed and what the stream has of it. */
export interface ItemRow {
  readonly seq: number;
  /** Null when the stream has none. */
  readonly kind: 'refusal-placed' | 'refusal-lifted' | null;
  readonly subId: Buffer;
  readonly version: number;
  readonly isWithheld: boolean;
  /** Whether entry, kind, version and instant are those of the feed. */
  readonly agrees: boolean;
  /** Whether somebody is known under the pseudonym of the feed. */
  readonly isKnown: boolean;
  readonly sealed: string;
  /** The entry it tells of, null once it is erased. */
  readonly entry: string | null;
  readonly entryUuid: string;
}

/** A digest that was kept. */
export interface VectorRow {
  readonly seq: number;
  readonly inForce: number;
  readonly buckets: Buffer;
}

/** The members of a bucket, and the value it has in the same moment; zero when it was never used. */
export interface BucketRow {
  readonly value: Buffer;
  readonly members: readonly { readonly seq: number; readonly item: Buffer; readonly rests: boolean }[];
}

export async function streamsToCheck(tx: EntityManager): Promise<readonly StreamRow[]> {
  return tx.query<StreamRow[]>(
    `SELECT s.stream_id AS uuid, s.client_id AS "clientId", s.sealed_seq AS "sealedSeq", s.in_force AS "inForce",
       (SELECT string_agg(coalesce(b.value, decode(repeat('00', 32), 'hex')), '' ORDER BY n)
        FROM generate_series(0, 255) AS n LEFT JOIN stream_buckets b ON b.stream_id = s.stream_id AND b.bucket = n) AS buckets
     FROM streams s ORDER BY s.client_id`,
  );
}

/**
 * Bureaus that must have a stream and have none: they stamped, or another bureau was sent what came after their
 * admission, and the clerk makes the streams of all before it seals for one.
 */
export async function bureausWithoutStream(tx: EntityManager): Promise<readonly string[]> {
  const rows: { clientId: string }[] = await tx.query(
    `SELECT p.client_id AS "clientId" FROM parties p
     WHERE p.kind = 'bureau' AND p.state = 'admitted' AND 'feed' = ANY (p.scopes)
       AND NOT EXISTS (SELECT FROM streams s WHERE s.client_id = p.client_id)
       AND (EXISTS (SELECT FROM stamps t WHERE t.client_id = p.client_id
           AND t.entry_index > coalesce((SELECT max(entry_index) FROM closed_logs), -1))
         OR EXISTS (SELECT FROM streams o JOIN feed f ON f.seq = o.sealed_seq WHERE f.entry_index > p.entry_index))
     ORDER BY p.client_id`,
  );
  return rows.map(({ clientId }) => clientId);
}

/** Items with numbers in (after, to], in their order. */
export async function itemsBetween(
  tx: EntityManager,
  streamUuid: string,
  { after, to, limit }: { readonly after: number; readonly to: number; readonly limit: number },
): Promise<readonly ItemRow[]> {
  return tx.query<ItemRow[]>(
    `SELECT f.seq, i.kind, i.sub_id AS "subId", i.version, i.withheld AS "isWithheld", EXISTS (SELECT FROM people p WHERE p.subject = f.subject AND p.subject_epoch = f.subject_epoch) AS "isKnown",
       i.sealed, e.entry, f.entry_id AS "entryUuid",
       coalesce((i.entry_id, i.version, i.at) = (f.entry_id, f.version, f.at) AND i.kind = CASE
         WHEN f.kind IN ('refusal.placed', 'refusal.inherited') THEN 'refusal-placed' ELSE 'refusal-lifted' END, false) AS agrees
     FROM feed f LEFT JOIN sealed_items i ON i.stream_id = $1 AND i.seq = f.seq
     LEFT JOIN entries e ON e.index = f.entry_index
     WHERE f.seq > $2 AND f.seq <= $3 ORDER BY f.seq LIMIT $4`,
    [streamUuid, after, to, limit],
  );
}

/** Numbers of items beyond what the stream says is sealed. */
export async function itemsBeyond(tx: EntityManager, streamUuid: string): Promise<readonly number[]> {
  const rows: { seq: number }[] = await tx.query(
    `SELECT i.seq FROM streams s JOIN sealed_items i ON i.stream_id = s.stream_id AND i.seq > s.sealed_seq
     WHERE s.stream_id = $1 ORDER BY i.seq LIMIT 100`,
    [streamUuid],
  );
  return rows.map(({ seq }) => seq);
}

export async function vectorsOf(tx: EntityManager, streamUuid: string): Promise<readonly VectorRow[]> {
  return tx.query<VectorRow[]>(
    'SELECT seq, in_force AS "inForce", buckets FROM stream_vectors WHERE stream_id = $1 ORDER BY seq',
    [streamUuid],
  );
}

export async function bucketToCheck(
  tx: EntityManager,
  streamUuid: string,
  bucket: number,
): Promise<BucketRow> {
  const rows: { value: Buffer; seq: number | null; item: Buffer; rests: boolean }[] = await tx.query(
    `SELECT coalesce((SELECT value FROM stream_buckets WHERE stream_id = $1 AND bucket = $2), decode(repeat('00', 32), 'hex')) AS value,
       m.seq, m.item, m.rests
     FROM (SELECT) one LEFT JOIN (
       SELECT m.seq, sha256(convert_to(rtrim(translate(encode(m.sub_id, 'base64'), '+/', '-_'), '=') || '|' || m.version, 'UTF8')) AS item,
         coalesce(i.sub_id = m.sub_id AND i.version = m.version AND i.kind = 'refusal-placed' AND NOT i.withheld, false) AS rests
       FROM stream_members m LEFT JOIN sealed_items i ON i.stream_id = m.stream_id AND i.seq = m.seq
       WHERE m.stream_id = $1 AND m.bucket = $2) m ON true`,
    [streamUuid, bucket],
  );
  return {
    value: rows[0]?.value ?? Buffer.alloc(32),
    members: rows.flatMap(({ seq, item, rests }) => (seq === null ? [] : [{ seq, item, rests }])),
  };
}
