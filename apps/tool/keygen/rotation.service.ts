/**
 * Rotation of a signing key in two steps, with its publication between them: the next key is made beside the one in use,
 * `tool key publish` pins it, and only then does it take its place. Nothing is lost when either step is cut short.
 */
import { chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { KeyedProcess, KeyFile, KeyPurpose } from './key-table.js';
import { readPublicKeys, writePublicKeys } from './keygen.service.js';
import { makeSigningKey, type PublicKey } from './keys.js';
import { readJsonFile } from '#libs/platform/json-file.js';

/** Where the key of each purpose lies. */
const places: Readonly<Record<string, readonly [KeyedProcess, KeyFile]>> = {
  'head/citizen': ['citizen', 'head.jwk.json'],
  'head/lender': ['lender', 'head.jwk.json'],
  'head/bureau': ['bureau', 'head.jwk.json'],
  'head/clerk': ['clerk-worker', 'head.jwk.json'],
  'head/tool': ['tool', 'head.jwk.json'],
  access: ['access', 'access.jwks.json'],
  log: ['clerk-signer', 'log.jwk.json'],
  set: ['bureau', 'set.jwk.json'],
  registry: ['clerk-worker', 'registry.jwk.json'],
};

/** Purposes whose keys can be rotated so; secrets that seal or look up need every row written again. */
export const rotatable = Object.keys(places);

/**
 * Makes the next key of a purpose: `<file>.next` beside the one in use, its public half added to `publicKeys.json`.
 * @param now registry time in milliseconds.
 * @throws Error when a next key waits already.
 */
export async function makeNextKey(out: string, purpose: string, now: number): Promise<PublicKey> {
  const file = fileOf(out, purpose);
  const { privateJwk, publicKey } = await makeSigningKey(purpose as KeyPurpose, now);
  const next = purpose === 'access' ? { keys: [privateJwk, ...accessKeys(file)] } : privateJwk;
  writeFileSync(`${file}.next`, `${JSON.stringify(next, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  chmodSync(`${file}.next`, 0o600);
  writePublicKeys(out, [...readPublicKeys(out), publicKey]);
  return publicKey;
}

/** Puts the next key in the place of the one in use; tokens of the authorization server overlap, heads need not. */
export function useNextKey(out: string, purpose: string): void {
  const file = fileOf(out, purpose);
  renameSync(`${file}.next`, file);
}

/** Names of the key in use and of the one that waits beside it. */
export function kidsIn(out: string, purpose: string): { readonly inUse: string; readonly waiting?: string } {
  const file = fileOf(out, purpose);
  const kidOf = (path: string): string => {
    const read = readJsonFile(path) as JWK & { keys?: JWK[] };
    return String((read.keys?.[0] ?? read).kid);
  };
  const next = `${file}.next`;
  return { inUse: kidOf(file), ...(existsSync(next) && { waiting: kidOf(next) }) };
}

function fileOf(out: string, purpose: string): string {
  const place = places[purpose];
  if (place === undefined) throw new Error(`${purpose}: only ${rotatable.join(', ')} are rotated so`);
  return join(out, ...place);
}

function accessKeys(file: string): readonly JWK[] {
  return (readJsonFile(file) as { keys: JWK[] }).keys;
}
