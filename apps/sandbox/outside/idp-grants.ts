/**
 * Codes and access tokens of the identity provider: random, kept in memory, each code good once and for a minute. A
 * code that comes twice was stolen by one of the two, so the token it gave ends with it (RFC 6749 §4.1.2).
 */
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '#libs/platform/clock.js';
import type { Person } from './people.js';

interface Grant {
  readonly person: Person;
  readonly redirectUri: string;
  readonly expiresAt: number;
  /** Given for it already. */
  token?: string;
}

interface Token {
  readonly person: Person;
  readonly expiresAt: number;
}

const codeMs = 60_000;
/** Seconds a token is good. */
export const tokenSeconds = 600;
const maxKept = 10_000;

export class IdpGrants {
  private readonly grants = new LRUCache<string, Grant>({ max: maxKept });
  private readonly tokens = new LRUCache<string, Token>({ max: maxKept });

  constructor(private readonly clock: Clock) {}

  /** A code for somebody who signed in. */
  newCode(person: Person, redirectUri: string): string {
    const code = newSecret();
    this.grants.set(code, { person, redirectUri, expiresAt: this.clock() + codeMs });
    return code;
  }

  /** A token for a code; undefined when the code is unknown, used, expired, or was given for another address. */
  redeem(code: string, redirectUri: string): string | undefined {
    const grant = this.grants.get(code);
    if (grant === undefined) return undefined;
    if (grant.token !== undefined) {
      this.tokens.delete(grant.token);
      return undefined;
    }
    if (this.clock() >= grant.expiresAt || grant.redirectUri !== redirectUri) return undefined;
    grant.token = newSecret();
    this.tokens.set(grant.token, { person: grant.person, expiresAt: this.clock() + tokenSeconds * 1000 });
    return grant.token;
  }

  /** Whose token it is; undefined when it is none, or no longer. */
  bearer(token: string): Person | undefined {
    const found = this.tokens.get(token);
    return found !== undefined && this.clock() < found.expiresAt ? found.person : undefined;
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
