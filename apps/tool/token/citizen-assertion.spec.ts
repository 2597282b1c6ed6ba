import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Party } from '#libs/party/party.js';
import { newKeyPair } from '../../../test/support/machine-client.js';
import { verifyCitizenAssertion } from '../../citizen/session/citizen-assertion.js';
import { makeCitizenAssertion } from './citizen-assertion.js';
import { citizenNamed, partyNamed, type SandboxHome } from './sandbox-home.js';

const now = Date.UTC(2026, 2, 1, 12);
const audience = 'http://citizen.test';
const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/iin-vectors.json', import.meta.url), 'utf8'),
) as { valid: { iin: string }[] };
const iin = String(vectors.valid[0]?.iin);

it('what the tool makes is what the citizen app accepts', async () => {
  const pair = await newKeyPair();
  const key = { kid: pair.kid, use: 'sig', jwk: { ...pair.publicJwk }, certSha256: null } as const;
  const channel: Party = {
    clientId: 'egov-portal',
    kind: 'channel',
    bin: '000000000000',
    names: { kk: 'P', ru: 'P', en: 'P' },
    scopes: ['citizen'],
    resource: audience,
    state: 'admitted',
    admittedAt: 0,
    keys: [{ ...key, notBefore: 0, expiresAt: null, retiredAt: null }],
  };
  const of = {
    clientId: 'egov-portal',
    kid: pair.kid,
    audience,
    iin,
    method: 'qr',
    nowS: now / 1000,
    jti: 'one',
  };
  const assertion = await makeCitizenAssertion(of, pair.privateKey);
  const { citizen } = await verifyCitizenAssertion(assertion, { channel, audience, registryNow: now, now });
  expect(citizen).toEqual({ iin, method: 'qr', authTime: now / 1000, channel: 'egov-portal' });
});

it('a name nobody has is answered with the names there are, and is not repeated', () => {
  const citizens = [
    { name: 'aigerim', iin },
    { name: 'marat', iin },
  ];
  const home: SandboxHome = { issuer: '', urls: {}, tlsCaFile: '', parties: [], citizens };
  expect(citizenNamed(home, 'marat')).toBe(citizens[1]);
  expect(() => citizenNamed(home, iin)).toThrow(/^no such citizen; there are: aigerim, marat$/);
  expect(() => partyNamed(home, 'bank-alpha')).toThrow(/^no such party; there are: $/);
});
