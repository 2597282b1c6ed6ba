/** The keys of a process, from the directory only its user can read; an app has only its own. */
import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { readSecretFile } from './config.js';

/** A secret with its id, 4 bytes in hexadecimal. */
export interface NamedSecret {
  readonly keyId: string;
  /** 32 bytes, base64url. */
  readonly key: string;
}

/** `identity.json`: the key that seals and opens, and one that only opens. */
export interface IdentityFile extends NamedSecret {
  /** Will seal once every process can open it. */
  readonly next?: NamedSecret;
  /** Has sealed what is not wrapped anew yet. */
  readonly old?: NamedSecret;
}

/** The key in use as it seals, with those that only open. */
interface IdentityKey {
  readonly keyId: Buffer;
  readonly secret: Buffer;
  readonly beside?: readonly IdentityKey[];
}

/** A root of the streams' secrets, and the UTC day from which it counts; empty for the first. */
interface FeedRoot {
  readonly from: string;
  readonly secret: Buffer;
}

/** The private half of a signing key. */
export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** `head.jwk.json`, `log.jwk.json`, `set.jwk.json`, `registry.jwk.json`: one private JWK with its RFC 7638 thumbprint as `kid`. */
export function readSigningKey(
  dir: string,
  file: 'head.jwk.json' | 'log.jwk.json' | 'set.jwk.json' | 'registry.jwk.json',
): SigningKey {
  const jwk = read(dir, file) as { kid?: unknown };
  assert(typeof jwk.kid === 'string', `${file}: no kid`);
  return { kid: jwk.kid, key: createPrivateKey({ key: jwk, format: 'jwk' }) };
}

/** `lookup.json`: the lookup key of every live epoch, oldest first. */
export function readLookupKeys(dir: string): ReadonlyMap<number, Buffer> {
  const { epochs } = read(dir, 'lookup.json') as { epochs: Record<string, string> };
  const keys = Object.entries(epochs).map(([epoch, key]) => [Number(epoch), secretOf(key)] as const);
  assert(keys.length > 0, 'lookup.json: no epoch');
  return new Map(keys.toSorted(([a], [b]) => a - b));
}

/** `identity.json`: the key that wraps the data keys of persons, and the one beside it while it is exchanged. */
export function readIdentityKey(dir: string): IdentityKey {
  const { keyId, key, next, old } = read(dir, 'identity.json') as IdentityFile;
  const keyOf = (named: NamedSecret): IdentityKey => ({
    keyId: Buffer.from(named.keyId, 'hex'),
    secret: secretOf(named.key),
  });
  const beside = [next, old].filter((each) => each !== undefined).map(keyOf);
  return { ...keyOf({ keyId, key }), ...(beside.length > 0 && { beside }) };
}

/** `feed.json`: the roots of every stream's secrets, in the order of their days. */
export function readFeedRoots(dir: string): readonly [FeedRoot, ...FeedRoot[]] {
  const { key, later = [] } = read(dir, 'feed.json') as {
    key: string;
    later?: readonly { readonly from: string; readonly key: string }[];
  };
  return [
    { from: '', secret: secretOf(key) },
    ...later
      .map((root) => ({ from: root.from, secret: secretOf(root.key) }))
      .toSorted((a, b) => (a.from < b.from ? -1 : 1)),
  ];
}

/** `idempotency.json`: the key under which request bodies are compared. */
export function readIdempotencyKey(dir: string): Buffer {
  return secretOf((read(dir, 'idempotency.json') as { key: string }).key);
}

function read(dir: string, file: string): object {
  return JSON.parse(readSecretFile(join(dir, file))) as object;
}

function secretOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  assert(bytes.length === 32, 'a secret has 32 bytes');
  return bytes;
}
