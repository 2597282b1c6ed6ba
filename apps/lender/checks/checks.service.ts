/** Checks: made through the Journal, read again from their rows. No journal entry, no answer. */
import assert from 'node:assert/strict';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { assertNoIin, lenderOf, makeCheck, type Question } from '#libs/check/check.js';
import { checkOf, checksOf, type CheckFilter } from '#libs/check/checks.store.js';
import type { Act, Seen, Tables } from '#libs/journal/act.js';
import { idempotent, keptKey } from '#libs/journal/idempotent.service.js';
import { idToUuid, isId } from '#libs/journal/id.js';
import { Journal } from '#libs/journal/journal.service.js';
import type { Lane } from '#libs/journal/lanes.js';
import { readReceipt } from '#libs/journal/journal.store.js';
import type { Receipt } from '#libs/journal/receipt.js';
import type { Party } from '#libs/party/party.js';
import { Problem, problemAt } from '#libs/problem/problem.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import type { Rules } from '#libs/refusal/rules.js';
import { looksLikeIin } from '#libs/subject/holds-iin.js';
import { subjectsOf, type LookupKeys } from '#libs/subject/subject.js';
import type { LenderTables } from '../tables.store.js';
import { answerOf, itemOf, newAnswer, pageText } from './check-answer.js';

/** What the Journal says: the JSON of a new check's answer, or where an earlier answer to the same request stands. */
export type Made = { readonly answer: string } | { readonly replayOf: number };

/** A request with the route on which its key counts. */
export type RoutedRequest = IdempotentRequest & { readonly route: string };

const route = 'POST /v1/checks';

@Injectable()
export class ChecksService {
  constructor(
    @Inject(Journal) private readonly journal: Journal<LenderTables, Rules>,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
  ) {}

  /**
   * Makes a check, or finds the one the same key made.
   * @returns the JSON of a `CheckAnswer`
   * @throws Problem `reference-holds-iin`, `idempotency-key-reused`, `not-permitted`, `party-suspended`,
   *   `registry-unavailable`
   */
  async make(
    clientId: string,
    question: Question,
    request: IdempotentRequest,
  ): Promise<{ readonly answer: string; readonly isReplay: boolean }> {
    if (looksLikeIin(question.loanRef)) throw problemAt('/loanRef', 'reference-holds-iin');
    assertNoIin(question.iin, { '/loanRef': question.loanRef, 'Idempotency-Key': request.key });
    const made = await this.submit(clientId, question, { ...request, route });
    if ('answer' in made) return { answer: made.answer, isReplay: false };
    return { answer: answerOf(await this.receipt(made.replayOf)), isReplay: true };
  }

  /**
   * One check through the Journal, in a lane of the writer.
   * @throws Problem `idempotency-key-reused`, `not-permitted`, `party-suspended`, `registry-unavailable`
   */
  submit(clientId: string, question: Question, request: RoutedRequest, lane?: Lane): Promise<Made> {
    return this.journal.submit(this.act(clientId, question, request), lane);
  }

  /** @returns the JSON of a `CheckAnswer` @throws Problem `not-found`, also for another lender's check. */
  async read(clientId: string, checkId: string): Promise<string> {
    const check = await checkOf(this.dataSource.manager, clientId, idToUuid('chk', checkId));
    if (check === undefined) throw new Problem('not-found');
    return answerOf(await this.receipt(check.entryIndex));
  }

  /** Own checks in the order they were made. @returns the JSON of a `CheckPage` */
  async list(
    clientId: string,
    filter: Omit<CheckFilter, 'after'> & { readonly after?: string },
  ): Promise<string> {
    const { after, ...rest } = filter;
    const cursor = after === undefined ? undefined : uuidOfCursor(after);
    const rows = await checksOf(this.dataSource.manager, clientId, {
      ...rest,
      limit: filter.limit + 1,
      ...(cursor !== undefined && { after: cursor }),
    });
    const items = rows.slice(0, filter.limit).map(itemOf);
    const last = items.at(-1);
    const next = rows.length > filter.limit && last !== undefined ? last.checkId.slice(4) : null;
    return pageText({ items, next });
  }

  private act(
    clientId: string,
    question: Question,
    { route, key, bodyHmac }: RoutedRequest,
  ): Act<LenderTables, Rules, Made> {
    const [first, ...others] = subjectsOf(this.keys, question.iin);
    assert(first !== undefined);
    const request = { app: 'lender', party: clientId, route, key, bodyHmac };
    return idempotent<LenderTables, Rules, Made, Party>(request, {
      look: { refusals: [first, ...others] },
      permit: (seen) => lenderOf(seen.rules, clientId, seen.at),
      replayed: ({ entryIndex }) => {
        assert(entryIndex !== undefined);
        return { replayOf: entryIndex };
      },
      decide: (seen, lender) => {
        const check = makeCheck(seen as unknown as Seen<Tables, Rules>, lender, question, [first, ...others]);
        return {
          entries: [check.draft],
          rows: ([entry]) => {
            assert(entry !== undefined);
            const row = check.row(entry);
            const made = { resource: row.uuid, entryIndex: entry.index };
            return { checks: [row], idempotency: [keptKey(request, seen.at, made)] };
          },
          // Put into words before anybody is answered, so that the answers of a batch leave right behind each other.
          answer: (receipts) => {
            const [receipt] = receipts();
            assert(receipt !== undefined);
            return { answer: newAnswer(check.draft, seen.at, receipt) };
          },
        };
      },
    });
  }

  private async receipt(index: number): Promise<Receipt> {
    const receipt = await readReceipt(this.dataSource.manager, index);
    if (receipt === undefined) throw new Problem('not-found');
    return receipt;
  }
}

function uuidOfCursor(cursor: string): string {
  if (!isId('chk', `chk_${cursor}`))
    throw new Problem('request-malformed', { errors: [{ pointer: 'after', code: 'cursor-malformed' }] });
  return idToUuid('chk', `chk_${cursor}`);
}
