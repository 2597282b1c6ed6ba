/**
 * How a bureau follows the registry: poll, look for gaps, verify, open, apply, acknowledge; and once a minute compare what
 * both hold. Beside that it stamps what is durable; of a backlog it first applies all it can, because the mark protects the
 * person and the stamp is the report of it. Whatever fails is tried again at the next turn, from what is durable in the book.
 */
import { EventEmitter, once } from 'node:events';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { compactDecrypt, createRemoteJWKSet, importPKCS8, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import type { Book, Position } from './book.js';
import { itemOf, vectorOf } from './digest.js';
import { open, readEvent, type MarkEvent, type Trusted, type Verification } from './event.js';
import type { RegistryCalls } from './registry-calls.js';

export interface FollowerSettings {
  readonly calls: Pick<RegistryCalls, 'json' | 'send'>;
  readonly book: Book;
  readonly clientId: string;
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Opens the day keys. */
  readonly encKeyFile: string;
  readonly digestEveryMs: number;
  log(line: object): void;
}

interface Delivered {
  readonly sets: Readonly<Record<string, string>>;
  readonly moreAvailable: boolean;
}

/** What a poll says of the one before. */
interface Said {
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, object>>;
}

const pageSize = 1000;
const stampsAtOnce = 1000;
/** How long a backlog may keep stamps back: a bureau has an hour, and a feed that never runs dry must not take it all. */
const stampsWaitMs = 300_000;
const pauseAfterFailureMs = 500;

export class Follower {
  private readonly keys;
  private readonly days = new Map<string, CryptoKey>();
  private readonly books = new EventEmitter();
  /** How often something became durable that is to be stamped. */
  private changes = 0;
  /** When the backlog began that is being applied, by the monotonic clock. */
  private behindSince: number | undefined;
  private encKey: CryptoKey | undefined;
  private streamId: string | undefined;
  private comparedAt = 0;

  constructor(private readonly settings: FollowerSettings) {
    this.keys = createRemoteJWKSet(new URL(settings.jwksUrl), { cooldownDuration: 1000 });
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.follow(signal), this.stampDurable(signal)]);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let said: Said = { ack: [], setErrs: {} };
    while (!signal.aborted) {
      try {
        const streamId = (this.streamId ??= await this.ownStream());
        said = await this.turn(streamId, said);
        if (Date.now() - this.comparedAt > this.settings.digestEveryMs) await this.compare(streamId);
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error);
        said = { ack: [], setErrs: {} };
        // The stream may have ended; which one is ours now is asked again.
        this.streamId = undefined;
        this.behindSince = undefined;
        this.changed();
        await wait(pauseAfterFailureMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** One poll. @returns what to say with the next one: what is durable now, and what could not be taken. */
  private async turn(streamId: string, { ack, setErrs }: Said): Promise<Said> {
    const { calls, book, digestEveryMs } = this.settings;
    const isQuiet = ack.length === 0;
    const { body } = await calls.json<Delivered>('POST', `/v1/streams/${streamId}/poll`, {
      ...{ maxEvents: pageSize, ack, setErrs },
      // With something to say there is no time to wait, nor when a comparison is due sooner.
      returnImmediately: !isQuiet || digestEveryMs < 25_000,
    });
    const wasBehind = this.behindSince !== undefined;
    this.behindSince = body.moreAvailable ? (this.behindSince ?? performance.now()) : undefined;
    const sets = Object.entries(body.sets);
    const { events, verifications, errors } = await this.read(streamId, sets);
    const position = await book.position();
    const news = following(position, events);
    const [first] = events;
    // Nothing follows though something came that is new: everything from our own position on is wanted again.
    if (news === undefined) {
      this.settings.log({ gap: first?.seq, position: position.seq });
      await calls.json('POST', `/v1/streams/${streamId}/position`, { afterSeq: position.seq });
      return { ack: [], setErrs: errors };
    }
    if (news.length > 0 || verifications.length > 0) await book.apply(news, verifications, new Date());
    // Stamps that stand back look again after each page, also after one that brought nothing new.
    if (news.length > 0 || wasBehind) this.changed();
    if (Object.keys(errors).length > 0) await wait(pauseAfterFailureMs);
    if (sets.length === 0 && isQuiet && digestEveryMs < 25_000) await wait(100);
    const durable = events.filter(({ seq }) => seq <= position.seq + news.length);
    return { ack: [...durable, ...verifications].map(({ jti }) => jti), setErrs: errors };
  }

  private changed(): void {
    this.changes += 1;
    this.books.emit('changed');
  }

  private failed(error: unknown): void {
    this.settings.log({ failure: error instanceof Error ? error.message : 'unknown' });
  }

  private async read(
    streamId: string,
    sets: readonly (readonly [string, string])[],
  ): Promise<{ events: MarkEvent[]; verifications: Verification[]; errors: Said['setErrs'] }> {
    const { clientId, issuer } = this.settings;
    const trusted: Trusted = {
      issuer,
      audience: clientId,
      keys: (header, token) => this.keyFor(header, token),
      dayKey: (kid) => this.dayKey(streamId, kid),
    };
    const errors: Record<string, object> = {};
    const read = await Promise.all(
      sets.map(async ([jti, set]) =>
        readEvent(jti, set, trusted).catch((error: unknown) => {
          this.settings.log({ jti, failure: error instanceof Error ? error.message : 'unknown' });
          errors[jti] = { err: 'invalid_request', description: 'not taken' };
          return undefined;
        }),
      ),
    );
    const taken = read.filter((each) => each !== undefined);
    const events = taken.filter((each) => 'seq' in each).toSorted((a, b) => a.seq - b.seq);
    return { events, verifications: taken.filter((each) => 'headSeq' in each), errors };
  }

  /** Of the registry's keys only those that are for SETs: one for receipts that was stolen vouches for none. */
  private async keyFor(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> {
    const key = await this.keys(header, token);
    const published: readonly { kid?: string; purpose?: unknown }[] = this.keys.jwks()?.keys ?? [];
    if (published.find(({ kid }) => kid === header.kid)?.purpose !== 'set')
      throw new Error('no key for SETs');
    return key;
  }

  /** Says of everything that is durable that it is, whenever there is more of it. */
  private async stampDurable(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const seen = this.changes;
      try {
        const isMore = !this.standsBack() && (await this.stamp());
        if (!isMore && seen === this.changes) await once(this.books, 'changed', { signal });
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error);
        await wait(pauseAfterFailureMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private standsBack(): boolean {
    return this.behindSince !== undefined && performance.now() < this.behindSince + stampsWaitMs;
  }

  /** @returns whether there may be more to stamp */
  private async stamp(): Promise<boolean> {
    const { calls, book, log } = this.settings;
    const some = await book.unstamped(stampsAtOnce);
    if (some.length === 0) return false;
    const items = some.map(({ jti, recordedAt }) => ({ jti, recordedAt: recordedAt.toISOString() }));
    const { body } = await calls.json<{ items: { problem?: { code: string } }[] }>('POST', '/v1/stamps', {
      items,
    });
    for (const { problem } of body.items) if (problem !== undefined) log({ stamp: problem.code });
    const stamped = some.filter((_, place) => body.items[place]?.problem === undefined);
    await book.stamped(stamped);
    return stamped.length === some.length;
  }

  /** Posts the own digest first; where it differs, the items of the bucket; and takes a snapshot when something does. */
  private async compare(streamId: string): Promise<void> {
    const { calls, book, log } = this.settings;
    const { seq: atSeq, marksSeq } = await book.position();
    if (atSeq < marksSeq) return;
    // Before it is known how it ends: where it fails, following must not stand still over it.
    this.comparedAt = Date.now();
    const held = await book.inForce();
    const vector = { atSeq, inForce: held.length, buckets: vectorOf(held) };
    const { body } = await calls.json<{ agrees?: true; differing?: number[] }>('POST', '/v1/digests', vector);
    if (body.agrees) return;
    const missing = new Set<string>();
    for (const bucket of body.differing ?? []) {
      const items = held
        .map(itemOf)
        .filter(([first]) => first === bucket)
        .map((item) => item.toString('base64url'));
      const answer = await calls.json<{ missing: { sub_id: string }[]; extra: string[] }>(
        ...['POST' as const, `/v1/digests/${bucket}`, { atSeq, items }],
      );
      for (const { sub_id } of answer.body.missing) missing.add(sub_id);
      log({ differs: bucket, missing: answer.body.missing.length, extra: answer.body.extra.length });
    }
    await this.heal(streamId, missing, atSeq);
  }

  /** By snapshot and replay: the marks at once, and then every item behind our own position again. */
  private async heal(streamId: string, again: ReadonlySet<string>, ownSeq: number): Promise<void> {
    const { calls, book } = this.settings;
    const response = await calls.send('GET', `/v1/streams/${streamId}/snapshot`);
    const atSeq = Number(response.headers.get('Stream-Snapshot-Seq'));
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    const events = await Promise.all(
      lines.map(async (line): Promise<MarkEvent> => {
        const {
          sub_id: subId,
          version,
          seq,
          at,
          sealed,
        } = JSON.parse(line) as Record<string, string> & { seq: number; version: number };
        const opened = await open(sealed ?? '', { dayKey: (kid) => this.dayKey(streamId, kid) });
        const { id } = JSON.parse(opened.receipt.entry) as { readonly id: string };
        const jti = `${id}.${streamId}`;
        return {
          jti,
          seq,
          prev: null,
          kind: 'refusal-placed',
          subId: subId ?? '',
          version,
          at: at ?? '',
          ...(opened.iin !== undefined && { iin: opened.iin }),
        };
      }),
    );
    await book.replaceMarks(events, atSeq, again, new Date());
    this.changed();
    await calls.json('POST', `/v1/streams/${streamId}/position`, { afterSeq: ownSeq });
  }

  private async ownStream(): Promise<string> {
    const { calls, book } = this.settings;
    const { body } = await calls.json<{ stream_id: string }[]>('GET', '/v1/streams');
    const [stream] = body;
    if (stream === undefined) throw new Error('no stream yet');
    await book.follow(stream.stream_id);
    // Whatever was acknowledged once: a book that was put back wants everything again that came since.
    const { seq: afterSeq } = await book.position();
    await calls.json('POST', `/v1/streams/${stream.stream_id}/position`, { afterSeq });
    return stream.stream_id;
  }

  private async dayKey(streamId: string, kid: string): Promise<CryptoKey> {
    const known = this.days.get(kid);
    if (known !== undefined) return known;
    const from = kid.slice(-10);
    const { body } = await this.settings.calls.json<{ items: { kid: string; jwe: string }[] }>(
      ...['GET' as const, `/v1/streams/${streamId}/keys?from=${from}&limit=1`],
    );
    this.encKey ??= await importPKCS8(readFileSync(this.settings.encKeyFile, 'utf8'), 'ECDH-ES+A256KW');
    const [item] = body.items;
    if (item?.kid !== kid) throw new Error('no key of that day');
    const { plaintext } = await compactDecrypt(item.jwe, this.encKey);
    const jwk = JSON.parse(new TextDecoder().decode(plaintext)) as {
      readonly kid: string;
      readonly k: string;
    };
    const raw = Buffer.from(jwk.k, 'base64url');
    const key = await webcrypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
    this.days.set(kid, key);
    return key;
  }
}

/**
 * The items that come right after the position, up to the first gap; what lies behind one is delivered again.
 * @returns undefined when there are new ones and the first of them does not follow
 */
function following(position: Position, events: readonly MarkEvent[]): readonly MarkEvent[] | undefined {
  const news = events.filter(({ seq }) => seq > position.seq);
  const [first] = news;
  if (first === undefined) return [];
  // After a snapshot the item before is not known, so `prev` is not compared.
  const isNext = first.seq === position.seq + 1 && [null, first.prev].includes(position.lastJti);
  if (!isNext) return undefined;
  const end = news.findIndex(({ seq }, place) => seq !== first.seq + place);
  return end < 0 ? news : news.slice(0, end);
}
