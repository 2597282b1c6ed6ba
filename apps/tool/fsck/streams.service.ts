/**
 * Streams: every item of the feed is sealed for each bureau, as it stands in the feed; and what the digest says is in
 * force is what these items leave. The arithmetic is spelled here once more, because what is judged must not judge
 * itself. What lies within `sealed` is opened with the key of its day, derived once more.
 */
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { rootCheck, type FeedRoots } from '#libs/feed/feed-roots.js';
import { dayKeyRows } from '#libs/feed/feed.store.js';
import { isOwnDayKey } from '#libs/feed/stream-keys.js';
import type { Finding } from './finding.js';
import { SealedItems } from './sealed-items.service.js';
import type { SliceRun } from './slice.service.js';
import { compareRow } from './projections.js';
import {
  bucketToCheck,
  bureausWithoutStream,
  itemsBetween,
  itemsBeyond,
  streamsToCheck,
  vectorsOf,
  type ItemRow,
  type StreamRow,
} from './streams.store.js';

const valueLength = 32;
const bucketCount = 256;

/** Compares every stream with the feed, page by page. */
export async function compareStreams({ tx, pageSize, feedRoots }: SliceRun): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const clientId of await bureausWithoutStream(tx))
    found.push(...compareRow('streams', clientId, {}, undefined));
  for (const stream of await streamsToCheck(tx)) {
    const opener = feedRoots && new SealedItems(feedRoots, stream);
    found.push(...(await compareDayKeys(tx, stream, feedRoots)));
    found.push(...(await compareItems(tx, stream, pageSize, opener)));
    for (const seq of await itemsBeyond(tx, stream.uuid))
      found.push(...compareRow('sealed_items', `${stream.clientId} ${seq}`, undefined, {}));
    found.push(...(await compareMembers(tx, stream)));
  }
  return found;
}

/** A day's key beside the root it is derived from, and the seal that only this registry makes. */
async function compareDayKeys(
  tx: EntityManager,
  { uuid, clientId }: StreamRow,
  roots: FeedRoots | undefined,
): Promise<readonly Finding[]> {
  if (roots === undefined) return [];
  const known = roots.map(({ secret }) => rootCheck(secret).toString('hex'));
  return (await dayKeyRows(tx, uuid)).flatMap((row) =>
    compareRow(
      'day_keys',
      `${clientId} ${row.day}`,
      { rootCheck: true, seal: true },
      {
        rootCheck: row.check === null || known.includes(row.check.toString('hex')),
        seal: isOwnDayKey(roots[0].secret, uuid, row),
      },
    ),
  );
}

/** Each item beside its item of the feed, and the digests on the way. */
async function compareItems(
  tx: EntityManager,
  stream: StreamRow,
  limit: number,
  opener: SealedItems | undefined,
): Promise<readonly Finding[]> {
  const { uuid, clientId, sealedSeq: to } = stream;
  const found: Finding[] = [];
  const kept = (await vectorsOf(tx, uuid)).values();
  let vector = kept.next();
  const digest = { inForce: 0, buckets: Buffer.alloc(bucketCount * valueLength) };
  for (let after = 0; after < to;) {
    const page = await itemsBetween(tx, uuid, { after, to, limit });
    for (const item of page) {
      found.push(...faultsOfItem(clientId, item));
      const fault = item.kind === null ? undefined : await opener?.faultOf(item);
      if (fault !== undefined)
        found.push({
          code: 'row-differs',
          table: 'sealed_items',
          row: `${clientId} ${item.seq}`,
          what: fault,
        });
      apply(digest, item);
      while (vector.done !== true && vector.value.seq === item.seq) {
        const { seq, inForce, buckets } = vector.value;
        found.push(...compareRow('stream_vectors', `${clientId} ${seq}`, digest, { inForce, buckets }));
        vector = kept.next();
      }
    }
    after = page.at(-1)?.seq ?? to;
  }
  for (; vector.done !== true && vector.value.seq <= to; vector = kept.next())
    found.push(...compareRow('stream_vectors', `${clientId} ${vector.value.seq}`, undefined, {}));
  const { inForce } = digest;
  found.push(...compareRow('streams', clientId, { inForce }, { inForce: stream.inForce }));
  for (let bucket = 0; bucket < bucketCount; bucket += 1)
    found.push(
      ...compareRow(
        ...(['stream_buckets', `${clientId} ${bucket}`] as const),
        { value: valueAt(digest.buckets, bucket) },
        { value: valueAt(stream.buckets, bucket) },
      ),
    );
  return found;
}

function faultsOfItem(clientId: string, item: ItemRow): readonly Finding[] {
  const name = `${clientId} ${item.seq}`;
  if (item.kind === null) return compareRow('sealed_items', name, {}, undefined);
  const demanded = { entry: 'this', isWithheld: item.isWithheld && !item.isKnown };
  const actual = { entry: item.agrees ? 'this' : 'another', isWithheld: item.isWithheld };
  return [
    ...compareRow('sealed_items', name, demanded, actual),
    // Whom it named when it was sealed was known then, and rows of people are only added.
    ...(item.isWithheld || item.isKnown ? [] : compareRow('people', `of item ${name}`, {}, undefined)),
  ];
}

/** Those in force, bucket by bucket: each rests on its placing, and together they are the bucket's value. */
async function compareMembers(tx: EntityManager, { uuid, clientId }: StreamRow): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const { value, members } = await bucketToCheck(tx, uuid, bucket);
    const sum = Buffer.alloc(valueLength);
    for (const { seq, item, rests } of members) {
      toggle(sum, 0, item);
      if (!rests || item[0] !== bucket)
        found.push(...compareRow('stream_members', `${clientId} ${seq}`, undefined, {}));
    }
    found.push(...compareRow('stream_members', `${clientId} bucket ${bucket}`, { value }, { value: sum }));
  }
  return found;
}

function apply(
  digest: { inForce: number; readonly buckets: Buffer },
  { kind, subId, version, isWithheld }: ItemRow,
): void {
  if (kind === null || isWithheld) return;
  const isPlacing = kind === 'refusal-placed';
  digest.inForce += isPlacing ? 1 : -1;
  const text = `${subId.toString('base64url')}|${isPlacing ? version : version - 1}`;
  const item = createHash('sha256').update(text).digest();
  toggle(digest.buckets, (item[0] ?? 0) * valueLength, item);
}

function toggle(values: Buffer, from: number, item: Buffer): void {
  for (const [place, byte] of item.entries()) values[from + place] = (values[from + place] ?? 0) ^ byte;
}

function valueAt(buckets: Buffer, bucket: number): Buffer {
  return buckets.subarray(bucket * valueLength, (bucket + 1) * valueLength);
}
