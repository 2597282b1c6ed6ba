/**
 * The keys of a stream's days, wrapped for the bureau before anything is sealed with them. Each row bears a seal that only a
 * holder of `feed.json` can make: a row that another wrote with the worker's database password covers no day, names no
 * root, and gets a good row after it, because of several rows the newest is delivered.
 */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import { dayKeyRows, daysOf, insertDayKey, type Stream } from '#libs/feed/feed.store.js';
import { rootCheck, rootOfDay, rootWithCheck, type FeedRoots } from '#libs/feed/feed-roots.js';
import { wrapKey } from '#libs/feed/sealed-item.js';
import { dayKey, dayKeySeal, dayKid, isOwnDayKey } from '#libs/feed/stream-keys.js';
import { uuidToId } from '#libs/journal/id.js';
import type { PartyKey } from '#libs/party/party.js';

export interface DayKeysSettings {
  readonly tx: EntityManager;
  readonly roots: FeedRoots;
  registryNow(): number;
  /** Told when the rows that this registry did not write become more. */
  onStrangeKeys(clientId: string, count: number): void;
}

/** What was found at the last look. */
interface Look {
  readonly at: number;
  /** Day and keys it was for: another day, or another key of the bureau, is looked at afresh. */
  readonly of: string;
  /** Of which root each day is. */
  readonly checks: ReadonlyMap<string, Buffer>;
  readonly strange: number;
}

/** For so long a bureau may be given a key that another wrote over a good one. */
const lookAgainMs = 60_000;

export class DayKeysService {
  private readonly looks = new Map<string, Look>();

  constructor(private readonly settings: DayKeysSettings) {}

  /** Every day's key for every live key of the bureau. @throws AssertionError when feed.json is another or lacks a root. */
  async wrapFor(stream: Stream, keys: readonly PartyKey[]): Promise<void> {
    const { tx, roots, registryNow, onStrangeKeys } = this.settings;
    const of = [stream.today, ...keys.map(({ kid }) => kid)].join(' ');
    const [before, at] = [this.looks.get(stream.uuid), registryNow()];
    if (before?.of === of && Math.abs(at - before.at) < lookAgainMs) return;
    const rows = await dayKeyRows(tx, stream.uuid);
    const own = new Set(rows.filter((row) => isOwnDayKey(roots[0].secret, stream.uuid, row)));
    assert(own.size > 0 || rows.length === 0, 'feed.json is not the one this stream was sealed with');
    const strange = rows.length - own.size;
    if (strange > (before?.strange ?? 0)) onStrangeKeys(stream.clientId, strange - (before?.strange ?? 0));
    const checks = new Map([...own].flatMap(({ day, check }) => (check === null ? [] : [[day, check]])));
    // Rows come in the order in which they were written, so the last of a name is the one that is delivered.
    const delivered = new Map(rows.map((row) => [`${row.day} ${row.encKid}`, row]));
    for (const day of await daysOf(tx, stream))
      for (const key of keys) {
        const row = delivered.get(`${day} ${key.kid}`);
        if (row !== undefined && own.has(row)) continue;
        const root = this.rootOf(checks, day);
        await this.wrap(stream, day, key, root);
        checks.set(day, rootCheck(root));
      }
    this.looks.set(stream.uuid, { at, of, checks, strange });
  }

  /** The root of a day that was looked at. @throws AssertionError when feed.json lacks it */
  rootFor({ uuid }: Stream, day: string): Buffer {
    return this.rootOf(this.looks.get(uuid)?.checks, day);
  }

  /**
   * A day stays under the root it was begun with: a worker that was given the next root late goes on with the old one
   * until midnight, because the bureaus have that day's key already.
   */
  private rootOf(checks: ReadonlyMap<string, Buffer> | undefined, day: string): Buffer {
    const { roots } = this.settings;
    const check = checks?.get(day);
    return check === undefined ? rootOfDay(roots, day) : rootWithCheck(roots, check);
  }

  private async wrap(stream: Stream, day: string, key: PartyKey, root: Buffer): Promise<void> {
    const { tx, roots } = this.settings;
    const kid = dayKid(uuidToId('str', stream.uuid), day);
    const jwe = await wrapKey(dayKey(root, stream.clientId, kid), kid, key);
    const row = { streamUuid: stream.uuid, day, encKid: key.kid, jwe, check: rootCheck(root) };
    await insertDayKey(tx, { ...row, seal: dayKeySeal(roots[0].secret, row) });
  }
}
