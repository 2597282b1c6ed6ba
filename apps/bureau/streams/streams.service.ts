/**
 * Delivery of a bureau's stream. Items come in their order from the position on, again and again until they are
 * acknowledged, so a bureau that dies between applying and acknowledging loses nothing; what it gets twice it knows by
 * `seq`. Everything here was sealed before: this process signs what it cannot read. While the registry is in doubt a
 * placing is delivered, because it protects, and nothing that would loosen: no lift, nothing behind it, no snapshot.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  itemToken,
  jtiOf,
  verificationToken,
  type DeliveredItem,
  type Signer,
} from '#libs/feed/security-event.js';
import { idToUuid, uuidToId } from '#libs/journal/id.js';
import { isLive, type Party } from '#libs/party/party.js';
import { Bell } from '#libs/platform/bell.js';
import type { Clock } from '#libs/platform/clock.js';
import { Problem } from '#libs/problem/problem.js';
import { itemNamedBy } from './jti.js';
import {
  acknowledge,
  askVerification,
  dayKeysOf,
  itemsFrom,
  membersBetween,
  setPosition,
  silenceOf,
  streamsOf,
  takeVerification,
  type ItemRow,
  type ReadItems,
  type StreamRow,
} from './streams.store.js';

/** Injection tokens: who signs SETs, machine time, and who is told of SETs a bureau could not take. */
export const SET_SIGNER = Symbol('SET_SIGNER');
export const STREAM_CLOCK = Symbol('STREAM_CLOCK');
export const SET_ERRORS = Symbol('SET_ERRORS');

/** Injection token: told how many SETs a bureau was delivered, repetitions included. */
export const DELIVERED = Symbol('DELIVERED');
export type OnCounted = (clientId: string, count: number) => void;

/** Told how many errors of a kind a poll reports; the text is the bureau's own and is not repeated. */
export type OnSetError = (clientId: string, code: string, count: number) => void;

export interface Poll {
  readonly maxEvents: number;
  readonly returnImmediately: boolean;
  readonly ack: readonly string[];
  /** jti → RFC 8936 error code. */
  readonly setErrors: ReadonlyMap<string, string>;
}

export interface Delivery {
  /** jti → SET. */
  readonly sets: Readonly<Record<string, string>>;
  readonly moreAvailable: boolean;
  readonly headSeq: number;
}

/** A line of a snapshot. */
export interface SnapshotLine {
  readonly sub_id: string;
  readonly version: number;
  readonly seq: number;
  readonly at: string;
  readonly sealed: string;
}

const longPollMs = 25_000;
/** How long a lost bell may delay a long poll; it rings when it is back. */
const lookAgainMs = 5000;
const snapshotPage = 500;
/** Before any stream began. */
const firstDay = '2000-01-01';

@Injectable()
export class StreamsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Bell) private readonly bell: Bell,
    @Inject(SET_SIGNER) private readonly signer: Signer,
    @Inject(STREAM_CLOCK) private readonly clock: Clock,
    @Inject(SET_ERRORS) private readonly onSetError: OnSetError,
    @Inject(DELIVERED) private readonly onDelivered: OnCounted,
  ) {}

  /** The bureau's own streams. */
  async list(clientId: string): Promise<readonly StreamRow[]> {
    return streamsOf(this.dataSource.manager, clientId);
  }

  /** @throws Problem `not-found`, also for another bureau's stream */
  async own(clientId: string, streamId: string): Promise<StreamRow> {
    const uuid = idToUuid('str', streamId);
    const stream = (await this.list(clientId)).find((each) => each.uuid === uuid);
    if (stream === undefined) throw new Problem('not-found');
    return stream;
  }

  /**
   * Takes acknowledgements and delivers what comes next (RFC 8936), waiting up to 25 s for it if asked to. A caller who
   * goes meanwhile takes nothing along.
   * @throws Problem `not-found`; `registry-unavailable` when what comes next is a lift and the registry is in doubt
   */
  async poll(clientId: string, streamId: string, ask: Poll, gone: AbortSignal): Promise<Delivery> {
    const { uuid } = await this.own(clientId, streamId);
    const named = ask.ack.map((jti) => itemNamedBy(jti, streamId));
    const acked = named.flatMap((item) => (typeof item === 'object' ? [item.entryUuid] : []));
    if (acked.length > 0) await acknowledge(this.dataSource.manager, uuid, acked);
    // A SET that could not be taken stays unacknowledged: signed anew, it comes again.
    for (const [code, count] of countsOf([...ask.setErrors.values()])) this.onSetError(clientId, code, count);

    const end = this.clock() + (ask.returnImmediately || ask.maxEvents === 0 ? 0 : longPollMs);
    for (;;) {
      const rung = this.bell.count;
      const stream = await this.own(clientId, streamId);
      const left = end - this.clock();
      const isWorthIt = stream.sealedSeq > stream.ackedSeq || stream.isVerificationDue;
      if (isWorthIt || left <= 0) return this.deliver(stream, ask.maxEvents);
      await this.bell.after(rung, Math.min(left, lookAgainMs), gone);
      if (gone.aborted) return { sets: {}, moreAvailable: false, headSeq: stream.headSeq };
    }
  }

  /**
   * Items after `afterSeq`, whatever was acknowledged.
   * @throws Problem `not-found`; `registry-unavailable` when the first is a lift and the registry is in doubt
   */
  async replay(
    clientId: string,
    streamId: string,
    { afterSeq, limit }: { readonly afterSeq: number; readonly limit: number },
  ): Promise<{
    readonly items: readonly { readonly jti: string; readonly set: string }[];
    readonly next: string | null;
  }> {
    const stream = await this.own(clientId, streamId);
    const items = await this.itemsAfter(stream, afterSeq, limit);
    const last = items.at(-1);
    return {
      items: await this.signed(stream, items),
      next: last !== undefined && last.seq < stream.sealedSeq ? String(last.seq) : null,
    };
  }

  /**
   * The refusals in force, page by page, each page a statement of its own: nothing is held open while a bureau reads.
   * @throws Problem `not-found`, `position-not-available`; `registry-unavailable` in doubt, because whoever is missing
   *   in a snapshot is free for the bureau. A doubt that comes while it is read breaks the answer off.
   */
  async snapshot(
    clientId: string,
    streamId: string,
    from: { readonly atSeq?: number; readonly after: number },
  ): Promise<{ readonly atSeq: number; readonly lines: AsyncGenerator<string> }> {
    const { uuid, sealedSeq } = await this.own(clientId, streamId);
    const atSeq = from.atSeq ?? sealedSeq;
    if (atSeq > sealedSeq) throw new Problem('position-not-available');
    mustNotBeSilent(await silenceOf(this.dataSource.manager));
    return { atSeq, lines: this.linesOf(uuid, from.after, atSeq) };
  }

  /** Delivery goes on behind `afterSeq`. @throws Problem `not-found`, `position-not-available` */
  async position(clientId: string, streamId: string, afterSeq: number): Promise<void> {
    const { uuid } = await this.own(clientId, streamId);
    if (!(await setPosition(this.dataSource.manager, uuid, afterSeq)))
      throw new Problem('position-not-available');
  }

  /** The next poll brings a verification event. @throws Problem `not-found` */
  async verify(clientId: string, streamId: string): Promise<void> {
    const { uuid } = await this.own(clientId, streamId);
    await askVerification(this.dataSource.manager, uuid);
  }

  /** Day keys for the newest key the bureau registered, one a day. */
  async keys(
    party: Party,
    streamId: string,
    ask: { readonly from?: string; readonly after?: string; readonly limit: number },
  ): Promise<{
    readonly items: readonly { readonly kid: string; readonly jwe: string }[];
    readonly next: string | null;
  }> {
    const { uuid, now } = await this.own(party.clientId, streamId);
    const encKids = party.keys.filter((key) => key.use === 'enc' && isLive(key, now)).map(({ kid }) => kid);
    const rows = await dayKeysOf(this.dataSource.manager, uuid, encKids, {
      from: ask.from ?? firstDay,
      after: ask.after ?? firstDay,
      limit: ask.limit + 1,
    });
    const items = rows.slice(0, ask.limit);
    return {
      items: items.map(({ day, jwe }) => ({ kid: `${streamId}.${day}`, jwe })),
      next: rows.length > items.length ? (items.at(-1)?.day ?? null) : null,
    };
  }

  private async deliver(stream: StreamRow, maxEvents: number): Promise<Delivery> {
    const next = maxEvents === 0 ? [] : await this.itemsAfter(stream, stream.ackedSeq, maxEvents);
    // An event like others: who asks for so many gets no more (RFC 8936 §2.2), and a full page must not put it off.
    const verification = maxEvents === 0 ? {} : await this.verification(stream);
    const items = next.slice(0, maxEvents - Object.keys(verification).length);
    const signed = await this.signed(stream, items);
    const sets = Object.fromEntries(signed.map(({ jti, set }) => [jti, set]));
    this.onDelivered(stream.clientId, signed.length);
    return {
      sets: { ...sets, ...verification },
      moreAvailable: (items.at(-1)?.seq ?? stream.ackedSeq) < stream.sealedSeq,
      headSeq: stream.headSeq,
    };
  }

  private async verification({ uuid, clientId }: StreamRow): Promise<Readonly<Record<string, string>>> {
    const due = await takeVerification(this.dataSource.manager, uuid);
    if (due === undefined) return {};
    const streamId = uuidToId('str', uuid);
    const jti = `${randomUUID()}.${streamId}`;
    const { headSeq, now: nowMs } = due;
    return { [jti]: await verificationToken(this.signer, { streamId, clientId }, { jti, headSeq, nowMs }) };
  }

  private async itemsAfter(
    { uuid }: StreamRow,
    after: number,
    limit: number,
  ): Promise<readonly DeliveredItem[]> {
    const read = await itemsFrom(this.dataSource.manager, uuid, Math.max(after, 1), limit + 1);
    const ids = read.items.map(({ entryUuid }) => uuidToId('ent', entryUuid));
    const items = read.items
      .map((row, place) => delivered(row, ids[place], ids[place - 1]))
      .filter(({ seq }) => seq > after)
      .slice(0, limit);
    const firstLift = items.findIndex(({ kind }) => kind !== 'refusal-placed');
    if (read.silentBecause === undefined || firstLift === -1) return items;
    if (firstLift === 0) mustNotBeSilent(read.silentBecause);
    return items.slice(0, firstLift);
  }

  private async signed(
    { uuid, clientId, now }: StreamRow,
    items: readonly DeliveredItem[],
  ): Promise<readonly { readonly jti: string; readonly set: string }[]> {
    const streamId = uuidToId('str', uuid);
    return Promise.all(
      items.map(async (item) => ({
        jti: jtiOf(item.entryId, streamId),
        set: await itemToken(this.signer, { streamId, clientId }, item, now),
      })),
    );
  }

  private async *linesOf(uuid: string, from: number, atSeq: number): AsyncGenerator<string> {
    for (let after: number | undefined = from; after !== undefined;) {
      const read: ReadItems = await membersBetween(this.dataSource.manager, uuid, {
        ...{ after, atSeq, limit: snapshotPage },
      });
      mustNotBeSilent(read.silentBecause);
      const page = read.items;
      if (page.length > 0) yield page.map((row) => `${JSON.stringify(lineOf(row))}\n`).join('');
      after = page.length === snapshotPage ? page.at(-1)?.seq : undefined;
    }
  }
}

/** @throws Problem `registry-unavailable` while anything is known against the database */
export function mustNotBeSilent(why: string | undefined): void {
  if (why !== undefined) throw new Problem('registry-unavailable', { cause: new Error(`in doubt: ${why}`) });
}

/** How often each occurs. */
function countsOf(codes: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

function lineOf({ subId, version, seq, at, sealed }: ItemRow): SnapshotLine {
  return { sub_id: subId.toString('base64url'), version, seq, at: at.toISOString(), sealed };
}

function delivered(
  { entryUuid, subId, at, ...rest }: ItemRow,
  entryId = uuidToId('ent', entryUuid),
  previousEntryId?: string,
): DeliveredItem {
  return {
    ...rest,
    entryId,
    ...(previousEntryId !== undefined && { previousEntryId }),
    subId: subId.toString('base64url'),
    at: at.getTime(),
  };
}
