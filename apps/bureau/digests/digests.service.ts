/**
 * A bureau and the registry compare the refusals in force. The bureau shows its vector first and learns where it
 * differs, then its items of such a bucket and learns which: it can never simply answer our own digest back. That they
 * disagree is an entry, and a person whose mark is gone waits for it again. While the registry is in doubt nothing is
 * compared, because a bureau takes marks away by what the registry says it does not have.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  differingBuckets,
  emptyVector,
  growthBy,
  toggled,
  vectorFromBytes,
  type Toggle,
  type Vector,
} from '#libs/feed/digest.js';
import { Journal } from '#libs/journal/journal.service.js';
import { Problem } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import { bureauOf } from '../stamps/bureau.js';
import { StampsService } from '../stamps/stamps.service.js';
import { mustNotBeSilent } from '../streams/streams.service.js';
import { silenceOf, streamsOf, type StreamRow } from '../streams/streams.store.js';
import type { BureauTables } from '../tables.store.js';
import { bucketBefore, compareBucket, type Difference } from './comparison.js';
import { bucketMembers, keepDigest, nearestVector, postedDigest, togglesBetween } from './digests.store.js';

/** Injection token: told of each comparison. */
export const COMPARED = Symbol('COMPARED');
export type OnCompared = (clientId: string, differing: number) => void;

export interface PostedVector {
  readonly atSeq: number;
  readonly inForce: number;
  readonly vector: Vector;
}

/** `differing` is empty when the counts alone differ. */
export type Agreement = { readonly agrees: true } | { readonly differing: readonly number[] };

/** Vectors are kept every 10 000 items, so the nearest lies closer; farther off, the digest is no longer kept. */
const farthest = 20_000;
const page = 5000;

@Injectable()
export class DigestsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Journal) private readonly journal: Journal<BureauTables, Rules>,
    @Inject(StampsService) private readonly stamps: StampsService,
    @Inject(COMPARED) private readonly onCompared: OnCompared,
  ) {}

  /** @throws Problem `position-not-available`, `registry-unavailable` */
  async compare(clientId: string, { atSeq, inForce, vector }: PostedVector): Promise<Agreement> {
    const { manager: tx } = this.dataSource;
    const stream = await this.streamAt(clientId, atSeq);
    const ours = await this.digestAt(stream, atSeq);
    const differing = differingBuckets(ours.vector, vector);
    const agrees = differing.length === 0 && ours.inForce === inForce;
    const before = await postedDigest(tx, stream.uuid);
    const isNews = before?.agrees !== false || String(before.differing) !== String(differing);
    if (!agrees && isNews)
      await this.disagree(clientId, { atSeq, theirs: inForce, ours: ours.inForce, differing });
    await keepDigest(tx, stream.uuid, { atSeq, inForce, differing, agrees });
    this.onCompared(clientId, agrees ? 0 : Math.max(differing.length, 1));
    return agrees ? { agrees } : { differing };
  }

  /**
   * What differs in a bucket; persons whose mark is gone wait for it again before the answer is given.
   * @param items base64url
   * @throws Problem `vector-first`, `position-not-available`, `registry-unavailable`
   */
  async compareItems(
    clientId: string,
    bucket: number,
    { atSeq, items }: { readonly atSeq: number; readonly items: ReadonlySet<string> },
  ): Promise<Difference> {
    const { manager: tx } = this.dataSource;
    const stream = await this.streamAt(clientId, atSeq);
    const posted = await postedDigest(tx, stream.uuid);
    if (posted?.atSeq !== atSeq || !posted.differing.includes(bucket)) throw new Problem('vector-first');
    const { sealedSeq, members } = await bucketMembers(tx, stream.uuid, bucket);
    const since = await this.toggles(stream, atSeq, sealedSeq);
    const difference = compareBucket(bucketBefore(bucket, members, since), items);
    const lost = difference.missing.flatMap(({ entryUuid }) => entryUuid ?? []);
    await this.stamps.lose(clientId, lost, atSeq);
    // Asked again, because a doubt may have come while the bucket was read.
    mustNotBeSilent(await silenceOf(tx));
    return difference;
  }

  private async streamAt(clientId: string, atSeq: number): Promise<StreamRow> {
    const { manager: tx } = this.dataSource;
    const [stream] = await streamsOf(tx, clientId);
    mustNotBeSilent(await silenceOf(tx));
    if (stream === undefined || atSeq > stream.sealedSeq) throw new Problem('position-not-available');
    return stream;
  }

  private async digestAt(
    stream: StreamRow,
    atSeq: number,
  ): Promise<{ readonly vector: Vector; readonly inForce: number }> {
    const kept = await nearestVector(this.dataSource.manager, stream.uuid, atSeq);
    const from = kept ?? { seq: 0, inForce: 0 };
    const vector = kept === undefined ? emptyVector() : vectorFromBytes(kept.buckets);
    const between = await this.toggles(stream, Math.min(from.seq, atSeq), Math.max(from.seq, atSeq));
    const growth = growthBy(between);
    return {
      vector: toggled(vector, between),
      inForce: from.inForce + (from.seq <= atSeq ? growth : -growth),
    };
  }

  /** Items in (after, to], read in pages. */
  private async toggles({ uuid }: StreamRow, after: number, to: number): Promise<readonly Toggle[]> {
    if (to - after > farthest) throw new Problem('position-not-available');
    const found: Toggle[] = [];
    for (let from = after; from < to;) {
      const some = await togglesBetween(this.dataSource.manager, uuid, { after: from, to, limit: page });
      found.push(...some);
      from = some.at(-1)?.seq ?? to;
    }
    return found;
  }

  private async disagree(
    clientId: string,
    what: {
      readonly atSeq: number;
      readonly theirs: number;
      readonly ours: number;
      readonly differing: readonly number[];
    },
  ): Promise<void> {
    const { atSeq, theirs, ours, differing } = what;
    await this.journal.submit({
      party: clientId,
      look: {},
      decide: (seen) => {
        const { bin } = bureauOf(seen.rules, clientId);
        const body = { bureau: bin, atSeq, inForce: ours, theirInForce: theirs, differing: differing.length };
        return { entries: [{ kind: 'bureau.disagreed', party: clientId, body }], answer: () => undefined };
      },
    });
  }
}
