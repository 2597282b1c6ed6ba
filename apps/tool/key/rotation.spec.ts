/** One rotation from beginning to end, and what becomes of it when it is cut short or a key was stolen. */
import { describe, expect, it } from '@jest/globals';
import type { SigningKeyRow } from '#libs/acts/registry.js';
import { isLive, nextStep } from './rotation.js';

const at = 1_000_000;
const key = (kid: string, fromSize: number, change: Partial<SigningKeyRow> = {}): SigningKeyRow => ({
  ...{ kid, fromSize, purpose: 'head/lender', kinds: [], jwk: {}, entryIndex: fromSize },
  ...{ notBefore: at - 1000, expiresAt: at + 1000 },
  ...change,
});
const old = key('old', 1);
const fresh = key('fresh', 9);

describe('a rotation', () => {
  it.each([
    ['begins with a key made beside the one in use', { keys: [old], inUse: 'old' }, { step: 'make' }],
    [
      'publishes it before anybody uses it',
      { keys: [old], inUse: 'old', waiting: 'fresh' },
      { step: 'publish', kid: 'fresh' },
    ],
    [
      'puts it in place once it is published',
      { keys: [old, fresh], inUse: 'old', waiting: 'fresh' },
      { step: 'activate', kid: 'fresh' },
    ],
    [
      'waits until the process signs with it',
      { keys: [old, fresh], inUse: 'fresh', hasSigned: false },
      { step: 'restart', kid: 'fresh' },
    ],
    [
      'retires the old one then',
      { keys: [old, fresh], inUse: 'fresh', hasSigned: true },
      { step: 'retire', kid: 'old' },
    ],
    [
      'retires it where nothing signed can be seen',
      { keys: [old, fresh], inUse: 'fresh' },
      { step: 'retire', kid: 'old' },
    ],
    [
      'is over when one is left, and can begin again',
      { keys: [key('old', 1, { retiredAt: at }), fresh], inUse: 'fresh', hasSigned: true },
      { step: 'make' },
    ],
    [
      'publishes again a key that expired while it waited',
      { keys: [old, key('fresh', 9, { expiresAt: at })], inUse: 'old', waiting: 'fresh' },
      { step: 'publish', kid: 'fresh' },
    ],
    [
      'retires nobody for a key in use that is not published',
      { keys: [old], inUse: 'stranger', hasSigned: true },
      { step: 'make' },
    ],
  ])('%s', (_, rotating, step) => {
    expect(nextStep(rotating, at)).toEqual(step);
  });
});

describe('a key', () => {
  it.each([
    ['is live between its hours', {}, true],
    ['is not before them', { notBefore: at + 1 }, false],
    ['is not after them', { expiresAt: at }, false],
    ['is not once it is retired', { retiredAt: at }, false],
    ['is not once it was stolen, whatever hour is given', { revokedAt: at - 999 }, false],
  ])('%s', (_, change, live) => {
    expect(isLive(key('k', 1, change), at)).toBe(live);
  });
});
