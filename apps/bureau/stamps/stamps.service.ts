/**
 * Stamps: each that says something new is an entry, many of them in one commit. A bureau's calls are done one after the
 * other, and each in parts, so that a thousand stamps never hold the head of the Journal while a lender waits.
 */
import assert from 'node:assert/strict';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Act } from '#libs/journal/act.js';
import { keepKey, type IdempotencyRow } from '#libs/journal/idempotency.store.js';
import { idempotent, keptKey, type KeyedRequest } from '#libs/journal/idempotent.service.js';
import { Journal } from '#libs/journal/journal.service.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import type { ProblemCode } from '#libs/problem/catalogue.js';
import type { Rules } from '#libs/refusal/rules.js';
import { stampName } from '#libs/refusal/stamp.js';
import { lookalikesOf, noteLookalikes } from '#libs/subject/lookalikes.store.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import { itemNamedBy } from '../streams/jti.js';
import type { OnCounted } from '../streams/streams.service.js';
import type { BureauTables } from '../tables.store.js';
import { bureauOf } from './bureau.js';
import { lossOf, stampingOf, type Stamp, type Stamping } from './stamping.js';

/** Injection token: told how many stamps of a bureau stand, also those that say nothing new. */
export const STAMPED = Symbol('STAMPED');

/** A stamp as it was posted. */
export interface PostedStamp {
  readonly jti: string;
  readonly recordedAt: number;
  readonly historyRef?: string;
}

/** Place in the request → what is wrong with it; every other stamp stands. */
export type StampFaults = ReadonlyMap<number, ProblemCode>;

type Faults = readonly (readonly [number, ProblemCode])[];
/** What one part came to. */
type Recorded = { readonly faults: Faults; readonly isNews: boolean };
/** A stamp and its place in the request. */
type Placed = Stamp & { readonly place: number };

const route = 'POST /v1/stamps';
/** Entries of one part: as many as a batch of another process may have. */
const partSize = 128;

@Injectable()
export class StampsService {
  /** The last call of each bureau: the next one waits for it. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    @Inject(Journal) private readonly journal: Journal<BureauTables, Rules>,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(STAMPED) private readonly onStamped: OnCounted,
  ) {}

  /**
   * Records stamps, or finds that they were.
   * @throws Problem `idempotency-key-reused`, `not-permitted`, `party-suspended`, `registry-unavailable`
   */
  async stamp(
    clientId: string,
    streamId: string,
    posted: readonly PostedStamp[],
    request: IdempotentRequest,
  ): Promise<{ readonly faults: StampFaults; readonly isReplay: boolean }> {
    return this.inTurn(clientId, async () => {
      const keyed = { app: 'bureau', party: clientId, route, ...request };
      const earlier = await this.journal.submit(this.earlierAct(keyed));
      if (earlier !== undefined) return { faults: new Map(earlier), isReplay: true };
      const named = posted.map((stamp, place) => ({
        ...stamp,
        place,
        item: itemNamedBy(stamp.jti, streamId),
      }));
      const faults = new Map<number, ProblemCode>();
      const known: Placed[] = [];
      for (const { item, ...stamp } of named) {
        if (typeof item === 'object') known.push({ ...stamp, ...item });
        else faults.set(stamp.place, item === 'foreign' ? 'set-not-yours' : 'set-unknown');
      }
      const parts = partsOf(known);
      let isKept = false;
      for (const [number, part] of parts.entries()) {
        // The key is kept with the last part: a crash before it means that all parts are looked at again.
        const isLast = number === parts.length - 1;
        const kept = isLast ? { request: keyed, faults } : undefined;
        const recorded = await this.journal.submit(this.stampAct(clientId, part, kept));
        for (const [place, code] of recorded.faults) faults.set(place, code);
        isKept = isLast && recorded.isNews;
      }
      // What left no entry left no row either, but a 2xx answer is kept all the same.
      if (!isKept)
        await keepKey(this.dataSource.manager, keyRow(keyed, this.journal.registryNow(), [...faults]));
      await noteLookalikes(this.dataSource.manager, clientId, {
        historyRef: posted.filter((_, place) => !faults.has(place)).map(({ historyRef }) => historyRef),
      });
      this.onStamped(clientId, posted.length - faults.size);
      return { faults, isReplay: false };
    });
  }

  /** References of this bureau that may be the IIN of somebody, as they were counted. */
  lookalikes(clientId: string): ReturnType<typeof lookalikesOf> {
    return lookalikesOf(this.dataSource.manager, clientId);
  }

  /** Puts persons back to waiting whose stamps a digest showed to be gone. @returns how many were. */
  async lose(clientId: string, entryUuids: readonly string[], atSeq: number): Promise<number> {
    return this.inTurn(clientId, async () => {
      let lost = 0;
      for (const part of partsOf(entryUuids))
        lost += await this.journal.submit(this.lossAct(clientId, part, atSeq));
      return lost;
    });
  }

  private async inTurn<T>(clientId: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(clientId) ?? Promise.resolve()).then(act);
    this.turns.set(
      clientId,
      turn.catch(() => undefined),
    );
    return turn;
  }

  private earlierAct(request: KeyedRequest): Act<BureauTables, Rules, Faults | undefined> {
    return idempotent<BureauTables, Rules, Faults | undefined, unknown>(request, {
      look: {},
      permit: ({ rules }) => bureauOf(rules, request.party),
      replayed: ({ answer }) => answer && (JSON.parse(answer.toString()) as Faults),
      decide: () => ({ entries: [], answer: () => undefined }),
    });
  }

  private stampAct(
    clientId: string,
    stamps: readonly Placed[],
    kept: { readonly request: KeyedRequest; readonly faults: StampFaults } | undefined,
  ): Act<BureauTables, Rules, Recorded> {
    const wants = stamps.map(({ entryUuid }) => ({ clientId, entryUuid }));
    return {
      party: clientId,
      look: { stamps: wants },
      decide: (seen) => {
        const bureau = bureauOf(seen.rules, clientId);
        const made = stamps.map((stamp) => {
          const item = seen.find('stamps', stampName({ clientId, entryUuid: stamp.entryUuid }));
          return [stamp.place, stampingOf(stamp, item, bureau, seen.at, this.keys)] as const;
        });
        const faults = made.flatMap(([place, one]) =>
          typeof one === 'string' ? [[place, one] as const] : [],
        );
        const news = made.flatMap(([, one]) => (typeof one === 'object' ? [one] : []));
        const all = [...(kept?.faults ?? []), ...faults];
        return {
          entries: news.map(({ draft }) => draft),
          rows: (entries) => ({
            stamps: rowsOf(news, entries),
            idempotency: kept === undefined ? [] : [keyRow(kept.request, seen.at, all)],
          }),
          answer: () => ({ faults, isNews: news.length > 0 }),
        };
      },
    };
  }

  private lossAct(
    clientId: string,
    entryUuids: readonly string[],
    atSeq: number,
  ): Act<BureauTables, Rules, number> {
    return {
      party: clientId,
      look: { stamps: entryUuids.map((entryUuid) => ({ clientId, entryUuid })) },
      decide: (seen) => {
        const bureau = bureauOf(seen.rules, clientId);
        const lost = entryUuids.flatMap((entryUuid) => {
          const item = seen.find('stamps', stampName({ clientId, entryUuid }));
          return lossOf(item, bureau, { at: seen.at, atSeq }) ?? [];
        });
        return {
          entries: lost.map(({ draft }) => draft),
          rows: (entries) => ({ stamps: rowsOf(lost, entries) }),
          answer: () => lost.length,
        };
      },
    };
  }
}

function rowsOf(news: readonly Stamping[], entries: readonly { readonly index: number }[]) {
  return news.map(({ item }, place) => {
    const entry = entries[place];
    assert(entry !== undefined);
    return { ...item, entryIndex: entry.index };
  });
}

function keyRow(request: KeyedRequest, at: number, faults: Faults): IdempotencyRow {
  // Names places and codes, never a person, so it need not be sealed.
  return keptKey(request, at, { answer: Buffer.from(JSON.stringify(faults)) });
}

function partsOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / partSize) }, (_, part) =>
    all.slice(part * partSize, (part + 1) * partSize),
  );
}
