/**
 * Which key goes to which process. A process that lacks a key cannot be made to use it, so each gets
 * only what its own work needs: the lender's process can vouch for checks and loans and for no refusal, and the one that
 * speaks to bureaus delivers what it cannot read.
 */
import type { ProcessName } from '#libs/journal/entry.js';

/** The processes, by the names of their configurations. */
export type KeyedProcess =
  'citizen' | 'lender' | 'bureau' | 'access' | 'log' | 'clerk-worker' | 'clerk-signer' | 'tool';

/** Files of a keys directory; their shapes are read by `libs/platform/keys.ts`. */
export type KeyFile =
  | 'head.jwk.json'
  | 'lookup.json'
  | 'identity.json'
  | 'idempotency.json'
  | 'feed.json'
  | 'set.jwk.json'
  | 'access.jwks.json'
  | 'log.jwk.json'
  | 'registry.jwk.json';

/** App × key. The log holds no secret; the signer holds the log's key and sees no person. */
export const keyTable: Readonly<Record<KeyedProcess, readonly KeyFile[]>> = {
  citizen: ['head.jwk.json', 'lookup.json', 'identity.json', 'idempotency.json'],
  // What it seals, borrowers' numbers, its database role cannot read again.
  lender: ['head.jwk.json', 'lookup.json', 'identity.json', 'idempotency.json'],
  // As the lender's: it seals the numbers of borrowers and can read none.
  bureau: ['head.jwk.json', 'lookup.json', 'identity.json', 'idempotency.json', 'set.jwk.json'],
  access: ['access.jwks.json'],
  log: [],
  // The worker verifies the officials' acts for everybody, and signs that with a key for nothing else.
  'clerk-worker': ['head.jwk.json', 'lookup.json', 'identity.json', 'feed.json', 'registry.jwk.json'],
  'clerk-signer': ['log.jwk.json'],
  // Judges what bureaus were sent, for which it opens it; it has no key of a bureau, so it can read and not deliver.
  tool: ['head.jwk.json', 'lookup.json', 'identity.json', 'feed.json'],
};

/** What a signing key is for: `head/lender`, `access`, `log`. */
export type KeyPurpose = `head/${ProcessName}` | 'access' | 'log' | 'set' | 'registry';

/** The name under which a process appends; undefined for those that do not. */
export const appendsAs: Readonly<Partial<Record<KeyedProcess, ProcessName>>> = {
  citizen: 'citizen',
  lender: 'lender',
  bureau: 'bureau',
  'clerk-worker': 'clerk',
  tool: 'tool',
};
