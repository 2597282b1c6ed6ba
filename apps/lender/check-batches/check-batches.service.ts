/**
 * Batches of checks: each item goes through the Journal by itself, with its own entry, receipt and idempotency row, so
 * a batch that was cut short goes on where it ended when it comes again. The answer is there only when every item is
 * durable.
 */
import assert from 'node:assert/strict';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readReceipts } from '#libs/journal/journal.store.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { inTurns } from '#libs/platform/in-turns.js';
import { PROBLEM_BASE } from '#libs/platform/registry-tokens.js';
import { problemDocument } from '#libs/problem/problem-document.js';
import { Problem } from '#libs/problem/problem.js';
import { answerOf } from '../checks/check-answer.js';
import { ChecksService, type Made } from '../checks/checks.service.js';
import { CheckLimits } from '../limits/check-limits.service.js';
import { itemsOf, maxItems, parseBatch, type BatchItem } from './batch-items.js';

export interface BatchCall {
  readonly clientId: string;
  readonly requestId: string;
  readonly body: unknown;
  readonly idempotent: IdempotentRequest;
}

/** Of each request at most two slices wait for the writer, and what it holds are the texts of the others. */
const sliceLength = 512;
/** Items of the batches that this process works on, of one lender and of all; what they come to is held until it is sent. */
const maxOfLender = maxItems;
const maxInProgress = 4 * maxItems;
const route = 'POST /v1/check-batches';

@Injectable()
export class CheckBatchesService {
  private inProgress = 0;
  private readonly ofLender = new Map<string, number>();

  constructor(
    @Inject(ChecksService) private readonly checks: ChecksService,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(PROBLEM_BASE) private readonly problemBase: string,
    @Inject(CheckLimits) private readonly limits: CheckLimits,
  ) {}

  /**
   * Makes every check of a batch that can be made, and finds those that the same call made before.
   * @returns the JSON of the answer
   * @throws Problem about the whole call; what was made until then stays made, and the same call finds it again.
   */
  async make(call: BatchCall): Promise<{ readonly answer: Buffer; readonly isReplay: boolean }> {
    const items = itemsOf(call.body);
    const own = this.ofLender.get(call.clientId) ?? 0;
    // Its own batches are in the way: another lender's never are.
    if (own + items.length > maxOfLender) throw new Problem('too-many-requests', { retryAfterS: 5 });
    if (this.inProgress + items.length > maxInProgress) throw new Problem('registry-unavailable');
    this.count(call.clientId, items.length);
    try {
      return await this.makeAll(call, await parseBatch(items, call.idempotent.key, inTurns));
    } finally {
      this.count(call.clientId, -items.length);
    }
  }

  private count(clientId: string, change: number): void {
    const own = (this.ofLender.get(clientId) ?? 0) + change;
    if (own === 0) this.ofLender.delete(clientId);
    else this.ofLender.set(clientId, own);
    this.inProgress += change;
  }

  private async makeAll(
    call: BatchCall,
    items: readonly BatchItem[],
  ): Promise<{ readonly answer: Buffer; readonly isReplay: boolean }> {
    const parts: Buffer[] = [];
    const counts = { made: 0, found: 0 };
    let next = this.submit(call, items, 0);
    for (let from = 0; from < items.length; from += sliceLength) {
      const slice = next;
      // The writer has the next slice to go on with while this one is put into words.
      next = this.submit(call, items, from + sliceLength);
      const made = await settled(slice, next);
      for (const each of made) if (isMade(each)) counts['answer' in each ? 'made' : 'found'] += 1;
      const texts = await this.texts(call.requestId, items.slice(from, from + sliceLength), made);
      parts.push(Buffer.from(`${from === 0 ? '{"items":[' : ','}${texts.join(',')}`));
    }
    parts.push(Buffer.from(']}'));
    return { answer: Buffer.concat(parts), isReplay: counts.made === 0 && counts.found > 0 };
  }

  /**
   * What became of each item of a slice; undefined where there was nothing to make, a Problem where its lender has asked
   * about as many people today as it may.
   * @throws Problem of the first that failed, once nothing of the slice is under way any more.
   */
  private async submit(
    { clientId, idempotent }: BatchCall,
    items: readonly BatchItem[],
    from: number,
  ): Promise<readonly (Made | Problem | undefined)[]> {
    const { key, bodyHmac } = idempotent;
    const closed = this.limits.closedFor(clientId);
    const outcomes = await inTurns(items.slice(from, from + sliceLength), ({ asked }, place) => {
      if (asked instanceof Problem) return undefined;
      if (closed !== undefined) return new Problem('too-many-requests', closed);
      // One key has one spelling: digits follow the last "#", and the route is no other's.
      const request = { route, key: `${key}#${from + place}`, bodyHmac };
      // What fails is told when all have been asked for.
      return this.checks
        .submit(clientId, asked, request, 'bulk')
        .catch((error: unknown) => new Failed(error));
    });
    return (await Promise.all(outcomes)).map((outcome) => {
      if (outcome instanceof Failed) throw outcome.reason;
      return outcome;
    });
  }

  private async texts(
    requestId: string,
    items: readonly BatchItem[],
    made: readonly (Made | Problem | undefined)[],
  ): Promise<readonly string[]> {
    const earlier = made.flatMap((each) => (isMade(each) && 'replayOf' in each ? [each.replayOf] : []));
    const found = await readReceipts(this.dataSource.manager, earlier);
    return inTurns(items, ({ ref, asked }, place) => {
      const each = made[place];
      const problem = asked instanceof Problem ? asked : each instanceof Problem ? each : undefined;
      if (problem !== undefined)
        return JSON.stringify({ ref, problem: problemDocument(problem, this.problemBase, requestId) });
      assert(isMade(each));
      // The answer is an object that has members, and the reference comes before them.
      if ('answer' in each) return `{"ref":${JSON.stringify(ref)},${each.answer.slice(1)}`;
      const receipt = found.get(each.replayOf);
      // Its person was erased since: as for a single check, there is nothing here any more.
      if (receipt === undefined) {
        const gone = new Problem('not-found');
        return JSON.stringify({ ref, problem: problemDocument(gone, this.problemBase, requestId) });
      }
      return answerOf(receipt, { ref });
    });
  }
}

/** What became of an item that failed. */
class Failed {
  constructor(readonly reason: unknown) {}
}

function isMade(each: Made | Problem | undefined): each is Made {
  return each !== undefined && !(each instanceof Problem);
}

/** The first when it succeeded; when it failed, so that nothing of the call goes on behind its answer, after both. */
async function settled<T>(first: Promise<T>, second: Promise<T>): Promise<T> {
  second.catch(() => undefined);
  try {
    return await first;
  } catch (error) {
    await Promise.allSettled([second]);
    throw error;
  }
}
