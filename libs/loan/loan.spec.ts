import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Made } from '#libs/journal/act.js';
import { reportLoan, type Borrower, type Terms } from './loan.js';

const at = Date.UTC(2026, 10, 23);
const contract = { party: 'bank', lenderBin: '010140000004', contractNumber: 'K-1' };
const terms: Terms = { product: 'bank-loan', amount: '1500000.00', signedAt: at - 1000 };
const borrower: Borrower = {
  ...{ personId: '7b1f5a8e-6f0d-4b7c-9a31-0c2d4e6f8a90', iin: '061313294730', version: 0 },
  subject: { epoch: 1, bytes: Buffer.alloc(32, 1) },
};
const made = { index: 7, kind: 'loan.reported', uuid: '019abf5a-8e6f-7d4b-9a31-0c2d4e6f8a90' } as Made;
const sealing = {
  identity: { keyId: randomBytes(4), secret: randomBytes(32) },
  mac: { epoch: 1, bytes: Buffer.alloc(32, 3) },
  random: randomBytes,
};
const earlier = reportLoan(at, contract, terms, borrower, { ...sealing, earlier: undefined }).row([made]);
const otherRow = '7b1f5a8e-6f0d-4b7c-9a31-0c2d4e6f8a91';

describe('a loan reported again', () => {
  it('of a person who has a second row meanwhile says nothing new', () => {
    const again = reportLoan(
      at,
      contract,
      terms,
      { ...borrower, personId: otherRow },
      { ...sealing, earlier },
    );
    expect(again.entries).toEqual([]);
  });

  it('of another person is an amendment and a report', () => {
    const other = {
      ...borrower,
      personId: otherRow,
      subject: { epoch: 1, bytes: Buffer.alloc(32, 2) },
    };
    const { entries } = reportLoan(at, contract, terms, other, { ...sealing, earlier });
    expect(entries.map(({ kind }) => kind)).toEqual(['loan.amended', 'loan.reported']);
  });
});
