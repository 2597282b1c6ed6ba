/** Rotation of the registry's signing keys, step by step with their entries, and what a stolen one is worth afterwards. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importJWK, type CryptoKey, type JWK } from 'jose';
import { verifyReceipt } from '#libs/journal/verify-receipt.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { jwkSet, keysNewestFirst } from '#libs/acts/jwk-set.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { diagnoseKeys } from '../../apps/tool/doctor/diagnosis.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { hasSignedHead } from '../../apps/tool/key/heads.store.js';
import { rotate, type Rotated } from '../../apps/tool/key/rotate.service.js';
import { rotatable } from '../../apps/tool/keygen/rotation.service.js';
import type { Change } from '#libs/acts/change.js';
import { checkBody, receiptOf } from '../support/made-receipts.js';
import { newJournal, origin } from '../support/journals.js';
import { enter, newOperator, type Operator } from '../support/operator.js';
import { validIins } from '../support/vectors.js';

let operator: Operator;
beforeAll(async () => {
  operator = await newOperator({ opens: true });
});
afterAll(() => operator.close());

const registry = () => operator.registry.journal.refreshRules();
const at = () => operator.registry.journal.registryNow();
const tx = () => operator.registry.dataSource.manager;

async function apply(change: Change | undefined): Promise<void> {
  if (change === undefined) throw new Error('nothing to sign');
  const text = await operator.acts.draft(change);
  await operator.acts.apply(text, await Promise.all([0, 1].map((who) => operator.sign(text, who))));
}

const next = async (purpose: string): Promise<Rotated> =>
  rotate(operator.keysRoot, purpose, await registry(), at(), (kid) =>
    purpose.startsWith('head/') ? hasSignedHead(tx(), kid) : Promise.resolve(undefined),
  );
const doctorOn = async (purpose: string): Promise<string> => {
  const lines = diagnoseKeys([...(await registry()).signingKeys.values()], { ownKid: '', at: at() });
  return lines.find(({ question }) => question === `key ${purpose}`)?.found ?? '';
};

/** One entry by a citizen app's process that has just been started with the key in its directory. */
async function append(): Promise<Receipt> {
  const source = await enter(operator.database, 'tyiym_citizen');
  const keys = join(operator.keysRoot, 'citizen');
  const headKey = readSigningKey(keys, 'head.jwk.json');
  const journal = newJournal(source, 'citizen', readLookupKeys(keys), {}, { headKey });
  const receipt = await journal.submit({
    look: {},
    decide: () => ({
      entries: [{ kind: 'trail.read', body: {} }],
      answer: (receipts) => receipts()[0] as Receipt,
    }),
  });
  await journal.stop();
  await source.destroy();
  return receipt;
}

const verified = async (receipt: Receipt): Promise<unknown> => {
  const jwks = jwkSet(keysNewestFirst((await new RegistryReader({}).read(tx())).registry));
  const now = Math.floor(Date.now() / 1000);
  return verifyReceipt(receipt, jwks, { now }).then(
    ({ key }) => key.kid,
    (error: { code: string }) => error.code,
  );
};

describe('a head key', () => {
  it('is rotated without a moment in which no key counts, and its entries tell how', async () => {
    const before = await append();
    const old = await verified(before);
    const made = await next('head/citizen');
    expect(made).toMatchObject({ step: { step: 'publish' }, change: { kind: 'key.published' } });
    // Cut short before the officials signed: the same key, the same step.
    expect((await next('head/citizen')).step).toEqual(made.step);
    await apply(made.change);
    expect(await doctorOn('head/citizen')).toContain('a rotation is under way');
    expect((await next('head/citizen')).step).toMatchObject({ step: 'activate' });
    expect((await next('head/citizen')).step).toMatchObject({ step: 'restart' });
    const after = await append();
    expect(await verified(after)).not.toBe(old);
    expect(await verified(before)).toBe(old);
    const retiring = await next('head/citizen');
    expect(retiring).toMatchObject({ step: { step: 'retire', kid: old }, change: { kind: 'key.retired' } });
    await apply(retiring.change);
    expect(await doctorOn('head/citizen')).toContain('live for');
    // What the old one signed in its time stands.
    expect(await verified(before)).toBe(old);
  });

  it('that was stolen vouches for nothing, of whatever date, from its entry on', async () => {
    const file = join(operator.keysRoot, 'citizen', 'head.jwk.json');
    const stolen = JSON.parse(readFileSync(file, 'utf8')) as JWK & { kid: string };
    const privateKey = (await importJWK(stolen, 'ES256')) as CryptoKey;
    const honest = await append();
    const forged = await receiptOf(
      { privateKey, jwk: { kid: stolen.kid } },
      {
        kind: 'refusal.placed',
        body: checkBody(randomBytes(32), validIins[0] ?? ''),
        head: { iat: Math.floor(Date.now() / 1000), origin, iss: 'http://127.0.0.1:8084' },
      },
    );
    expect(await verified(forged)).toBe(stolen.kid);
    await apply({ kind: 'key.compromised', body: { kid: stolen.kid } });
    expect(await verified(forged)).toBe('head-key-revoked');
    expect(await verified(honest)).toBe('head-key-revoked');
    expect(await doctorOn('head/citizen')).toContain('compromised and has no successor');
    await apply((await next('head/citizen')).change);
    expect((await next('head/citizen')).step).toMatchObject({ step: 'activate' });
    expect(await verified(await append())).not.toBe('head-key-revoked');
    // A stolen key needs no retirement.
    expect(await doctorOn('head/citizen')).toContain('live for');
  });
});

it.each(rotatable.filter((purpose) => purpose !== 'head/citizen'))(
  'the key %s is rotated by the same steps',
  async (purpose) => {
    const made = await next(purpose);
    await apply(made.change);
    expect((await next(purpose)).step).toMatchObject({ step: 'activate' });
    const then = await next(purpose);
    expect(then.step.step).toBe(purpose.startsWith('head/') ? 'restart' : 'retire');
    if (then.change !== undefined) await apply(then.change);
  },
);

it('after all of it everything still follows from the entries', async () => {
  const keysDir = operator.config.keysDir;
  const { findings } = await fsck({
    ...{ tx: tx(), origin, trust: operator.trust },
    ...{ identityKey: readIdentityKey(keysDir), lookupKeys: readLookupKeys(keysDir) },
  });
  expect(findings).toEqual([]);
});
