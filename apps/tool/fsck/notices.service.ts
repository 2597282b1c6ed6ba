/** Notices: each tells its lender of a placing and of a clear check of his about the same person, and each fetching is an entry. */
import type { EntityManager } from 'typeorm';
import { idText } from './id-text.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import { deliveriesBetween, deliveriesWithoutEntry, noticesAfter } from './notices.store.js';
import { compareRow } from './projections.js';

/** The rows that these entries of fetchings demand, and what the notices say that they are about. */
export async function compareDeliveriesOf(
  tx: EntityManager,
  entries: readonly ReadEntry[],
): Promise<readonly Finding[]> {
  const demanded = entries.filter(({ kind }) => kind === 'notice.delivered');
  const [first, last] = [demanded[0], demanded.at(-1)];
  if (first === undefined || last === undefined) return [];
  const found = await deliveriesBetween(tx, first.row.index, last.row.index + 1);
  const rows = new Map(found.map(({ entryIndex, ...row }) => [entryIndex, row]));
  return demanded.flatMap(({ row: { index, party }, members }) => {
    const { noticeId, about, told, loanRef, checkId } = members;
    const expected = { noticeId, about, told, party, loanRef: loanRef ?? null, checkId: checkId ?? null };
    const row = rows.get(index);
    const actual = row && {
      noticeId: idText('ntc', row.noticeUuid),
      about: idText('ent', row.about),
      ...{ told: row.kind, party: row.lender, loanRef: row.loanRef },
      checkId: row.checkUuid === null ? null : idText('chk', row.checkUuid),
    };
    return compareRow('notice_deliveries', String(index), expected, actual);
  });
}

/** Notices that tell of something that did not happen, or tell it to somebody who is not to know; fetchings nobody made. */
export async function compareNotices(tx: EntityManager, limit: number): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: Awaited<ReturnType<typeof noticesAfter>> = await noticesAfter(tx, after, limit);
    for (const { seq, rests } of page)
      if (!rests) found.push(...compareRow('notices', String(seq), undefined, {}));
    after = page.at(-1)?.seq;
  }
  let last: number | undefined = -1;
  while (last !== undefined) {
    const page: readonly { readonly entryIndex: number; readonly rests: boolean }[] =
      await deliveriesWithoutEntry(tx, last, limit);
    for (const { entryIndex, rests } of page)
      if (!rests) found.push(...compareRow('notice_deliveries', String(entryIndex), undefined, {}));
    last = page.at(-1)?.entryIndex;
  }
  return found;
}
