import { beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign, FlattenedSign, exportJWK, generateKeyPair } from 'jose';
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
  signedAs,
  type MadeKey,
} from '../../test/support/made-receipts.js';
import { formatInstant } from './instant.js';
import type { Receipt } from './receipt.js';
import { receiptErrorCodes, type ReceiptErrorCode } from './receipt-error.js';
import { openHead } from './verify-head.js';
import type { Expectations } from './verify-receipt.js';

const [iin] = iins;
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

describe('the head', () => {
  const parts = () => receipt.head.split('.') as [string, string, string];
  const payload = () => Buffer.from(parts()[1], 'base64url').toString();
  const kid = () => lender.jwk.kid;
  const rows: Row[] = [
    ['is a head in two parts', 'head-malformed', () => parts().slice(0, 2).join('.')],
    ['is a head in four parts', 'head-malformed', () => `${receipt.head}.`],
    ['is empty', 'head-malformed', () => ''],
    [
      'is very long',
      'head-malformed',
      () =>
        signedAs(
          lender,
          { kid: kid(), typ: 'tyiym-head+jwt' },
          payload().replace('{', `{"long":"${'A'.repeat(4000)}",`),
        ),
    ],
    ['has a padded signature', 'head-malformed', () => `${receipt.head}==`],
    ['has its signature in another spelling', 'head-malformed', () => respelt(receipt.head)],
    ['has no signature', 'head-malformed', () => `${parts()[0]}.${parts()[1]}.`],
    [
      'has a DER signature',
      'head-malformed',
      () => `${parts()[0]}.${parts()[1]}.${Buffer.alloc(71, 48).toString('base64url')}`,
    ],
    ['has a header that is no JSON', 'head-malformed', () => `AAAA.${parts()[1]}.${parts()[2]}`],
    [
      'says it is of another type',
      'head-malformed',
      () => signedAs(lender, { kid: kid(), typ: 'JWT' }, payload()),
    ],
    ['says no type', 'head-malformed', () => signedAs(lender, { kid: kid() }, payload())],
    ['says no key', 'head-malformed', () => signedAs(lender, { typ: 'tyiym-head+jwt' }, payload())],
    [
      'brings its own key',
      'head-malformed',
      () => signedAs(lender, { kid: kid(), typ: 'tyiym-head+jwt', jwk: lender.jwk }, payload()),
    ],
    [
      'names a key at an address',
      'head-malformed',
      () => signedAs(lender, { kid: kid(), typ: 'tyiym-head+jwt', jku: issuer }, payload()),
    ],
    [
      'has critical extensions',
      'head-malformed',
      () =>
        new CompactSign(Buffer.from(payload()))
          .setProtectedHeader({ alg: 'ES256', kid: kid(), typ: 'tyiym-head+jwt', crit: ['b64'], b64: true })
          .sign(lender.privateKey),
    ],
    [
      'is not signed at all',
      'head-malformed',
      () =>
        `${Buffer.from(JSON.stringify({ alg: 'none', kid: kid(), typ: 'tyiym-head+jwt' })).toString('base64url')}.${parts()[1]}.${parts()[2]}`,
    ],
    [
      'is authenticated with the public key as a secret',
      'head-malformed',
      async () => {
        const key = Buffer.from(JSON.stringify(lender.jwk));
        const made = await new FlattenedSign(Buffer.from(payload()))
          .setProtectedHeader({ alg: 'HS256', kid: kid(), typ: 'tyiym-head+jwt' })
          .sign(key);
        return `${made.protected}.${made.payload}.${made.signature}`;
      },
    ],
    [
      'is of another algorithm',
      'head-malformed',
      async () => {
        const { privateKey } = await generateKeyPair('ES384');
        return new CompactSign(Buffer.from(payload()))
          .setProtectedHeader({ alg: 'ES384', kid: kid(), typ: 'tyiym-head+jwt' })
          .sign(privateKey);
      },
    ],
    [
      'has a bit of its signature changed',
      'head-signature',
      () => `${parts()[0]}.${parts()[1]}.${flip(parts()[2], 10)}`,
    ],
    [
      'has a signature of zeros',
      'head-signature',
      () => `${parts()[0]}.${parts()[1]}.${Buffer.alloc(64).toString('base64url')}`,
    ],
    [
      'has another payload',
      'head-signature',
      () =>
        `${parts()[0]}.${Buffer.from(payload().replace('"size":7', '"size":8')).toString('base64url')}.${parts()[2]}`,
    ],
    [
      'names a key but is signed by another',
      'head-signature',
      () => signedAs(citizen, { kid: kid(), typ: 'tyiym-head+jwt' }, payload()),
    ],
    [
      'has a payload that is no JSON',
      'head-malformed',
      () => signedAs(lender, { kid: kid(), typ: 'tyiym-head+jwt' }, 'size=7'),
    ],
    [
      'has a list for its payload',
      'head-malformed',
      () => signedAs(lender, { kid: kid(), typ: 'tyiym-head+jwt' }, '[]'),
    ],
  ];
  it.each(rows)('is refused when it %s', async (_, code, bend) => {
    expect(await refusal(with_({ head: await bend() }))).toBe(code);
  });

  it.each([
    ['no size', { size: undefined }],
    ['its size as a text', { size: '7' }],
    ['half a size', { size: 7.5 }],
    ['a negative size', { size: -7 }],
    ['no root', { root: undefined }],
    ['a root of 31 bytes', { root: Buffer.alloc(31).toString('base64url') }],
    ['a padded root', { root: `${Buffer.alloc(32).toString('base64url')}=` }],
    ['no issuer', { iss: undefined }],
    ['an empty origin', { origin: '' }],
    ['its time as a text', { iat: formatInstant(at) }],
    ['its time in fractions', { iat: at / 1000 }],
  ])('is refused with %s, though it is signed', async (_, head) => {
    expect(await refusal(await receiptOf(lender, { body: checkBody(seed, iin), seed, head }))).toBe(
      'head-malformed',
    );
  });

  it('of another log or Journal is refused where one is expected', async () => {
    expect(await refusal(receipt, jwks(), { issuer, origin })).toBe('holds');
    expect(await refusal(receipt, jwks(), { issuer: 'https://tyiym.kz' })).toBe('issuer-differs');
    expect(await refusal(receipt, jwks(), { issuer: `${issuer}/` })).toBe('issuer-differs');
    expect(await refusal(receipt, jwks(), { origin: 'tyiym.kz/journal/1' })).toBe('origin-differs');
  });

  it('is a text and nothing else', async () => {
    for (const head of [undefined, null, 7, [receipt.head], { head: receipt.head }])
      await expect(openHead(head, jwks())).rejects.toMatchObject({ code: 'head-malformed' });
    expect(await openHead(receipt.head, jwks())).toMatchObject({ payload: { size: 7 }, key: { kid: kid() } });
  });

  it('with members of a later version is still a head', async () => {
    const later = payload().replace('{', '{"later":1,');
    expect(
      await refusal(with_({ head: await signedAs(lender, { kid: kid(), typ: 'tyiym-head+jwt' }, later) })),
    ).toBe('holds');
  });

  it('of an empty Journal holds no entry', async () => {
    const empty = await receiptOf(lender, { before: 0, after: 0, head: { size: 0 } });
    expect(await refusal(empty)).toBe('index-out-of-range');
  });
});

describe('the key of the head', () => {
  const lenderWith = (members: Record<string, unknown>) => jwks({ ...lender.jwk, ...members });
  const rows: [what: string, code: ReceiptErrorCode | 'holds', keys: () => unknown][] = [
    ['the key set is empty', 'head-key-unknown', () => ({ keys: [] })],
    ['there is no key set', 'head-key-unknown', () => null],
    ['the key set is a list', 'head-key-unknown', () => [lender.jwk]],
    ['the keys are no list', 'head-key-unknown', () => ({ keys: { 0: lender.jwk } })],
    ['only another process has keys', 'head-key-unknown', () => jwks(citizen.jwk)],
    [
      'its identifier stands at another key',
      'head-key-malformed',
      () => jwks({ ...citizen.jwk, kid: lender.jwk.kid }),
    ],
    [
      'it stands twice',
      'head-key-malformed',
      () => jwks(lender.jwk, { ...lender.jwk, kinds: ['refusal.lifted'] }),
    ],
    ['it is on another curve', 'head-key-malformed', () => lenderWith({ crv: 'P-384' })],
    ['it is a secret', 'head-key-malformed', () => lenderWith({ kty: 'oct' })],
    ['it is for another algorithm', 'head-key-malformed', () => lenderWith({ alg: 'ES384' })],
    ['it is for encryption', 'head-key-malformed', () => lenderWith({ use: 'enc' })],
    ['it is for access tokens', 'head-key-malformed', () => lenderWith({ purpose: 'access' })],
    ['it is for nothing', 'head-key-malformed', () => lenderWith({ purpose: undefined })],
    ['it lists no kinds', 'head-key-malformed', () => lenderWith({ kinds: undefined })],
    ['its kinds are not all names', 'head-key-malformed', () => lenderWith({ kinds: ['check.made', 1] })],
    [
      'its kinds are a text that holds the kind',
      'head-key-malformed',
      () => lenderWith({ kinds: 'check.made' }),
    ],
    ['it has no end', 'head-key-malformed', () => lenderWith({ exp: undefined })],
    ['it has no beginning', 'head-key-malformed', () => lenderWith({ nbf: undefined })],
    ['its end is a text', 'head-key-malformed', () => lenderWith({ exp: String(now + 9) })],
    ['its revocation is null', 'head-key-malformed', () => lenderWith({ revokedAt: null })],
    [
      'its x is not on the curve',
      'head-key-malformed',
      () => lenderWith({ x: flip(String(lender.jwk['x']), 3) }),
    ],
    ['its x is padded', 'head-key-malformed', () => lenderWith({ x: `${String(lender.jwk['x'])}=` })],
    ['it has expired this second', 'head-key-expired', () => lenderWith({ exp: now })],
    ['it has expired though the head is older', 'head-key-expired', () => lenderWith({ exp: iat + 1 })],
    ['it was revoked before the head', 'head-key-revoked', () => lenderWith({ revokedAt: iat - 1 })],
    ['it was revoked after the head', 'head-key-revoked', () => lenderWith({ revokedAt: now })],
    ['it is to be revoked', 'head-key-revoked', () => lenderWith({ revokedAt: now + 1000 })],
    ['it begins after the head', 'head-outside-key-life', () => lenderWith({ nbf: iat + 1 })],
    ['it may vouch for nothing', 'head-key-not-for-kind', () => lenderWith({ kinds: [] })],
    ['it may vouch for other kinds', 'head-key-not-for-kind', () => lenderWith({ kinds: ['loan.reported'] })],
    ['it begins and ends around the head', 'holds', () => lenderWith({ nbf: iat, exp: now + 1 })],
    [
      'other keys and no keys stand beside it',
      'holds',
      () => jwks(null, 'x', { kty: 'OKP', kid: 'log' }, lender.jwk),
    ],
  ];
  it.each(rows)('counts for what it is when %s', async (_, code, keys) => {
    expect(await refusal(receipt, keys())).toBe(code);
  });

  it('of the citizen process cannot vouch for a check, nor that of the lender for a placing', async () => {
    expect(await refusal(await receiptOf(citizen, { body: checkBody(seed, iin), seed }))).toBe(
      'head-key-not-for-kind',
    );
    expect(await refusal(await receiptOf(lender, { kind: 'refusal.placed' }))).toBe('head-key-not-for-kind');
    expect(await refusal(await receiptOf(citizen, { kind: 'refusal.placed' }))).toBe('holds');
  });

  it('that would vouch for a head dated after its own end is refused, whatever the clock says', async () => {
    const late = await receiptOf(lender, {
      body: checkBody(seed, iin),
      seed,
      head: { iat: Number(lender.jwk['exp']) },
    });
    expect(await refusal(late)).toBe('head-outside-key-life');
  });

  it('made by somebody else for himself is unknown', async () => {
    const stranger = await makeHeadKey('lender');
    expect(await refusal(await receiptOf(stranger, { body: checkBody(seed, iin), seed }))).toBe(
      'head-key-unknown',
    );
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    expect(await refusal(receipt, jwks({ ...lender.jwk, ...(await exportJWK(publicKey)) }))).toBe(
      'head-key-malformed',
    );
  });
});

describe('the head and its key', () => {
  it('were refused above with every code there is about them', () => {
    const about = [...codesSeen].filter((code) => isAboutHead(code as ReceiptErrorCode)).sort();
    expect(about).toEqual(receiptErrorCodes.filter(isAboutHead).sort());
  });
});
