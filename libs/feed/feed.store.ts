/** SQL of the feed as the clerk seals it: streams, the items they lack, and everything one sealing writes, at once. */
import type { EntityManager } from 'typeorm';
import type { EventKind } from './security-event.js';
import type { KeptDayKey, SealedDayKey } from './stream-keys.js';

export interface Stream {
  /** UUID; `str_…` on the wire. */
  readonly uuid: string;
  readonly clientId: string;
  /** `yyyy-mm-dd` */
  readonly beganOn: string;
  readonly sealedSeq: number;
  /** UTC day of registry time, by the clock of the database. */
  readonly today: string;
}

/** An item of the feed with its person, sealed as `people` holds him. */
export interface FeedItem {
  readonly seq: number;
  readonly entryIndex: number;
  readonly entryUuid: string;
  readonly kind: string;
  readonly version: number;
  readonly at: Date;
  /** Null once the person is erased. */
  readonly subjectEpoch: number | null;
  readonly subject: Buffer | null;
  /** Newest first; none when nobody is known under this pseudonym, or not any more. Made-up ones may be among them. */
  readonly people: readonly SealedPerson[];
}

/** A row of `people`. */
export interface SealedPerson {
  readonly personId: string;
  readonly dataKey: Buffer;
  readonly iin: Buffer;
}

/** Row of `sealed_items` but for its stream. */
export interface SealedRow {
  readonly seq: number;
  readonly entryUuid: string;
  readonly kind: EventKind;
  readonly subId: Buffer;
  readonly version: number;
  readonly at: Date;
  readonly sealed: string;
  /** Names nobody, so it is part of no set. */
  readonly isWithheld: boolean;
}

/** What one sealing changes of the set in force. */
export interface SetChange {
  readonly placed: readonly {
    readonly subId: Buffer;
    readonly version: number;
    readonly seq: number;
    readonly bucket: number;
  }[];
  readonly lifted: readonly Buffer[];
  /** Bucket → its value afterwards. */
  readonly buckets: ReadonlyMap<number, Buffer>;
  readonly growth: number;
}

export async function allStreams(tx: EntityManager): Promise<readonly Stream[]> {
  return tx.query<Stream[]>(
    `SELECT stream_id AS uuid, client_id AS "clientId", to_char(began_on, 'YYYY-MM-DD') AS "beganOn",
       sealed_seq AS "sealedSeq", to_char(registry_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today FROM streams ORDER BY client_id`,
  );
}

/** A stream for a bureau that has none; two workers at once make one. */
export async function insertStream(tx: EntityManager, uuid: string, clientId: string): Promise<void> {
  await tx.query(
    `INSERT INTO streams (stream_id, client_id, began_on)
     VALUES ($1, $2, (registry_now() AT TIME ZONE 'UTC')::date) ON CONFLICT (client_id) DO NOTHING`,
    [uuid, clientId],
  );
}

/** Items after `seq` with their persons, in their order. */
export async function itemsAfter(
  tx: EntityManager,
  seq: number,
  limit: number,
): Promise<readonly FeedItem[]> {
  const rows = await tx.query<JoinedItem[]>(
    `SELECT f.seq, f.entry_index AS "entryIndex", f.entry_id AS "entryUuid", f.kind, f.version, f.at,
       f.subject_epoch AS "subjectEpoch", f.subject, p.person_id AS "personId", p.data_key AS "dataKey", p.iin
     FROM (SELECT * FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2) f
     LEFT JOIN LATERAL (SELECT * FROM people p WHERE p.subject = f.subject AND p.subject_epoch = f.subject_epoch
       ORDER BY p.first_seen_at DESC, p.person_id DESC LIMIT $3) p ON true
     ORDER BY f.seq, p.first_seen_at DESC, p.person_id DESC`,
    [seq, limit, mostRows],
  );
  const items: (FeedItem & { readonly people: SealedPerson[] })[] = [];
  for (const { personId, dataKey, iin, ...item } of rows) {
    const isSame = items.at(-1)?.seq === item.seq;
    if (!isSame) items.push({ ...item, people: [] });
    if (personId !== null && dataKey !== null && iin !== null)
      items.at(-1)?.people.push({ personId, dataKey, iin });
  }
  return items;
}

/** Of one person; more than one stands there only after a row that did not open. */
const mostRows = 100;

/** An item with one of its person's rows. */
type JoinedItem = Omit<FeedItem, 'people'> & { readonly [N in keyof SealedPerson]: SealedPerson[N] | null };

/**
 * Writes a sealing in one statement, so that a worker killed at any moment leaves all of it or nothing.
 * @returns false when another worker has sealed these meanwhile, and nothing was written
 */
export async function appendSealed(
  tx: EntityManager,
  stream: Pick<Stream, 'uuid' | 'sealedSeq'>,
  rows: readonly SealedRow[],
  change: SetChange,
): Promise<boolean> {
  const { placed, lifted, buckets, growth } = change;
  const moved: { moved: number }[] = await tx.query(
    `WITH s AS (UPDATE streams SET sealed_seq = $3, in_force = in_force + $4
         WHERE stream_id = $1 AND sealed_seq = $2 RETURNING stream_id),
       i AS (INSERT INTO sealed_items (stream_id, seq, entry_id, kind, sub_id, version, at, sealed, withheld)
         SELECT s.stream_id, u.* FROM s, unnest($5::bigint[], $6::uuid[], $7::text[], $8::bytea[], $9::integer[],
           $10::timestamptz[], $11::text[], $19::boolean[]) AS u RETURNING 1),
       d AS (DELETE FROM stream_members m USING s WHERE m.stream_id = s.stream_id AND m.sub_id = ANY ($12::bytea[]) RETURNING 1),
       p AS (INSERT INTO stream_members (stream_id, sub_id, version, seq, bucket)
         SELECT s.stream_id, u.* FROM s, unnest($13::bytea[], $14::integer[], $15::bigint[], $16::smallint[]) AS u
         ON CONFLICT (stream_id, sub_id) DO UPDATE SET version = excluded.version, seq = excluded.seq, bucket = excluded.bucket
         RETURNING 1),
       b AS (INSERT INTO stream_buckets (stream_id, bucket, value)
         SELECT s.stream_id, u.bucket, u.value FROM s, unnest($17::smallint[], $18::bytea[]) AS u (bucket, value)
         ON CONFLICT (stream_id, bucket) DO UPDATE SET value = excluded.value RETURNING 1)
     SELECT count(*)::integer AS moved, pg_notify('tyiym_sealed', '') FROM s`,
    [
      ...[stream.uuid, stream.sealedSeq, rows.at(-1)?.seq ?? stream.sealedSeq, growth],
      ...[rows.map((row) => row.seq), rows.map((row) => row.entryUuid), rows.map((row) => row.kind)],
      ...[rows.map((row) => row.subId), rows.map((row) => row.version), rows.map((row) => row.at)],
      ...[rows.map((row) => row.sealed), lifted],
      ...[placed.map((row) => row.subId), placed.map((row) => row.version)],
      ...[placed.map((row) => row.seq), placed.map((row) => row.bucket)],
      ...[[...buckets.keys()], [...buckets.values()], rows.map((row) => row.isWithheld)],
    ],
  );
  return moved[0]?.moved === 1;
}

/**
 * The values of these buckets; those never used are left out. Read after the stream's `sealedSeq`: if another worker
 * seals in between, the append of this one writes nothing.
 */
export async function bucketValues(
  tx: EntityManager,
  streamUuid: string,
  buckets: readonly number[],
): Promise<ReadonlyMap<number, Buffer>> {
  const rows: { bucket: number; value: Buffer }[] = await tx.query(
    'SELECT bucket, value FROM stream_buckets WHERE stream_id = $1 AND bucket = ANY ($2::smallint[])',
    [streamUuid, buckets],
  );
  return new Map(rows.map(({ bucket, value }) => [bucket, value]));
}

/** Days since the stream began up to its today. */
export async function daysOf(tx: EntityManager, { uuid, today }: Stream): Promise<readonly string[]> {
  const rows: { day: string }[] = await tx.query(
    `SELECT to_char(d, 'YYYY-MM-DD') AS day
     FROM streams s, generate_series(s.began_on, $2::date, interval '1 day') AS d WHERE s.stream_id = $1 ORDER BY 1`,
    [uuid, today],
  );
  return rows.map(({ day }) => day);
}

/** Every row of a stream, in the order in which they were written. */
export async function dayKeyRows(tx: EntityManager, streamUuid: string): Promise<readonly KeptDayKey[]> {
  return tx.query<KeptDayKey[]>(
    `SELECT to_char(day, 'YYYY-MM-DD') AS day, enc_kid AS "encKid", jwe, root_check AS check, seal
     FROM day_keys WHERE stream_id = $1 ORDER BY seq`,
    [streamUuid],
  );
}

export async function insertDayKey(
  tx: EntityManager,
  key: SealedDayKey & { readonly seal: Buffer },
): Promise<void> {
  await tx.query(
    `INSERT INTO day_keys (stream_id, day, enc_kid, jwe, root_check, seal) VALUES ($1, $2, $3, $4, $5, $6)`,
    [key.streamUuid, key.day, key.encKid, key.jwe, key.check, key.seal],
  );
}

/** Keeps the digest as it stands when 10 000 items have come since the last one kept; drops those over 14 days old. */
export async function keepVector(tx: EntityManager, streamUuid: string): Promise<void> {
  await tx.query(
    `INSERT INTO stream_vectors (stream_id, seq, at, in_force, buckets)
     SELECT s.stream_id, s.sealed_seq, registry_now(), s.in_force,
       (SELECT string_agg(coalesce(b.value, decode(repeat('00', 32), 'hex')), '' ORDER BY n)
        FROM generate_series(0, 255) AS n LEFT JOIN stream_buckets b ON b.stream_id = s.stream_id AND b.bucket = n)
     FROM streams s WHERE s.stream_id = $1
       AND s.sealed_seq >= 10000 + coalesce((SELECT max(seq) FROM stream_vectors v WHERE v.stream_id = s.stream_id), 0)
     ON CONFLICT DO NOTHING`,
    [streamUuid],
  );
  await tx.query(
    `DELETE FROM stream_vectors WHERE stream_id = $1 AND at < registry_now() - interval '14 days'`,
    [streamUuid],
  );
}
