/**
 * Makes the keys of a whole registry in memory: signing keys are generated, never derived, and one lookup and one
 * identity key are shared by the processes that need them. What is written where is `key-table.ts`.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { formatInstant } from '#libs/journal/instant.js';
import { appendsAs, keyTable, type KeyedProcess, type KeyFile, type KeyPurpose } from './key-table.js';
import { kindsOfPurpose } from '#libs/acts/purposes.js';

/** The public half of a signing key, as `key.published` will pin it. Instants are RFC 3339 texts. */
export interface PublicKey {
  readonly kid: string;
  readonly jwk: JWK;
  readonly purpose: KeyPurpose;
  /** Kinds of entry a head key may vouch for. */
  readonly kinds: readonly string[];
  readonly notBefore: string;
  readonly expiresAt: string;
}

/** Every file of every process as JSON, and what the world may know of them. */
export interface KeySet {
  readonly files: Readonly<Record<KeyedProcess, Readonly<Partial<Record<KeyFile, object>>>>>;
  readonly publicKeys: readonly PublicKey[];
}

/** The private and the public half of one signing key. */
export interface SigningPair {
  readonly privateJwk: JWK;
  readonly publicKey: PublicKey;
}

/** How long a signing key is used unless it is retired before. */
const validDays = 730;
const dayMs = 86_400_000;

/** @param now registry time in milliseconds, from which the keys count. */
export async function makeKeySet(now: number): Promise<KeySet> {
  const shared = {
    'lookup.json': { epochs: { '1': secret() } },
    'feed.json': { key: secret() },
    'identity.json': { keyId: randomBytes(4).toString('hex'), key: secret() },
  };
  const publicKeys: PublicKey[] = [];
  const make = async (purpose: KeyPurpose): Promise<JWK> => {
    const { privateJwk, publicKey } = await makeSigningKey(purpose, now);
    publicKeys.push(publicKey);
    return privateJwk;
  };
  const contentOf = async (app: KeyedProcess, file: KeyFile): Promise<object> => {
    if (file === 'head.jwk.json') return make(`head/${appendsAs[app] ?? 'tool'}`);
    if (file === 'log.jwk.json') return make('log');
    if (file === 'set.jwk.json') return make('set');
    if (file === 'registry.jwk.json') return make('registry');
    if (file === 'access.jwks.json') return { keys: [await make('access')] };
    if (file === 'idempotency.json') return { key: secret() };
    return shared[file];
  };
  const files: Partial<Record<KeyedProcess, Partial<Record<KeyFile, object>>>> = {};
  for (const [app, names] of Object.entries(keyTable) as [KeyedProcess, KeyFile[]][]) {
    const own: Partial<Record<KeyFile, object>> = {};
    for (const name of names) own[name] = await contentOf(app, name);
    files[app] = own;
  }
  return { files: files as KeySet['files'], publicKeys };
}

/** A fresh pair: Ed25519 for the log (C2SP signed-note), EC P-256 for everything that makes a JWS. */
export async function makeSigningKey(purpose: KeyPurpose, now: number): Promise<SigningPair> {
  const { privateKey } =
    purpose === 'log' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { d, ...open } = privateKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(open);
  const named = { ...open, kid, alg: purpose === 'log' ? 'EdDSA' : 'ES256', use: 'sig' };
  return {
    privateJwk: { ...named, ...(d !== undefined && { d }) },
    publicKey: {
      kid,
      jwk: named,
      purpose,
      kinds: kindsOfPurpose(purpose),
      notBefore: formatInstant(now),
      expiresAt: formatInstant(now + validDays * dayMs),
    },
  };
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
