/** Notices: read in their order, waited for, and delivered once: the first fetching of each is an entry. */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { lenderOf } from '#libs/check/check.js';
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { Journal } from '#libs/journal/journal.service.js';
import { machineClock } from '#libs/platform/clock.js';
import { DatabaseSignal } from '#libs/platform/database-signal.js';
import { askUntil } from '#libs/platform/long-poll.js';
import { Problem } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import type { LenderTables } from '../tables.store.js';
import type { NoticeItem, NoticePage } from './notice-answer.js';
import { noticesAfter, noticesBehind, type Notice } from './notices.store.js';

export interface NoticeCall {
  readonly after?: string;
  readonly limit: number;
  readonly waitMs: number;
  /** Aborts when the caller has gone: nothing is asked any more, and what nobody receives is not delivered. */
  readonly gone: AbortSignal;
}

/** Behind the signal, which may be lost, and tells when it is back. */
const askEveryMs = 5000;
const countAtMost = 10_000;

@Injectable()
export class NoticesService {
  constructor(
    @Inject(Journal) private readonly journal: Journal<LenderTables, Rules>,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(DatabaseSignal) private readonly signal: DatabaseSignal,
  ) {}

  /** @throws Problem `request-malformed`, `party-suspended`, `registry-unavailable`: no entry, no answer. */
  async read(clientId: string, { after, limit, waitMs, gone }: NoticeCall): Promise<NoticePage> {
    const from = after === undefined ? 0 : seqOf(after);
    const notices = await askUntil(
      () => noticesAfter(this.dataSource.manager, clientId, from, limit),
      (found) => found.length > 0,
      {
        ...{ forMs: waitMs, everyMs: askEveryMs, clock: machineClock, gone },
        wake: (ms) => this.signal.wait(clientId, ms, gone),
      },
    );
    if (gone.aborted) return { items: [], next: after ?? null };
    const fresh = notices.filter(({ isDelivered }) => !isDelivered);
    await Promise.all(fresh.map((notice) => this.deliver(clientId, notice)));
    const last = notices.at(-1);
    return {
      items: notices.map(itemOf),
      next: last === undefined ? (after ?? null) : cursorOf(last.seq),
    };
  }

  /** How many were never fetched; more than ten thousand are not counted. */
  behind(clientId: string): Promise<number> {
    return noticesBehind(this.dataSource.manager, clientId, countAtMost);
  }

  /** Leaves the entry of the first fetching; of two fetchings at once one is the first. */
  private deliver(clientId: string, notice: Notice): Promise<unknown> {
    const { uuid, about, kind, loanRef, checkUuid } = notice;
    return this.journal.submit(
      {
        party: clientId,
        look: { notice_deliveries: [uuid] },
        decide: (seen) => {
          const { bin } = lenderOf(seen.rules, clientId, seen.at);
          if (seen.find('notice_deliveries', uuid) !== undefined) return { entries: [], answer: () => false };
          const body = {
            ...{ about: uuidToId('ent', about), noticeId: uuidToId('ntc', uuid), lender: bin, told: kind },
            ...(loanRef !== undefined && { loanRef }),
            ...(checkUuid !== undefined && { checkId: uuidToId('chk', checkUuid) }),
          };
          return {
            entries: [{ kind: 'notice.delivered', party: clientId, body }],
            rows: ([made]) => ({
              notice_deliveries: made === undefined ? [] : [{ noticeUuid: uuid, entryIndex: made.index }],
            }),
            answer: () => true,
          };
        },
      },
      'bulk',
    );
  }
}

function itemOf({ uuid, kind, at, loanRef, checkUuid }: Notice): NoticeItem {
  return {
    noticeId: uuidToId('ntc', uuid),
    kind,
    at: formatInstant(at),
    ...(loanRef !== undefined && { loanRef }),
    ...(checkUuid !== undefined && { checkId: uuidToId('chk', checkUuid) }),
  };
}

function cursorOf(seq: number): string {
  return Buffer.from(`n${seq}`).toString('base64url');
}

function seqOf(cursor: string): number {
  const seq = /^n(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1];
  if (seq === undefined || !Number.isSafeInteger(Number(seq)) || cursorOf(Number(seq)) !== cursor)
    throw new Problem('request-malformed', { errors: [{ pointer: 'after', code: 'cursor-malformed' }] });
  return Number(seq);
}
