import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  at,
  checkBody,
  flip,
  iat,
  iins,
  isAboutHead,
  issuer,
  makeHeadKey,
  now,
  origin,
  receiptOf,
  refusalOf,
  respelt,
  type MadeKey,
} from '../../test/support/made-receipts.js';
import { canonical } from './canonical.js';
import { formatInstant } from './instant.js';
import type { Receipt } from './receipt.js';
import { receiptErrorCodes, type ReceiptErrorCode } from './receipt-error.js';
import { verifyReceipt, type Expectations } from './verify-receipt.js';

const [iin, otherIin] = iins;
const seed = randomBytes(32);
const codesSeen = new Set<string>();
let lender: MadeKey;
let citizen: MadeKey;
let receipt: Receipt;

beforeAll(async () => {
  [lender, citizen] = await Promise.all([makeHeadKey('lender'), makeHeadKey('citizen')]);
  receipt = await receiptOf(lender, { body: checkBody(seed, iin), seed });
});

const jwks = (...keys: unknown[]) => ({ keys: keys.length === 0 ? [citizen.jwk, lender.jwk] : keys });
async function refusal(
  of: unknown,
  keys: unknown = jwks(),
  expected: Partial<Expectations> = {},
): Promise<string> {
  const code = await refusalOf(of, keys, { now, ...expected });
  if (code !== 'holds') codesSeen.add(code);
  return code;
}
const with_ = (members: Partial<Record<keyof Receipt, unknown>>) => ({ ...receipt, ...members });
type Row = [what: string, code: ReceiptErrorCode, bend: () => unknown];

describe('the shape of a receipt', () => {
  const rows: Row[] = [
    ['is null', 'receipt-malformed', () => null],
    ['is a text', 'receipt-malformed', () => JSON.stringify(receipt)],
    ['is a list', 'receipt-malformed', () => [receipt]],
    ['is empty', 'receipt-malformed', () => ({})],
    ['has an object for its entry', 'receipt-malformed', () => with_({ entry: JSON.parse(receipt.entry) })],
    ['has an entry of a megabyte', 'receipt-malformed', () => with_({ entry: ' '.repeat(1_000_000) })],
    ['has no head', 'receipt-malformed', () => with_({ head: undefined })],
    ['has its index as a text', 'receipt-malformed', () => with_({ index: '4' })],
    ['has a negative index', 'index-out-of-range', () => with_({ index: -1 })],
    ['has half an index', 'index-out-of-range', () => with_({ index: 4.5 })],
    ['has an index beyond 2^53', 'index-out-of-range', () => with_({ index: 2 ** 53 })],
    ['has an index at its size', 'index-out-of-range', () => with_({ index: 7 })],
    ['has no salt', 'salt-malformed', () => with_({ salt: undefined })],
    [
      'has a salt of 31 bytes',
      'salt-malformed',
      () => with_({ salt: Buffer.alloc(31).toString('base64url') }),
    ],
    [
      'has a salt of 33 bytes',
      'salt-malformed',
      () => with_({ salt: Buffer.alloc(33).toString('base64url') }),
    ],
    ['has a padded salt', 'salt-malformed', () => with_({ salt: `${receipt.salt}=` })],
    ['has a blank in its salt', 'salt-malformed', () => with_({ salt: ` ${receipt.salt}` })],
    ['has a salt with stray bits', 'salt-malformed', () => with_({ salt: respelt(receipt.salt) })],
    [
      'has a salt in base64',
      'salt-malformed',
      () => with_({ salt: Buffer.alloc(32, 255).toString('base64') }),
    ],
    ['has a person salt of null', 'person-salt-malformed', () => with_({ personSalt: null })],
    ['has an empty person salt', 'person-salt-malformed', () => with_({ personSalt: '' })],
    [
      'has a long person salt',
      'person-salt-malformed',
      () => with_({ personSalt: `${receipt.personSalt}AA` }),
    ],
    ['has no proof', 'proof-malformed', () => with_({ proof: undefined })],
    ['has its proof as a list', 'proof-malformed', () => with_({ proof: [receipt.proof] })],
    ['has half a hash in its proof', 'proof-malformed', () => with_({ proof: receipt.proof.slice(0, -8) })],
    ['has a padded proof', 'proof-malformed', () => with_({ proof: `${receipt.proof}=` })],
    [
      'has a proof of a thousand hashes',
      'proof-length',
      () => with_({ proof: Buffer.alloc(32_000).toString('base64url') }),
    ],
  ];
  it.each(rows)('is refused when it %s', async (_, code, bend) => expect(await refusal(bend())).toBe(code));
});

describe('the entry', () => {
  const body = () => JSON.parse(receipt.entry) as Record<string, unknown>;
  const entryWith = (members: Record<string, unknown>) =>
    receiptOf(lender, { text: canonical({ ...body(), ...members }), seed });
  const rows: Row[] = [
    ['is no JSON', 'entry-not-canonical', () => receiptOf(lender, { text: '{', seed })],
    ['is a list', 'entry-not-canonical', () => receiptOf(lender, { text: '[]', seed })],
    ['is null', 'entry-not-canonical', () => receiptOf(lender, { text: 'null', seed })],
    ['has a blank', 'entry-not-canonical', () => receiptOf(lender, { text: `${receipt.entry} `, seed })],
    [
      'has its members in another order',
      'entry-not-canonical',
      () => receiptOf(lender, { text: JSON.stringify({ v: 1, ...body() }), seed }),
    ],
    [
      'says its verdict twice',
      'entry-not-canonical',
      () =>
        receiptOf(lender, {
          text: receipt.entry.replace('"verdict":', '"verdict":"refused","verdict":'),
          seed,
        }),
    ],
    [
      'spells a letter as an escape',
      'entry-not-canonical',
      () => receiptOf(lender, { text: receipt.entry.replace('clear', '\\u0063lear'), seed }),
    ],
    [
      'spells a number with a fraction',
      'entry-not-canonical',
      () => receiptOf(lender, { text: receipt.entry.replace('"version":0', '"version":0.0'), seed }),
    ],
    [
      'holds half a surrogate pair',
      'entry-not-canonical',
      () => receiptOf(lender, { text: receipt.entry.replace('A-2026', '\\ud800'), seed }),
    ],
    [
      'nests ten thousand lists',
      'entry-not-canonical',
      () => receiptOf(lender, { text: `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}x`, seed }),
    ],
    ['is of a version to come', 'entry-malformed', () => entryWith({ v: 2 })],
    ['has its version as a text', 'entry-malformed', () => entryWith({ v: '1' })],
    ['has no id', 'entry-malformed', () => entryWith({ id: undefined })],
    ['has the id of a check', 'entry-malformed', () => entryWith({ id: body()['checkId'] })],
    [
      'has its id in capitals',
      'entry-malformed',
      () => entryWith({ id: String(body()['id']).toUpperCase() }),
    ],
    ['is of no kind', 'entry-malformed', () => entryWith({ kind: undefined })],
    ['is of a kind that no key could hold', 'entry-malformed', () => entryWith({ kind: 'toString' })],
    ['is of no time', 'entry-malformed', () => entryWith({ at: undefined })],
    ['is dated without milliseconds', 'entry-malformed', () => entryWith({ at: '2026-11-23T09:30:00Z' })],
    ['is dated in local time', 'entry-malformed', () => entryWith({ at: '2026-11-23T14:30:00.250+05:00' })],
    [
      'is dated on a day that does not exist',
      'entry-malformed',
      () => entryWith({ at: '2026-02-30T09:30:00.250Z' }),
    ],
    ['names its person by a number', 'entry-malformed', () => entryWith({ person: 1 })],
    [
      'names its person in 31 bytes',
      'entry-malformed',
      () => entryWith({ person: Buffer.alloc(31).toString('base64url') }),
    ],
    ['has a person but no version', 'entry-malformed', () => entryWith({ version: undefined })],
    ['has a negative version', 'entry-malformed', () => entryWith({ version: -1 })],
    ['follows nothing up', 'entry-malformed', () => entryWith({ about: 'ent_' })],
    ['has a previous entry that is no hash', 'entry-malformed', () => entryWith({ prev: 'x' })],
    [
      'is dated after its head',
      'head-before-entry',
      () => entryWith({ at: formatInstant((iat + 1) * 1000) }),
    ],
  ];
  it.each(rows)('is refused when it %s', async (_, code, bend) =>
    expect(await refusal(await bend())).toBe(code),
  );

  it('may be older than its head', async () => {
    expect(await refusal(await entryWith({ at: formatInstant(at - 86_400_000) }))).toBe('holds');
  });
});

describe('the place in the Journal', () => {
  const hashes = () => Buffer.from(receipt.proof, 'base64url');
  const rows: Row[] = [
    [
      'another entry',
      'inclusion-differs',
      () => with_({ entry: receipt.entry.replace('A-2026/117', 'A-2026/118') }),
    ],
    [
      'another verdict',
      'inclusion-differs',
      () => with_({ entry: receipt.entry.replace('"clear"', '"refused"') }),
    ],
    ['another salt', 'inclusion-differs', () => with_({ salt: flip(receipt.salt, 0) })],
    ['its neighbour’s place', 'inclusion-differs', () => with_({ index: 5 })],
    ['a place where proofs are shorter', 'proof-length', () => with_({ index: 6 })],
    [
      'a proof without its last hash',
      'proof-length',
      () => with_({ proof: hashes().subarray(0, -32).toString('base64url') }),
    ],
    ['no hash in its proof', 'proof-length', () => with_({ proof: '' })],
    [
      'a hash too many',
      'proof-length',
      () => with_({ proof: Buffer.concat([hashes(), Buffer.alloc(32)]).toString('base64url') }),
    ],
    ['a bit of its proof changed', 'inclusion-differs', () => with_({ proof: flip(receipt.proof, 40) })],
    [
      'its proof from the root downwards',
      'inclusion-differs',
      () =>
        with_({
          proof: Buffer.concat([
            hashes().subarray(64),
            hashes().subarray(32, 64),
            hashes().subarray(0, 32),
          ]).toString('base64url'),
        }),
    ],
  ];
  it.each(rows)('is refused with %s', async (_, code, bend) => expect(await refusal(bend())).toBe(code));

  it('is not shown by the head of another commit', async () => {
    const later = await receiptOf(lender, { body: checkBody(seed, iin), seed });
    expect(await refusal(with_({ head: later.head }))).toBe('inclusion-differs');
  });

  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [6, 0],
    [7, 9],
    [63, 1],
    [100, 411],
  ])('holds after %i entries and before %i of the same commit', async (before, after) => {
    const made = await receiptOf(lender, { body: checkBody(seed, iin), seed, before, after });
    expect(await refusal(made)).toBe('holds');
  });
});

describe('the person', () => {
  it('is shown by IIN and person salt together', async () => {
    const shown = await verifyReceipt(receipt, jwks(), { now, iin });
    expect(shown).toMatchObject({
      level: 'signed',
      person: 'shown',
      index: 4,
      key: { purpose: 'head/lender' },
    });
    expect(shown.entry).toEqual(JSON.parse(receipt.entry));
    expect(shown.head).toMatchObject({ iss: issuer, origin, size: 7, iat });
  });
  it('is not claimed to be shown when nobody gave an IIN', async () => {
    expect(await verifyReceipt(receipt, jwks(), { now })).toMatchObject({ person: 'not-compared' });
    const { personSalt: _, ...anonymous } = receipt;
    expect(await verifyReceipt(anonymous, jwks(), { now })).toMatchObject({ person: 'not-compared' });
  });
  it('is somebody else with another IIN, person salt or spelling', async () => {
    expect(await refusal(receipt, jwks(), { iin: otherIin })).toBe('person-differs');
    expect(await refusal(receipt, jwks(), { iin: `${iin}\n` })).toBe('person-differs');
    expect(await refusal(receipt, jwks(), { iin: '' })).toBe('person-differs');
    expect(await refusal(with_({ personSalt: flip(String(receipt.personSalt), 0) }), jwks(), { iin })).toBe(
      'person-differs',
    );
    expect(await refusal(with_({ personSalt: receipt.salt }), jwks(), { iin })).toBe('person-differs');
  });
  it('cannot be shown by a receipt without person salt', async () => {
    expect(await refusal(with_({ personSalt: undefined }), jwks(), { iin })).toBe('person-not-shown');
  });
  it('is nobody in an entry about nobody, whose receipt has no person salt', async () => {
    const stamp = await receiptOf(lender, { kind: 'notice.delivered' });
    expect(stamp).not.toHaveProperty('personSalt');
    expect(await verifyReceipt(stamp, jwks(), { now })).toMatchObject({ person: 'none' });
    expect(await refusal(stamp, jwks(), { iin })).toBe('person-not-shown');
    expect(await refusal({ ...stamp, personSalt: receipt.personSalt })).toBe('person-salt-malformed');
  });
});

describe('a receipt', () => {
  it('with members of a later version still holds, and they prove nothing', async () => {
    expect(await refusal({ ...receipt, proofs: [], verdict: 'refused' })).toBe('holds');
  });
  it('says nothing without a verifier’s clock', async () => {
    await expect(verifyReceipt(receipt, jwks(), { now: Number.NaN })).rejects.toThrow('whole seconds');
  });
  it('was refused above with every code there is, except those of the head', () => {
    expect([...codesSeen].sort()).toEqual(receiptErrorCodes.filter((code) => !isAboutHead(code)).sort());
  });
});
