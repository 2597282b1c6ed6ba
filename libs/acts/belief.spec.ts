import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import type { EntryKind } from '#libs/journal/entry.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { afterEntry, noBelief, type Belief } from './belief.js';
import { partiesOf } from './parties.js';

const origin = 'sandbox.tyiym.kz/journal/1';
const opensAt = Date.UTC(2026, 10, 23);
/** Registry time is a day ahead of this machine's. */
const offsetMs = 86_400_000;

const newKey = async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  return { kid: await calculateJwkThumbprint(jwk), use: 'sig', jwk, notBefore: '2026-11-22T00:00:00.000Z' };
};
const [first, second, third] = [await newKey(), await newKey(), await newKey()];
const bank = {
  ...{ clientId: 'bank-alpha', kind: 'bank', bin: '010140000004', names: { kk: 'Б', ru: 'Б', en: 'B' } },
  ...{ scopes: ['checks'], resource: 'https://lender.example.kz', keys: [first, second] },
};
const official = (officialId: string, certSha256: string) => ({
  official: { officialId, name: 'Сынақ', role: 'operator', certSha256: [certSha256] },
});

let index = 0;
const read = (before: Belief, kind: EntryKind, body: object, atMs: number): Promise<Belief> => {
  const entry = JSON.stringify({ kind, ...body });
  index += 1;
  return afterEntry(before, { index, kind, at: atMs, entry, seed: randomBytes(32) }, {}, offsetMs);
};
const endedAt = (belief: Belief): number | undefined => partiesOf(belief).get('bank-alpha')?.tokensEndedAt;

let open: Belief;
beforeAll(async () => {
  const admitted = await read(noBelief, 'party.admitted', { party: bank }, opensAt);
  const one = await read(admitted, 'party.admitted', official('op-1', third.kid), opensAt);
  const two = await read(one, 'party.admitted', official('op-2', second.kid), opensAt);
  const regime = defaultRules.map(ruleToJson);
  open = await read(two, 'registry.opened', { origin, regime }, opensAt);
});

describe('the instant until which the tokens of a party ended, in machine time', () => {
  const at = opensAt + 3_600_000;
  const changed = (body: object): [EntryKind, object] => [
    'party.key-changed',
    { clientId: 'bank-alpha', ...body },
  ];

  it.each<[string, EntryKind, object]>([
    // Also of a key that leaked: there is no other act for it.
    ['one of its keys is retired', ...changed({ retired: first.kid })],
    ['it is suspended', 'party.suspended', { clientId: 'bank-alpha' }],
  ])('is that of the act by which %s, before a record covers it', async (_, kind, body) => {
    const after = await read(open, kind, body, at);
    expect(after.pending).toHaveLength(1);
    expect(endedAt(after)).toBe(at - offsetMs);
  });

  it.each<[string, EntryKind, object]>([
    ['a key that is only added', ...changed({ added: third })],
    ['an official who is suspended', 'party.suspended', { officialId: 'op-1' }],
    ['the end of another party’s key', 'party.key-changed', { clientId: 'bank-beta', retired: first.kid }],
  ])('is not moved by %s', async (_, kind, body) => {
    expect(endedAt(await read(open, kind, body, at))).toBeUndefined();
  });

  it('is the last of several, and never moves back', async () => {
    const once = await read(open, ...changed({ retired: first.kid }), at + 1000);
    const twice = await read(once, ...changed({ retired: second.kid }), at + 2000);
    expect(endedAt(twice)).toBe(at + 2000 - offsetMs);
    expect(endedAt(await read(twice, ...changed({ retired: first.kid }), at))).toBe(at + 2000 - offsetMs);
  });

  it('counts in the founding, too', async () => {
    const admitted = await read(noBelief, 'party.admitted', { party: bank }, opensAt);
    expect(endedAt(await read(admitted, ...changed({ retired: first.kid }), at))).toBe(at - offsetMs);
  });
});
