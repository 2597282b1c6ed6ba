/**
 * How a bureau follows the registry: poll, look for gaps, verify, open, apply, acknowledge, stamp; and once a minute
 * compare what both hold. Whatever fails is tried again at the next turn, from what is durable in the book.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { compactDecrypt, createRemoteJWKSet, importPKCS8, type CryptoKey } from 'jose';
import type { Book } from './book.js';
import { itemOf, vectorOf } from './digest.js';
import { open, readEvent, type MarkEvent, type Trusted, type Verification } from './event.js';
import type { RegistryCalls } from './registry-calls.js';

export interface FollowerSettings {
  readonly calls: RegistryCalls;
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
}

const pageSize = 500;
const pauseAfterFailureMs = 500;

export class Follower {
  private readonly keys;
  private readonly days = new Map<string, Uint8Array>();
  private encKey: CryptoKey | undefined;
  private comparedAt = 0;

  constructor(private readonly settings: FollowerSettings) {
    this.keys = createRemoteJWKSet(new URL(settings.jwksUrl), { cooldownDuration: 1000 });
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let acks: readonly string[] = [];
    while (!signal.aborted) {
      try {
        const streamId = await this.streamId();
        acks = await this.turn(streamId, acks);
        if (Date.now() - this.comparedAt > this.settings.digestEveryMs) await this.compare(streamId);
      } catch (error) {
        if (signal.aborted) return;
        this.settings.log({ failure: error instanceof Error ? error.message : 'unknown' });
        acks = [];
        await wait(pauseAfterFailureMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** One poll. @returns what to acknowledge with the next one, because it is durable now. */
  private async turn(streamId: string, ack: readonly string[]): Promise<readonly string[]> {
    const { calls, book, digestEveryMs } = this.settings;
    const isQuiet = ack.length === 0;
    const { body } = await calls.json<Delivered>('POST', `/v1/streams/${streamId}/poll`, {
      ...{ maxEvents: pageSize, ack },
      // With something to say there is no time to wait, nor when a comparison is due sooner.
      returnImmediately: !isQuiet || digestEveryMs < 25_000,
    });
    const sets = Object.entries(body.sets);
    const { events, verifications, errors } = await this.read(streamId, sets);
    const position = await book.position();
    const news = events.filter(({ seq }) => seq > position.seq);
    const first = news[0];
    const follows =
      first === undefined ||
      (first.seq === position.seq + 1 && [null, first.prev].includes(position.lastJti));
    const isGapless = news.every(({ seq }, place) => seq === (first?.seq ?? 0) + place);
    if (!follows || !isGapless) {
      this.settings.log({ gap: first?.seq, position: position.seq });
      await calls.json('POST', `/v1/streams/${streamId}/position`, { afterSeq: position.seq });
      return [];
    }
    if (news.length > 0 || verifications.length > 0) await book.apply(news, verifications, new Date());
    await this.stamp();
    if (errors.size > 0)
      await calls.json('POST', `/v1/streams/${streamId}/poll`, {
        maxEvents: 0,
        setErrs: Object.fromEntries(errors),
      });
    if (sets.length === 0 && isQuiet && digestEveryMs < 25_000) await wait(100);
    return [...events, ...verifications].map(({ jti }) => jti);
  }

  private async read(
    streamId: string,
    sets: readonly (readonly [string, string])[],
  ): Promise<{ events: MarkEvent[]; verifications: Verification[]; errors: Map<string, object> }> {
    const { clientId, issuer } = this.settings;
    const trusted: Trusted = {
      issuer,
      audience: clientId,
      keys: this.keys,
      dayKey: (kid) => this.dayKey(streamId, kid),
    };
    const errors = new Map<string, object>();
    const read = await Promise.all(
      sets.map(async ([jti, set]) =>
        readEvent(jti, set, trusted).catch((error: unknown) => {
          this.settings.log({ jti, failure: error instanceof Error ? error.message : 'unknown' });
          errors.set(jti, { err: 'invalid_request', description: 'not taken' });
          return undefined;
        }),
      ),
    );
    const taken = read.filter((each) => each !== undefined);
    const events = taken.filter((each) => 'seq' in each).toSorted((a, b) => a.seq - b.seq);
    return { events, verifications: taken.filter((each) => 'headSeq' in each), errors };
  }

  /** Says of everything that is durable that it is. */
  private async stamp(): Promise<void> {
    const { calls, book, log } = this.settings;
    for (;;) {
      const some = await book.unstamped(pageSize);
      if (some.length === 0) return;
      const items = some.map(({ jti, recordedAt }) => ({ jti, recordedAt: recordedAt.toISOString() }));
      const { body } = await calls.json<{ items: { problem?: { code: string } }[] }>('POST', '/v1/stamps', {
        items,
      });
      for (const { problem } of body.items) if (problem !== undefined) log({ stamp: problem.code });
      await book.stamped(
        some.filter((_, place) => body.items[place]?.problem === undefined).map(({ seq }) => seq),
      );
      if (body.items.some(({ problem }) => problem !== undefined)) return;
    }
  }

  /** Posts the own digest first; where it differs, the items of the bucket; and takes a snapshot when something does. */
  private async compare(streamId: string): Promise<void> {
    const { calls, book, log } = this.settings;
    const { seq: atSeq } = await book.position();
    const held = await book.inForce();
    const vector = { atSeq, inForce: held.length, buckets: vectorOf(held) };
    const { body } = await calls.json<{ agrees?: true; differing?: number[] }>('POST', '/v1/digests', vector);
    this.comparedAt = Date.now();
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
    await this.startAnew(streamId, missing);
  }

  private async startAnew(streamId: string, again: ReadonlySet<string>): Promise<void> {
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
          iin: opened.iin,
        };
      }),
    );
    await book.replaceMarks(events, atSeq, again, new Date());
    await calls.json('POST', `/v1/streams/${streamId}/position`, { afterSeq: atSeq });
  }

  private async streamId(): Promise<string> {
    const { body } = await this.settings.calls.json<{ stream_id: string }[]>('GET', '/v1/streams');
    const [stream] = body;
    if (stream === undefined) throw new Error('no stream yet');
    return stream.stream_id;
  }

  private async dayKey(streamId: string, kid: string): Promise<Uint8Array> {
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
    const key = Buffer.from(jwk.k, 'base64url');
    this.days.set(kid, key);
    return key;
  }
}
