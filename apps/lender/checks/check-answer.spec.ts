import { describe, expect, it } from '@jest/globals';
import { canonical } from '#libs/journal/canonical.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { answerOf, itemOf, newAnswer, pageText } from './check-answer.js';

const at = Date.UTC(2026, 10, 23);
const rows = [
  ['clear', 0],
  ['clear', 2],
  ['clear', 2_147_483_647],
  ['refused', 1],
  ['refused', 19],
  ['refused', 1_000_000_001],
] as const;

/** A check of one lender about one application: only what the registry knows of the person differs. */
function checkOf(verdict: 'clear' | 'refused', version: number) {
  const body = {
    ...{
      checkId: 'chk_01m833m14vep39sxqzgk6250sn',
      lender: '010140000004',
      product: 'bank-loan',
      stage: 'decision',
    },
    ...{ loanRef: 'a "quoted" reference', verdict },
    ...(verdict === 'clear' && { validUntil: formatInstant(at + 900_000) }),
  };
  const entry = canonical({ v: 1, id: 'ent_1', kind: 'check.made', at: formatInstant(at), version, ...body });
  const receipt = {
    entry,
    salt: 's',
    personSalt: 'p',
    index: 7,
    proof: 'x',
    head: 'h',
  } as unknown as Receipt;
  const person = { subject: { epoch: 1, bytes: Buffer.alloc(32) }, iin: '061313294730', version };
  return { draft: { kind: 'check.made', body, person } as const, receipt };
}

const lengthsOf = (texts: readonly string[]): readonly number[] => [
  ...new Set(texts.map((text) => Buffer.byteLength(text))),
];

describe('refused and clear, whatever the version of the refusal, are told in one length', () => {
  const checks = rows.map(([verdict, version]) => checkOf(verdict, version));

  it('in a new answer, and in the same answer again', () => {
    const made = checks.map(({ draft, receipt }) => newAnswer(draft, at, receipt));
    const again = checks.map(({ receipt }) => answerOf(receipt));
    expect(lengthsOf([...made, ...again])).toHaveLength(1);
    expect(made.map((text) => JSON.parse(text) as unknown)).toEqual(
      again.map((text) => JSON.parse(text) as unknown),
    );
    expect(JSON.parse(made[3] ?? '')).not.toHaveProperty('validUntil');
  });

  it('in an item of a batch', () => {
    const items = checks.map(({ receipt }) => answerOf(receipt, { ref: 'r' }));
    expect(lengthsOf(items)).toHaveLength(1);
    expect(JSON.parse(items[0] ?? '')).toMatchObject({ ref: 'r', verdict: 'clear' });
  });

  it('in a list', () => {
    const row = { uuid: '019abf5a-8e6f-7d4b-9a31-0c2d4e6f8a90', lender: 'l', entryIndex: 1, version: 1, at };
    const said = { ...row, product: 'bank-loan', stage: 'decision', loanRef: 'x' } as const;
    const items = [
      itemOf({ ...said, verdict: 'clear', validUntil: at + 1 }),
      itemOf({ ...said, verdict: 'refused' }),
    ];
    const pages = items.map((item) => pageText({ items: [item, item], next: 'n' }));
    expect(lengthsOf(pages)).toHaveLength(1);
    expect(JSON.parse(pages[1] ?? '')).toEqual({ items: [items[1], items[1]], next: 'n' });
  });
});
