/** The plainest act of a lender that has a key: what specs of the writer submit. */
import type { Act } from '#libs/journal/act.js';
import { idempotencyName, idempotencyTable, utcDay } from '#libs/journal/idempotency.store.js';
import type { Receipt } from '#libs/journal/receipt.js';

/** Tables of a writer that takes it. */
export const onceTables = { idempotency: idempotencyTable };

/** Appends one entry under a key; the same key again appends nothing and answers with the index of the first. */
export function once(
  key: string,
  body: Record<string, unknown> = {},
): Act<typeof onceTables, object, Receipt | number> {
  const want = { app: 'lender', party: 'bank-alpha', route: 'POST /test', key };
  return {
    look: { idempotency: [want] },
    decide: (seen) => {
      const earlier = seen.find('idempotency', idempotencyName(want));
      if (earlier?.entryIndex !== undefined) {
        const { entryIndex } = earlier;
        return { entries: [], answer: () => entryIndex };
      }
      return {
        entries: [{ kind: 'notice.delivered', body: { key, ...body } }],
        rows: (made) => ({
          idempotency: made.map(({ index }) => ({
            ...want,
            day: utcDay(seen.at),
            bodyHmac: Buffer.alloc(32),
            entryIndex: index,
          })),
        }),
        answer: (receipts) => {
          const [receipt] = receipts();
          if (receipt === undefined) throw new Error('no receipt');
          return receipt;
        },
      };
    },
  };
}

/** The place of the entry, whichever answer it was. */
export function placeOf(answer: Receipt | number): number {
  return typeof answer === 'number' ? answer : answer.index;
}
