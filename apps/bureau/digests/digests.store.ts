/** SQL of digests: kept vectors, the items between, a bucket's members, and the newest vector a bureau posted. */
import type { EntityManager } from 'typeorm';
import type { Toggle } from '#libs/feed/digest.js';

/** The digest after an item, as it was kept or as it stands. */
export interface KeptVector {
  readonly seq: number;
  readonly inForce: number;
  /** 256 × 32 bytes. */
  readonly buckets: Buffer;
}

/** A refusal in force as the bureau should hold it, by the entry that placed it. */
export interface MemberRow {
  readonly subId: Buffer;
  readonly version: number;
  readonly entryUuid: string;
}

export interface PostedDigest {
  readonly atSeq: number;
  readonly differing: readonly number[];
  readonly agrees: boolean;
}

/** The kept vector nearest to an item, the one of now among them; undefined when that of nothing at all is nearer. */
export async function nearestVector(
  tx: EntityManager,
  streamUuid: string,
  seq: number,
): Promise<KeptVector | undefined> {
  // One statement, hence one snapshot: the buckets are those of sealed_seq.
  const rows: KeptVector[] = await tx.query(
    `SELECT v.seq, v.in_force AS "inForce", v.buckets FROM (
       SELECT seq, in_force, buckets FROM stream_vectors WHERE stream_id = $1
       UNION ALL
       SELECT s.sealed_seq, s.in_force,
         (SELECT string_agg(coalesce(b.value, decode(repeat('00', 32), 'hex')), '' ORDER BY n)
          FROM generate_series(0, 255) AS n LEFT JOIN stream_buckets b ON b.stream_id = s.stream_id AND b.bucket = n)
       FROM streams s WHERE s.stream_id = $1) v
     WHERE abs(v.seq - $2) <= $2 ORDER BY abs(v.seq - $2) LIMIT 1`,
    [streamUuid, seq],
  );
  return rows[0];
}

/** Items with numbers in (after, to], at most `limit` of them. */
export async function togglesBetween(
  tx: EntityManager,
  streamUuid: string,
  { after, to, limit }: { readonly after: number; readonly to: number; readonly limit: number },
): Promise<readonly (Toggle & { readonly seq: number })[]> {
  return tx.query<(Toggle & { seq: number })[]>(
    `SELECT seq, kind, sub_id AS "subId", version
     FROM sealed_items WHERE stream_id = $1 AND seq > $2 AND seq <= $3 AND NOT withheld ORDER BY seq LIMIT $4`,
    [streamUuid, after, to, limit],
  );
}

/** The members of a bucket as they stand, with the item after which they do. */
export async function bucketMembers(
  tx: EntityManager,
  streamUuid: string,
  bucket: number,
): Promise<{ readonly sealedSeq: number; readonly members: readonly MemberRow[] }> {
  const rows: { sealedSeq: number; subId: Buffer | null; version: number; entryUuid: string }[] =
    await tx.query(
      `SELECT s.sealed_seq AS "sealedSeq", m.sub_id AS "subId", m.version, i.entry_id AS "entryUuid"
     FROM streams s LEFT JOIN stream_members m ON m.stream_id = s.stream_id AND m.bucket = $2
     LEFT JOIN sealed_items i ON i.stream_id = m.stream_id AND i.seq = m.seq
     WHERE s.stream_id = $1`,
      [streamUuid, bucket],
    );
  return {
    sealedSeq: rows[0]?.sealedSeq ?? 0,
    members: rows.flatMap(({ subId, version, entryUuid }) =>
      subId === null ? [] : [{ subId, version, entryUuid }],
    ),
  };
}

/** The newest vector the bureau posted; undefined before the first. */
export async function postedDigest(tx: EntityManager, streamUuid: string): Promise<PostedDigest | undefined> {
  const rows: PostedDigest[] = await tx.query(
    `SELECT at_seq AS "atSeq", differing, agrees FROM digests WHERE stream_id = $1`,
    [streamUuid],
  );
  return rows[0];
}

export async function keepDigest(
  tx: EntityManager,
  streamUuid: string,
  { atSeq, differing, agrees, inForce }: PostedDigest & { readonly inForce: number },
): Promise<void> {
  await tx.query(
    `INSERT INTO digests VALUES ($1, $2, registry_now(), $3, $4, $5)
     ON CONFLICT (stream_id) DO UPDATE SET at_seq = excluded.at_seq, posted_at = excluded.posted_at,
       in_force = excluded.in_force, differing = excluded.differing, agrees = excluded.agrees`,
    [streamUuid, atSeq, inForce, differing, agrees],
  );
}
