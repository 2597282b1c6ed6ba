import { describe, expect, it } from '@jest/globals';
import { cursorOf, readCursor, trailItem } from './trail.js';

const names = { kk: 'Банк', ru: 'Банк', en: 'Bank' };
const namesOf = (bin: string): typeof names | undefined => (bin === '010140000004' ? names : undefined);
const head = { v: 1, id: 'ent_x', at: '2026-03-01T09:00:00.000Z', person: 'pseudonym', version: 2 };

describe('an entry in the trail', () => {
  it('of a check shows the lender by name and what it was told, not what it wrote for itself', () => {
    const check = {
      ...{ ...head, kind: 'check.made', checkId: 'chk_x', lender: '010140000004', product: 'microcredit' },
      ...{ stage: 'decision', loanRef: 'A-1', verdict: 'refused', role: 'guarantor' },
    };
    expect(trailItem(JSON.stringify(check), namesOf)).toEqual({
      ...{ entryId: 'ent_x', kind: 'check.made', at: head.at, version: 2, checkId: 'chk_x' },
      ...{ product: 'microcredit', stage: 'decision', verdict: 'refused' },
      lender: { bin: '010140000004', names },
    });
    const gone = JSON.stringify({ ...check, lender: '020240000001' });
    expect(trailItem(gone, namesOf).lender).toEqual({ bin: '020240000001' });
  });

  it('of an own act shows the act, not the hashes it rests on', () => {
    const act = {
      ...{ ...head, kind: 'lift.requested', applicationId: 'app_x', channel: 'egov-portal', lockHours: 0 },
      ...{ identifiedBy: 'sms', cmsSha256: 'x', certSha256: 'x', documentSha256: 'x', revocationSha256: 'x' },
    };
    expect(trailItem(JSON.stringify(act), namesOf)).toEqual({
      ...{ entryId: 'ent_x', kind: 'lift.requested', at: head.at, version: 2 },
      ...{ applicationId: 'app_x', channel: 'egov-portal', lockHours: 0, identifiedBy: 'sms' },
    });
  });
});

describe('a cursor', () => {
  it('is read back, and no other text is one', () => {
    expect([0, 7, Number.MAX_SAFE_INTEGER].map((index) => readCursor(cursorOf(index)))).toEqual([
      ...[0, 7, Number.MAX_SAFE_INTEGER],
    ]);
    const others = [
      '',
      '7',
      'dDA3',
      `${cursorOf(7)}=`,
      `${cursorOf(7)}A`,
      Buffer.from('t-1').toString('base64url'),
    ];
    expect(others.map(readCursor)).toEqual(others.map(() => undefined));
  });
});
