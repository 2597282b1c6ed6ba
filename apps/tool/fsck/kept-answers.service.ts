/** Answers kept for citizens: each opens with the key of the person it is about, and under the key it was kept for. */
import { openDataKey } from '#libs/subject/data-key.js';
import { unseal } from '#libs/subject/seal.js';
import type { Finding } from './finding.js';
import { keptAnswersAfter, type KeptAnswerRow } from './kept-answers.store.js';
import type { Slice, SliceRun } from './slice.service.js';

export const keptAnswers: Slice = {
  tables: ['idempotency_keys'],
  async compare(run) {
    const found: Finding[] = [];
    let after: KeptAnswerRow | undefined;
    do {
      const page: readonly KeptAnswerRow[] = await keptAnswersAfter(run.tx, after, run.pageSize);
      for (const row of page)
        if (!opens(row, run))
          found.push({
            ...{ code: 'row-differs', table: 'idempotency_keys' },
            row: [row.day, 'citizen', row.party, row.route, row.key].join(' '),
            what: 'differs in answer',
          });
      after = page.at(-1);
    } while (after !== undefined);
    return found;
  },
};

function opens(
  { party, route, key, personId, dataKey, answer }: KeptAnswerRow,
  { identityKey }: SliceRun,
): boolean {
  const place = { table: 'idempotency_keys', column: 'answer', row: `${party}\n${route}\n${key}` };
  try {
    unseal(openDataKey(identityKey, personId, dataKey), place, answer);
    return true;
  } catch {
    return false;
  }
}
