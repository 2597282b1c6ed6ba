/**
 * Answers to a lender's check that must never lead to a loan, each with what is wrong with it: made by the registry's own
 * code, so that they are right in everything else. The SDK and the Java example are held against the same table.
 */
import { randomBytes } from 'node:crypto';
import { formatInstant } from '#libs/journal/instant.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { at, checkBody, flip, iins, makeHeadKey, now, receiptOf, type Wanted } from './made-receipts.js';

/** What a client is given to judge; `now` in milliseconds. */
export interface Judged {
  readonly answer: unknown;
  readonly question: {
    readonly iin: string;
    readonly product: 'microcredit';
    readonly stage: 'decision' | 'disbursement';
    readonly loanRef: string;
  };
  readonly jwks: { readonly keys: readonly Record<string, unknown>[] };
  readonly bin: string;
  readonly now: number;
}

export interface Case extends Judged {
  readonly name: string;
  /** Reason of the SDK, or undefined when it may lend. */
  readonly reason?: string;
}

type Members = Readonly<Record<string, unknown>>;

/** One good answer, and every way of being wrong that anybody thought of. */
export async function lenderCases(): Promise<readonly Case[]> {
  const [iin, otherIin] = iins;
  const key = await makeHeadKey('lender');
  const [stranger, citizenKey] = [await makeHeadKey('lender'), await makeHeadKey('citizen')];
  const made = async (changes: Members = {}, wanted: Wanted = {}, by = key): Promise<Members> => {
    const seed = randomBytes(32);
    const body = { ...checkBody(seed, iin), ...changes };
    const receipt = await receiptOf(by, { seed, body, ...wanted });
    const { checkId, verdict, validUntil, at: asOf } = JSON.parse(receipt.entry) as Members;
    return { checkId, verdict, asOf, validUntil, receipt };
  };
  const question = { iin, product: 'microcredit', stage: 'disbursement', loanRef: 'A-2026/117' } as const;
  const good = await made();
  const { receipt, ...bare } = good as Members & { readonly receipt: Receipt };
  const trust = { jwks: { keys: [key.jwk] }, bin: '061340000004', now: now * 1000 };
  const base = { answer: good, question, ...trust };
  const refused = await made({ verdict: 'refused', version: 1, validUntil: undefined });
  const bent = (changes: Members): Members => ({ ...good, receipt: { ...receipt, ...changes } });
  const keyed = (changes: Members): Judged['jwks'] => ({ keys: [{ ...key.jwk, ...changes }] });
  const asked = (changes: Partial<Judged['question']>): Judged['question'] => ({ ...question, ...changes });
  const validUntil = formatInstant(at + 3_600_000);

  const rows: readonly (readonly [string, string | undefined, Partial<Judged>])[] = [
    ['clear, and all of it is so', undefined, {}],
    ['an answer with members that came later', undefined, { answer: { ...good, later: 1 } }],
    ['the last millisecond of its validity', undefined, { now: at + 119_999 }],
    ['refused', 'refused', { answer: refused }],
    ['refused, said to be clear', 'answer-differs-from-receipt', { answer: { ...refused, verdict: 'clear' } }],
    ['a verdict nobody knows', 'verdict-unknown', { answer: { ...good, verdict: 'probably' } }],
    ['a verdict in capitals', 'verdict-unknown', { answer: { ...good, verdict: 'CLEAR' } }],
    ['a verdict in a list', 'verdict-unknown', { answer: { ...good, verdict: ['clear'] } }],
    ['no verdict', 'verdict-unknown', { answer: { receipt } }],
    ['no receipt', 'no-receipt', { answer: bare }],
    ['a receipt that is a text', 'no-receipt', { answer: { ...good, receipt: JSON.stringify(receipt) } }],
    ['nothing', 'no-answer', { answer: null }],
    ['a list', 'no-answer', { answer: [good] }],
    ['a text', 'no-answer', { answer: 'clear' }],
    ['another person', 'another-person', { question: asked({ iin: otherIin }) }],
    ['a person nobody named', 'no-question', { question: asked({ iin: '' }) }],
    ['another stage', 'another-stage', { question: asked({ stage: 'decision' }) }],
    ['another loan', 'another-loan', { question: asked({ loanRef: 'A-2026/118' }) }],
    ['another lender', 'another-lender', { bin: '200340000012' }],
    ['the very end of its validity', 'expired', { now: at + 120_000 }],
    ['a validity that the answer alone says', 'answer-differs-from-receipt', { answer: { ...good, validUntil } }],
    ['another check', 'answer-differs-from-receipt', { answer: { ...good, checkId: 'chk_0' } }],
    ['clear without an end', 'no-validity', { answer: await made({ validUntil: undefined }) }],
    ['an end that is no instant', 'no-validity', { answer: await made({ validUntil: 'soon' }) }],
    ['from later than the clock says', 'clock-behind', { now: at - 2001 }],
    ['an entry that is no check', 'not-a-check', { answer: await made({}, { kind: 'loan.reported' }), ...loans(key) }],
    ['an altered entry', 'receipt-not-valid', { answer: bent({ entry: receipt.entry.replace('117', '118') }) }],
    ['an altered salt', 'receipt-not-valid', { answer: bent({ salt: flip(receipt.salt, 5) }) }],
    ['an altered proof', 'receipt-not-valid', { answer: bent({ proof: flip(receipt.proof, 40) }) }],
    ['a proof cut short', 'receipt-not-valid', { answer: bent({ proof: '' }) }],
    ['another place', 'receipt-not-valid', { answer: bent({ index: receipt.index + 1 }) }],
    ['an altered head', 'receipt-not-valid', { answer: bent({ head: receipt.head.slice(0, -8) + 'AAAAAAAA' }) }],
    ['no salt of the person', 'receipt-not-valid', { answer: bent({ personSalt: undefined }) }],
    ['signed by a stranger', 'receipt-not-valid', { answer: await made({}, {}, stranger) }],
    ['signed by a key that may not vouch for checks', 'receipt-not-valid',
      { answer: await made({}, {}, citizenKey), jwks: { keys: [citizenKey.jwk] } }],
    ['signed by a key that was withdrawn', 'receipt-not-valid', { jwks: keyed({ revokedAt: now }) }],
    ['signed by a key that has expired', 'receipt-not-valid', { jwks: keyed({ exp: now - 1 }) }],
    ['no keys', 'receipt-not-valid', { jwks: { keys: [] } }],
  ]; // prettier-ignore
  return rows.map(([name, reason, changes]) => ({
    name,
    ...(reason !== undefined && { reason }),
    ...{ ...base, ...changes },
  }));
}

/** A key of the lender that may vouch for loans, too, so that only the kind of the entry is wrong. */
function loans(key: { readonly jwk: Record<string, unknown> }): Pick<Judged, 'jwks'> {
  const kinds = ['check.made', 'loan.reported'];
  return { jwks: { keys: [{ ...key.jwk, kinds }] } };
}
