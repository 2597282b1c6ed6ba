import { beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  checkBody,
  flip,
  iat,
  iins,
  makeHeadKey,
  receiptOf,
  respelt,
  signedAs,
  type MadeKey,
} from '../../test/support/made-receipts.js';
import type { Receipt } from './receipt.js';

const script = 'test/e2e/verify-receipt.mjs';
const [iin, otherIin] = iins;
const seed = randomBytes(32);
/** The script reads the clock of the machine, so its keys live until 2099. */
const listed = (key: MadeKey) => ({ ...key.jwk, exp: 4_070_908_800 });
let lender: MadeKey;
let citizen: MadeKey;
let receipt: Receipt;
beforeAll(async () => {
  [lender, citizen] = await Promise.all([makeHeadKey('lender'), makeHeadKey('citizen')]);
  receipt = await receiptOf(lender, { body: checkBody(seed, iin), seed });
});

function run(input: object): { status: number | null; stdout: string; stderr: string } {
  const all = { receipt, jwks: { keys: [listed(citizen), listed(lender)] }, iin, ...input };
  return spawnSync(process.execPath, [script], {
    input: JSON.stringify(all),
    encoding: 'utf8',
    timeout: 20_000,
  });
}

describe('the script of 35 lines that needs nothing but Node', () => {
  it('has at most 35 lines and imports only node:crypto', () => {
    const text = readFileSync(script, 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(35);
    expect(text.match(/\b(import|require|getBuiltinModule)\b.*/g)).toEqual([
      "import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';",
    ]);
  });

  it('prints the entry of a receipt that holds, with and without the IIN', () => {
    expect(run({})).toEqual(expect.objectContaining({ status: 0, stdout: `${receipt.entry}\n`, stderr: '' }));
    expect(run({ iin: undefined })).toEqual(
      expect.objectContaining({ status: 0, stdout: `${receipt.entry}\n` }),
    );
  });

  it.each([
    [0, 0],
    [6, 0],
    [5, 8],
    [100, 411],
  ])('follows the proof of an entry with %i before it and %i after it', async (before, after) => {
    expect(
      run({ receipt: await receiptOf(lender, { body: checkBody(seed, iin), seed, before, after }) }).status,
    ).toBe(0);
  });

  const payload = () => Buffer.from(receipt.head.split('.')[1] ?? '', 'base64url').toString();
  it.each<[string, () => object | Promise<object>]>([
    ['of another person', () => ({ iin: otherIin })],
    [
      'that shows no person when one is asked for',
      () => ({ receipt: { ...receipt, personSalt: undefined } }),
    ],
    [
      'with another verdict',
      () => ({ receipt: { ...receipt, entry: receipt.entry.replace('clear', 'refused') } }),
    ],
    [
      'that is not canonical',
      async () => ({ receipt: await receiptOf(lender, { text: `${receipt.entry} `, seed }) }),
    ],
    ['with another salt', () => ({ receipt: { ...receipt, salt: flip(receipt.salt, 1) } })],
    ['with its salt in another spelling', () => ({ receipt: { ...receipt, salt: respelt(receipt.salt) } })],
    ['with a long salt', () => ({ receipt: { ...receipt, salt: `${receipt.salt}AA` } })],
    ['at another place', () => ({ receipt: { ...receipt, index: receipt.index + 1 } })],
    ['at no place', () => ({ receipt: { ...receipt, index: -1 } })],
    ['beyond the size', () => ({ receipt: { ...receipt, index: 7 } })],
    ['with a bit of its proof changed', () => ({ receipt: { ...receipt, proof: flip(receipt.proof, 70) } })],
    ['with a shorter proof', () => ({ receipt: { ...receipt, proof: receipt.proof.slice(0, 86) } })],
    [
      'with a longer proof',
      () => ({ receipt: { ...receipt, proof: Buffer.alloc(128).toString('base64url') } }),
    ],
    ['with a bit of its head changed', () => ({ receipt: { ...receipt, head: flipEnd(receipt.head) } })],
    [
      'with a head of another type',
      async () => ({
        receipt: { ...receipt, head: await signedAs(lender, { kid: lender.jwk.kid, typ: 'JWT' }, payload()) },
      }),
    ],
    ['signed by a key nobody published', () => ({ jwks: { keys: [listed(citizen)] } })],
    [
      'signed by a key for other kinds',
      async () => ({ receipt: await receiptOf(citizen, { body: checkBody(seed, iin), seed }) }),
    ],
    ['signed by a key that has expired', () => ({ jwks: { keys: [{ ...listed(lender), exp: iat + 1 }] } })],
    ['signed by a key that is revoked', () => ({ jwks: { keys: [{ ...listed(lender), revokedAt: iat }] } })],
    ['that is empty', () => ({ receipt: {} })],
  ])('fails for a receipt %s', async (_, bend) => {
    const { status, stdout } = run(await bend());
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  function flipEnd(head: string): string {
    const parts = head.split('.');
    return [...parts.slice(0, 2), flip(parts[2] ?? '', 20)].join('.');
  }
});
