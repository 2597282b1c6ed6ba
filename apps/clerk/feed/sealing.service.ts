/**
 * Seals the feed for each bureau. This is the only place where a person's number meets a bureau's key; what comes out
 * opens with that bureau's day keys alone. A page is written whole or not at all, so a worker that is killed, or two at
 * once, leave neither a gap nor a second item.
 */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import {
  allStreams,
  appendSealed,
  bucketValues,
  insertStream,
  itemsAfter,
  keepVector,
  type FeedItem,
  type SealedRow,
  type Stream,
} from '#libs/feed/feed.store.js';
import { xor } from '#libs/feed/digest.js';
import { itemKey, sealItem } from '#libs/feed/sealed-item.js';
import type { FeedRoots } from '#libs/feed/feed-roots.js';
import { setAfter } from '#libs/feed/sealing.js';
import { bureauKey, dayKey, dayKid, namelessSubId, subIdOf } from '#libs/feed/stream-keys.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { readReceipts } from '#libs/journal/journal.store.js';
import { isLive, type Party, type PartyKey } from '#libs/party/party.js';
import type { Iin } from '#libs/subject/iin.js';
import { firstThatOpens } from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectOf, type LookupKeys } from '#libs/subject/subject.js';
import { DayKeysService } from './day-keys.service.js';

export interface SealingSettings {
  readonly tx: EntityManager;
  readonly keys: {
    /** Roots of the streams' secrets. */
    readonly feed: FeedRoots;
    readonly identity: SealingKey;
    readonly lookup: LookupKeys;
  };
  /** Bureaus are among them. */
  parties(): Iterable<Party>;
  registryNow(): number;
  /** Told of items that name nobody: after a load of made-up people many, otherwise only of erased ones. */
  onWithheld(clientId: string, count: number): void;
  /** Told of rows of day keys that this registry did not write. */
  onStrangeKeys(clientId: string, count: number): void;
}

/** Large enough that a backlog is sealed in bulk; what comes one by one is sealed one by one. */
const pageSize = 500;

export class SealingService {
  private readonly dayKeys: DayKeysService;

  constructor(private readonly settings: SealingSettings) {
    const { tx, keys, registryNow, onStrangeKeys } = settings;
    this.dayKeys = new DayKeysService({ tx, roots: keys.feed, registryNow, onStrangeKeys });
  }

  /**
   * Seals a page for each stream that lacks something, in turn, so that one bureau's backlog does not starve another.
   * @returns how many items were sealed; 0 when there is nothing left to do
   */
  async sealNews(): Promise<number> {
    const bureaus = this.bureaus();
    await this.openStreams(bureaus);
    let sealed = 0;
    for (const stream of await allStreams(this.settings.tx)) {
      const bureau = bureaus.find(({ clientId }) => clientId === stream.clientId);
      if (bureau === undefined) continue;
      await this.dayKeys.wrapFor(stream, encryptionKeys(bureau, this.settings.registryNow()));
      sealed += await this.sealPage(stream);
    }
    return sealed;
  }

  /** Bureaus that are to be told; a suspended one is not, and catches up when it is admitted again. */
  private bureaus(): readonly Party[] {
    return [...this.settings.parties()].filter(
      ({ kind, state, scopes }) => kind === 'bureau' && state === 'admitted' && scopes.includes('feed'),
    );
  }

  private async openStreams(bureaus: readonly Party[]): Promise<void> {
    const { tx, registryNow } = this.settings;
    const known = new Set((await allStreams(tx)).map(({ clientId }) => clientId));
    for (const { clientId } of bureaus)
      if (!known.has(clientId)) await insertStream(tx, newUuid(registryNow()), clientId);
  }

  private async sealPage(stream: Stream): Promise<number> {
    const { tx, keys, onWithheld } = this.settings;
    const items = await itemsAfter(tx, stream.sealedSeq, pageSize);
    if (items.length === 0) return 0;
    const subKey = bureauKey(keys.feed[0].secret, stream.clientId);
    const kid = dayKid(uuidToId('str', stream.uuid), stream.today);
    const root = this.dayKeys.rootFor(stream, stream.today);
    const day = await itemKey(dayKey(root, stream.clientId, kid));
    // Before the receipts, which take longer: before a row that was bent nothing is sealed at each turn until it is mended.
    const iins = items.map((item) => this.personOf(item));
    const receipts = await readReceipts(
      tx,
      items.map(({ entryIndex }) => entryIndex),
    );
    const rows = await Promise.all(
      items.map(async (item, place): Promise<SealedRow> => {
        const [receipt, iin] = [receipts.get(item.entryIndex), iins[place]];
        assert(receipt !== undefined, `item ${item.seq} has no entry`);
        const { seq, entryUuid, version, at } = item;
        const isWithheld = iin === undefined;
        const subId = isWithheld ? namelessSubId(subKey, uuidToId('ent', entryUuid)) : subIdOf(subKey, iin);
        const content = {
          sub_id: subId.toString('base64url'),
          version,
          receipt,
          ...(!isWithheld && { iin }),
        };
        const kind = isPlacing(item.kind) ? 'refusal-placed' : 'refusal-lifted';
        const sealed = await sealItem(day, kid, content);
        return { seq, entryUuid, kind, subId, version, at, sealed, isWithheld };
      }),
    );
    const change = setAfter(rows.filter(({ isWithheld }) => !isWithheld));
    const before = await bucketValues(tx, stream.uuid, [...change.buckets.keys()]);
    const buckets = new Map(
      [...change.buckets].map(([bucket, value]) => [
        bucket,
        xor(before.get(bucket) ?? Buffer.alloc(32), value),
      ]),
    );
    // A crash before this statement leaves nothing, one after it everything: the next worker goes on where it ended.
    const isOurs = await appendSealed(tx, stream, rows, { ...change, buckets });
    if (!isOurs) return 0;
    await keepVector(tx, stream.uuid);
    const withheld = rows.filter(({ isWithheld }) => isWithheld).length;
    if (withheld > 0) onWithheld(stream.clientId, withheld);
    return rows.length;
  }

  /**
   * @returns undefined when nobody is known under the item's pseudonym (any more)
   * @throws AssertionError when no row of the person opens to the number of the item's subject: somebody bent them,
   *   and whoever bends a row must not be able to keep a placing from the bureaus by that
   */
  private personOf({ seq, subject, subjectEpoch, people }: FeedItem): Iin | undefined {
    const { identity, lookup } = this.settings.keys;
    if (subject === null || subjectEpoch === null || people.length === 0) return undefined;
    const lookupKey = lookup.get(subjectEpoch);
    assert(lookupKey !== undefined, 'no lookup key of this epoch');
    const rows = people.map((row) => ({ ...row, subject: { epoch: subjectEpoch, bytes: subject } }));
    const opened = firstThatOpens(identity, rows, (iin) =>
      subjectOf(lookupKey, subjectEpoch, iin).bytes.equals(subject),
    );
    assert(opened !== undefined, `item ${seq} has no person whose row opens`);
    return opened.iin;
  }
}

function isPlacing(kind: string): boolean {
  return kind === 'refusal.placed' || kind === 'refusal.inherited';
}

function encryptionKeys({ keys }: Party, at: number): readonly PartyKey[] {
  return keys.filter((key) => key.use === 'enc' && isLive(key, at));
}
