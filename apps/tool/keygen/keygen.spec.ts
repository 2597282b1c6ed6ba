import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { kindsOf } from '#libs/journal/entry.js';
import { processNames } from '#libs/platform/config.js';
import { readIdempotencyKey, readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { keyTable } from './key-table.js';
import { readPublicKeys, writeKeys } from './keygen.service.js';
import { addLookupEpoch } from './lookup-epochs.service.js';
import { makeNextKey, rotatable, useNextKey } from './rotation.service.js';

const now = Date.parse('2026-11-23T00:00:00.000Z');
const home = mkdtempSync(join(tmpdir(), 'tyiym-keygen-'));
const out = join(home, 'keys');
const dir = (app: string): string => join(out, app);

beforeAll(() => writeKeys(out, now));
afterAll(() => {
  rmSync(home, { recursive: true });
});

describe('keygen', () => {
  it.each([
    ['citizen', ['head.jwk.json', 'idempotency.json', 'identity.json', 'lookup.json']],
    ['lender', ['head.jwk.json', 'idempotency.json', 'identity.json', 'lookup.json']],
    ['bureau', ['head.jwk.json', 'idempotency.json', 'identity.json', 'lookup.json', 'set.jwk.json']],
    ['access', ['access.jwks.json']],
    ['log', []],
    ['clerk-worker', ['feed.json', 'head.jwk.json', 'identity.json', 'lookup.json', 'registry.jwk.json']],
    ['clerk-signer', ['log.jwk.json']],
    ['tool', ['feed.json', 'head.jwk.json', 'identity.json', 'lookup.json']],
  ])('gives %s its own files and no other, readable by its user alone', (app, files) => {
    expect(readdirSync(dir(app)).toSorted()).toEqual(files);
    expect(statSync(dir(app)).mode & 0o777).toBe(0o700);
    for (const file of files) expect(statSync(join(dir(app), file)).mode & 0o777).toBe(0o600);
  });

  it('knows every process that has a configuration', () => {
    expect(Object.keys(keyTable).toSorted()).toEqual([...processNames].toSorted());
  });

  it('writes what the processes read', () => {
    for (const app of ['citizen', 'lender', 'bureau', 'clerk-worker', 'tool'])
      expect(readSigningKey(dir(app), 'head.jwk.json').key.asymmetricKeyType).toBe('ec');
    expect(readSigningKey(dir('clerk-signer'), 'log.jwk.json').key.asymmetricKeyType).toBe('ed25519');
    expect(readLookupKeys(dir('lender'))).toEqual(readLookupKeys(dir('citizen')));
    expect(readIdentityKey(dir('clerk-worker'))).toEqual(readIdentityKey(dir('citizen')));
    expect(readIdempotencyKey(dir('lender')).equals(readIdempotencyKey(dir('citizen')))).toBe(false);
  });

  it('publishes each signing key by its thumbprint, without its private half', async () => {
    const keys = readPublicKeys(out);
    expect(keys.map(({ purpose }) => purpose).toSorted()).toEqual([
      'access',
      'head/bureau',
      'head/citizen',
      'head/clerk',
      'head/lender',
      'head/tool',
      'log',
      'registry',
      'set',
    ]);
    for (const key of keys) {
      expect(key.jwk).not.toHaveProperty('d');
      expect(key.kid).toBe(await calculateJwkThumbprint(key.jwk));
    }
    const published = keys.find(({ purpose }) => purpose === 'head/lender');
    expect(published?.kid).toBe(readSigningKey(dir('lender'), 'head.jwk.json').kid);
  });

  it('lets a head key vouch for the kinds of its process and no other key for any', () => {
    const kinds = new Map(readPublicKeys(out).map((key) => [key.purpose, key.kinds]));
    expect(kinds.get('head/citizen')).toEqual(kindsOf.citizen);
    expect(kinds.get('head/citizen')).not.toContain('check.made');
    expect(kinds.get('access')).toEqual([]);
    expect(kinds.get('log')).toEqual([]);
  });

  it('never overwrites', async () => {
    const before = readFileSync(join(dir('lender'), 'lookup.json'), 'utf8');
    await expect(writeKeys(out, now)).rejects.toThrow('never overwritten');
    expect(readFileSync(join(dir('lender'), 'lookup.json'), 'utf8')).toBe(before);
  });

  it('leaves what was half made to the next run', async () => {
    const other = join(home, 'other');
    writeFileSync(`${other}.making`, 'rubbish');
    await writeKeys(other, now);
    expect(readPublicKeys(other)).toHaveLength(9);
  });
});

describe('rotation', () => {
  it.each(['head/lender', 'log'])(
    'of %s leaves the key in use until the next one is activated',
    async (purpose) => {
      const [app, file] =
        purpose === 'log'
          ? (['clerk-signer', 'log.jwk.json'] as const)
          : (['lender', 'head.jwk.json'] as const);
      const before = readSigningKey(dir(app), file).kid;
      const next = await makeNextKey(out, purpose, now + 1000);
      expect(readSigningKey(dir(app), file).kid).toBe(before);
      expect(readPublicKeys(out).map(({ kid }) => kid)).toEqual(expect.arrayContaining([before, next.kid]));
      await expect(makeNextKey(out, purpose, now)).rejects.toMatchObject({ code: 'EEXIST' });
      useNextKey(out, purpose);
      expect(readSigningKey(dir(app), file).kid).toBe(next.kid);
      expect(() => {
        useNextKey(out, purpose);
      }).toThrow('ENOENT');
    },
  );

  it('of access keeps the older keys behind the new one', async () => {
    const { kid } = await makeNextKey(out, 'access', now);
    useNextKey(out, 'access');
    const { keys } = JSON.parse(readFileSync(join(dir('access'), 'access.jwks.json'), 'utf8')) as {
      keys: { kid: string }[];
    };
    expect(keys).toHaveLength(2);
    expect(keys[0]?.kid).toBe(kid);
    expect(statSync(join(dir('access'), 'access.jwks.json')).mode & 0o777).toBe(0o600);
  });

  it('knows every purpose that is published, and no secret', async () => {
    expect(rotatable.toSorted()).toEqual(
      [...new Set(readPublicKeys(out).map(({ purpose }) => purpose))].toSorted(),
    );
    await expect(makeNextKey(out, 'lookup', now)).rejects.toThrow('only head/citizen');
  });

  it('of lookup adds an epoch to each process that has one, and finishes what was cut short', () => {
    const apps = ['citizen', 'lender', 'bureau', 'clerk-worker', 'tool'];
    const before = readLookupKeys(dir('lender'));
    const secrets = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));
    const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = secrets;
    expect(addLookupEpoch(out, first)).toBe(2);
    for (const app of apps) expect(readLookupKeys(dir(app))).toEqual(new Map([...before, [2, first]]));
    expect(statSync(join(dir('lender'), 'lookup.json')).mode & 0o777).toBe(0o600);

    const behind = readFileSync(join(dir('tool'), 'lookup.json'));
    expect(addLookupEpoch(out, second)).toBe(3);
    writeFileSync(join(dir('tool'), 'lookup.json'), behind);
    expect(addLookupEpoch(out, third)).toBe(3);
    for (const app of apps) expect(readLookupKeys(dir(app)).get(3)).toEqual(second);
    expect(readdirSync(dir('access'))).not.toContain('lookup.json');

    const foreign = { epochs: { 1: third.toString('base64url') } };
    writeFileSync(join(dir('tool'), 'lookup.json'), JSON.stringify(foreign));
    expect(() => addLookupEpoch(out, third)).toThrow('another key of epoch 1');
  });
});
