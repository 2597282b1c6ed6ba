/**
 * Receipts made in a spec by the code that makes them in the registry, from a small Journal of its own, so that each
 * part can be bent before it is verified. All times are the ones given here; no clock is read.
 */
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { KeyObject, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { canonical } from '#libs/journal/canonical.js';
import { leafOf, personOf, personSaltOf, saltOf } from '#libs/journal/commitment.js';
import { kindsOf, type EntryKind, type ProcessName } from '#libs/journal/entry.js';
import { signHead, type HeadPayload } from '#libs/journal/head.js';
import { newId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { makeReceipt, saltsOf, type Receipt } from '#libs/journal/receipt.js';
import { ReceiptError, type ReceiptErrorCode } from '#libs/journal/receipt-error.js';
import { verifyReceipt, type Expectations } from '#libs/journal/verify-receipt.js';
import { batchProofs } from '#libs/tlog/proof.js';
import { appendLeaves, emptyFrontier, leafHash, rootOf } from '#libs/tlog/tree.js';

export const at = Date.parse('2025-11-24T09:30:00.250Z');
/** Seconds of `at`, and a verifier's clock a minute later. */
export const iat = Math.floor(at / 1000);
export const now = iat + 60;
export const issuer = 'http://127.0.0.1:8084';
export const origin = 'sandbox.tyiym.kz/journal/1';

const vectors = JSON.parse(readFileSync('test/vectors/iin-vectors.json', 'utf8')) as {
  valid: { iin: string }[];
};
/** Two people who do not exist. */
export const iins = vectors.valid.slice(0, 2).map((row) => row.iin) as unknown as readonly [string, string];

export interface MadeKey {
  readonly privateKey: CryptoKey;
  /** As `/.well-known/jwks.json` lists it. */
  readonly jwk: Record<string, unknown> & { readonly kid: string };
}

/** A head key of a process, alive around `at`. */
export async function makeHeadKey(process: ProcessName): Promise<MadeKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint({ kty: kty ?? '', crv, x, y });
  const life = { nbf: iat - 3600, exp: iat + 365 * 86_400 };
  const listed = { kty, crv, x, y, kid, alg: 'ES256', use: 'sig', purpose: `head/${process}`, ...life };
  return { privateKey, jwk: { ...listed, kinds: kindsOf[process] } };
}

/** A `check.made` about the person with this IIN, without id and kind. */
export function checkBody(
  seed: Buffer,
  iin: string,
  verdict: 'clear' | 'refused' = 'clear',
): Record<string, unknown> {
  return {
    checkId: newId('chk', at),
    lender: '061340000004',
    person: personOf(personSaltOf(seed), iin),
    version: verdict === 'clear' ? 0 : 1,
    product: 'microcredit',
    stage: 'disbursement',
    loanRef: 'A-2026/117',
    verdict,
    ...(verdict === 'clear' && { validUntil: formatInstant(at + 120_000) }),
  };
}

export interface Wanted {
  readonly kind?: EntryKind;
  /** The whole text of the entry, in place of one made from `kind` and `body`. */
  readonly text?: string;
  readonly body?: Record<string, unknown>;
  readonly seed?: Buffer;
  /** Entries before and after this one in the Journal. */
  readonly before?: number;
  readonly after?: number;
  readonly head?: Partial<Record<keyof HeadPayload, unknown>>;
}

/** A receipt of one entry among others, its head signed with `key`. */
export async function receiptOf(key: MadeKey, wanted: Wanted = {}): Promise<Receipt> {
  const { kind = 'check.made', body = {}, seed = randomBytes(32), before = 4, after = 2 } = wanted;
  const entry = { v: 1, id: newId('ent', at), kind, at: formatInstant(at), ...body };
  const entryText = wanted.text ?? canonical(entry);
  const frontier = appendLeaves(emptyFrontier, strangers(before));
  const batch = [leafHash(leafOf(entryText, saltOf(seed))), ...strangers(after)];
  const grown = appendLeaves(frontier, batch);
  const payload = { iss: issuer, iat, origin, size: grown.size, root: rootOf(grown).toString('base64url') };
  const head = signHead(KeyObject.from(key.privateKey), key.jwk.kid, {
    ...payload,
    ...wanted.head,
  } as HeadPayload);
  const [proof = []] = batchProofs(frontier, batch);
  return makeReceipt({ entryText, ...saltsOf(entryText, seed), index: before, proof, head });
}

/** A head with a header of one's own choice over a payload of one's own choice. */
export async function signedAs(
  key: MadeKey,
  header: Record<string, unknown>,
  payload: string,
): Promise<string> {
  return new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(key.privateKey);
}

function strangers(count: number): Buffer[] {
  return Array.from({ length: count }, () => leafHash(randomBytes(60)));
}

/** The code a receipt is refused with, or `holds`. No refusal may name the person. */
export async function refusalOf(receipt: unknown, jwks: unknown, expected: Expectations): Promise<string> {
  try {
    await verifyReceipt(receipt, jwks as { keys: unknown[] }, expected);
    return 'holds';
  } catch (error) {
    if (!(error instanceof ReceiptError) || iins.some((iin) => error.message.includes(iin))) throw error;
    return error.code;
  }
}

/** Whether a code is about the head and its key. */
export function isAboutHead(code: ReceiptErrorCode): boolean {
  return (code.startsWith('head-') && code !== 'head-before-entry') || /^(issuer|origin)-/.test(code);
}

/** The base64url of the same bytes with one bit changed. */
export function flip(text: string, place: number): string {
  const bytes = Buffer.from(text, 'base64url');
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

/** The same bytes in another spelling: an unused bit of the last letter set. */
export function respelt(text: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + letters.charAt(letters.indexOf(text.slice(-1)) + 1);
}
