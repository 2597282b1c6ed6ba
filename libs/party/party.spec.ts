import { describe, expect, it } from '@jest/globals';
import { isLive, partyScopes, pinsCertificate, scopeCounts, scopesOf, signingKeys } from './party.js';
import type { Party, PartyKey, PartyKind } from './party.js';

const kinds: readonly PartyKind[] = ['channel', 'bank', 'mfo', 'bureau', 'regulator', 'court'];

const key = (changes: Partial<PartyKey>): PartyKey => ({
  kid: 'k',
  use: 'sig',
  jwk: {},
  certSha256: null,
  notBefore: 100,
  expiresAt: null,
  retiredAt: null,
  ...changes,
});

const partyWith = (keys: readonly PartyKey[], changes: Partial<Party> = {}): Party => ({
  clientId: 'p',
  kind: 'bank',
  bin: '000000000000',
  names: { kk: 'p', ru: 'p', en: 'p' },
  scopes: ['checks', 'feed', 'unheard-of'],
  resource: 'http://lender.test',
  state: 'admitted',
  admittedAt: 0,
  keys,
  ...changes,
});

describe('a scope', () => {
  it.each([
    ['citizen', ['channel']],
    ['checks', ['bank', 'mfo']],
    ['loans', ['bank', 'mfo', 'bureau']],
    ['feed', ['bureau']],
    ['stamps', ['bureau']],
    ['unheard-of', []],
    ['toString', []],
  ])('%s counts for %j and nobody else', (scope, counting) => {
    expect(kinds.filter((kind) => scopeCounts(kind, scope))).toEqual(counting);
  });

  it('of a party that does not fit its kind is left out', () => {
    expect(scopesOf(partyWith([]))).toEqual(['checks']);
  });

  it('is known to the list of all', () => {
    expect(partyScopes.every((scope) => kinds.some((kind) => scopeCounts(kind, scope)))).toBe(true);
  });
});

describe('a key', () => {
  it.each<[string, Partial<PartyKey>, number, boolean]>([
    ['before its time', {}, 99, false],
    ['at its first instant', {}, 100, true],
    ['at its last instant', { expiresAt: 200 }, 199, true],
    ['once expired', { expiresAt: 200 }, 200, false],
    ['once retired', { retiredAt: 150 }, 150, false],
    ['retired before it expires', { expiresAt: 200, retiredAt: 150 }, 160, false],
    ['expired before it is retired', { expiresAt: 150, retiredAt: 200 }, 160, false],
    ['that does not end', {}, Number.MAX_SAFE_INTEGER, true],
  ])('%s counts or not', (_name, changes, at, counts) => {
    expect(isLive(key(changes), at)).toBe(counts);
  });

  it('overlaps with the next one: both sign', () => {
    const party = partyWith([
      key({ kid: 'old', expiresAt: 200 }),
      key({ kid: 'new' }),
      key({ kid: 'e', use: 'enc' }),
    ]);
    expect(signingKeys(party, 150).map(({ kid }) => kid)).toEqual(['old', 'new']);
    expect(signingKeys(party, 200).map(({ kid }) => kid)).toEqual(['new']);
  });

  it('pins its certificate only while it counts', () => {
    const party = partyWith([key({ certSha256: 'thumbprint', expiresAt: 200 })]);
    expect([99, 150, 200].map((at) => pinsCertificate(party, 'thumbprint', at))).toEqual([
      false,
      true,
      false,
    ]);
    expect(pinsCertificate(party, 'another', 150)).toBe(false);
  });
});
