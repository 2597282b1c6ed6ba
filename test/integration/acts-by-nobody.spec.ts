/**
 * Acts of officials by nobody: everything is tried with the password of a database role and without an official, a head
 * key or the clerk's key. The rows may say what they like; what processes believe does not move.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, KeyObject, randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { signRecord } from '#libs/acts/act-record.js';
import { NotBelieved, type Belief } from '#libs/acts/belief.js';
import { jwkSet, keysNewestFirst } from '#libs/acts/jwk-set.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { formatInstant } from '#libs/journal/instant.js';
import { readIdentityKey, readSigningKey } from '#libs/platform/keys.js';
import { valueAt } from '#libs/regime/regime.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { sealAct } from '#libs/acts/sealed-act.js';
import { draftAct } from '#libs/acts/act-document.js';
import type { Change } from '#libs/acts/change.js';
import { signHead } from '#libs/journal/head.js';
import type { Role } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { pinsOf } from '../../apps/tool/pins/pins.service.js';
import { coverActs } from '../support/cover.js';
import { forgeAct, type Forgery } from '../support/forged-act.js';
import { newKeyPair } from '../support/machine-client.js';
import { newOperator, party, type Operator } from '../support/operator.js';

let operator: Operator;
let tool: pg.Client;
let clerk: pg.Client;
let pins: { readonly founding: string; readonly kid: string };
/** What a process that was told the pins believes; it keeps up, as every process does. */
let reader: RegistryReader;

const enter = async (role: Role): Promise<pg.Client> => {
  const client = new pg.Client(clientConfig(operator.database.target(role)));
  await client.connect();
  return client;
};
const tx = () => operator.registry.dataSource.manager;
const believed = (): Promise<Belief> => reader.read(tx());
const cover = () => coverActs({ config: { ...operator.config, acts: pins }, trust: operator.trust });

beforeAll(async () => {
  operator = await newOperator({ opens: true });
  pins = await pinsOf(tx());
  reader = new RegistryReader(pins);
  [tool, clerk] = [await enter('tyiym_tool'), await enter('tyiym_clerk_worker')];
}, 60_000);
afterAll(async () => {
  await Promise.all([tool.end(), clerk.end()]);
  await operator.close();
});

const lawOf = (value: number, source = 'a decree'): Change => ({
  kind: 'regime.changed',
  body: {
    rule: ruleToJson({
      ...{ name: 'liftDelay', subjectOfRule: '', value, appliesBy: 'signedAt', source },
      ...{ appliesFrom: Date.parse('2026-01-01T00:00:00.000Z'), certainty: 'sourced' },
    }),
  },
});

async function honest(change: Change): Promise<void> {
  const text = await operator.acts.draft(change);
  await operator.acts.apply(text, [await operator.sign(text, 0), await operator.sign(text, 1)]);
}

/** A head over the forged entry by the tool's own key, as somebody with its key as well would sign it. */
const byToolKey: NonNullable<Forgery['jws']> = ({ size, root, at }) => {
  const { key, kid } = readSigningKey(operator.config.keysDir, 'head.jwk.json');
  const { origin, logBase: iss } = operator.config;
  return signHead(key, kid, {
    ...{ iss, iat: Math.floor(at / 1000), origin, size },
    root: root.toString('base64url'),
  });
};

/** What a forged act comes to: what counts before the clerk has looked, and after; the clerk's reason. */
async function fate(forgery: Forgery): Promise<{ before: Belief; after: Belief; fault: string | undefined }> {
  const index = await forgeAct(tool, forgery);
  const before = await believed();
  const { refused } = await cover();
  return { before, after: await believed(), fault: refused.find((act) => act.index === index)?.fault };
}

describe('with the tool’s password', () => {
  it('a row in party_keys with its entry gives no tokens of any bank', async () => {
    const { kid, publicJwk: jwk } = await newKeyPair();
    const notBefore = formatInstant(Date.now() - 60_000);
    const { before, after, fault } = await fate({
      kind: 'party.key-changed',
      body: { clientId: 'bank-alpha', added: { kid, use: 'sig', jwk, notBefore } },
      rows: [
        `INSERT INTO party_keys VALUES ('bank-alpha', '${kid}', 'sig', '${JSON.stringify(jwk)}', NULL, '${notBefore}', NULL, NULL, $1)`,
      ],
    });
    for (const { registry } of [before, after])
      expect([...registry.partyKeys.values()].map((key) => key.kid)).not.toContain(kid);
    expect(fault).toBe('no head that may vouch for it stands over it');
    const { rows } = await tool.query('SELECT FROM party_keys WHERE kid = $1', [kid]);
    expect(rows).toHaveLength(1);
  });

  it('a suspended party is not revived, nor given scopes or another address', async () => {
    await honest({ kind: 'party.suspended', body: { clientId: 'bank-alpha' } });
    const again = await party('bank-alpha', 'bank', ['checks', 'loans']);
    const body = { party: { ...again, keys: [], resource: 'http://127.0.0.1:1' } };
    const { before, after } = await fate({
      ...{ kind: 'party.admitted', body },
      rows: [
        `UPDATE parties SET state = 'admitted', scopes = '{checks,loans}', resource = 'http://127.0.0.1:1', entry_index = $1
         WHERE client_id = 'bank-alpha'`,
      ],
    });
    for (const { registry } of [before, after])
      expect(registry.parties.get('bank-alpha')).toMatchObject({ state: 'suspended', scopes: ['checks'] });
    const { rows } = await tool.query(`SELECT state FROM parties WHERE client_id = 'bank-alpha'`);
    expect(rows).toEqual([{ state: 'admitted' }]);
    await honest({ kind: 'party.admitted', body: { party: { ...again, keys: [], scopes: ['checks'] } } });
    expect((await believed()).registry.parties.get('bank-alpha')).toMatchObject({ state: 'admitted' });
  });

  it('makes no law', async () => {
    const { before, after } = await fate({ ...lawOf(99, 'nobody') });
    for (const { registry } of [before, after])
      expect(valueAt(registry.regime, 'liftDelay', Date.now())).toBe(0);
  });

  it('makes no official, whose signature then counts for nothing', async () => {
    const { after } = await fate({
      kind: 'party.admitted',
      body: {
        official: { officialId: 'third', name: 'Сынақ', role: 'operator', certSha256: ['c'.repeat(43)] },
      },
    });
    expect([...after.registry.officials.keys()].toSorted()).toEqual(['official-1', 'official-2']);
  });

  it('publishes no key by which a stranger’s receipts would verify, and takes no revocation back', async () => {
    const { kid, publicJwk: jwk } = await newKeyPair();
    const lender = operator.foundation.publicKeys.find(({ purpose }) => purpose === 'head/lender');
    const { rows } = await tool.query<{ size: string }>('SELECT size FROM journal_head');
    const { before, after } = await fate({
      kind: 'key.published',
      body: { ...lender, kid, jwk, fromSize: Number(rows[0]?.size) },
    });
    for (const { registry } of [before, after])
      expect(jwkSet(keysNewestFirst(registry)).keys.map((key) => key.kid)).not.toContain(kid);
    await honest({ kind: 'key.compromised', body: { kid: lender?.kid } });
    const again = await fate({
      kind: 'key.published',
      body: { ...lender, fromSize: Number(rows[0]?.size) + 3 },
    });
    expect(again.after.registry.signingKeys.get(lender?.kid ?? '')).toHaveProperty('revokedAt');
  });

  it('blocks nobody: what makes safer counts at once, and no longer when the clerk has found it false', async () => {
    const { before, after } = await fate({ kind: 'party.suspended', body: { clientId: 'bank-alpha' } });
    expect(before.registry.parties.get('bank-alpha')?.state).toBe('suspended');
    expect(after.registry.parties.get('bank-alpha')?.state).toBe('admitted');
  });
});

describe('with the tool’s password and its head key', () => {
  /** An act with the signatures under it, as the tool would append it. */
  async function kept(
    change: Change,
    cms: readonly Buffer[],
    by: readonly string[],
    text: string,
  ): Promise<Forgery> {
    const actId = (JSON.parse(text) as { actId: string }).actId;
    const hashes = cms.map((each) => sha256(each));
    const row = sealAct(
      { actId, entryIndex: 0, act: text, cms },
      readIdentityKey(operator.config.keysDir),
      randomBytes,
    );
    const hex = (bytes: Buffer): string => `'\\x${bytes.toString('hex')}'::bytea`;
    const [first, second] = row.cms;
    return {
      ...{ kind: change.kind, body: { ...change.body, actId, by, cmsSha256: hashes }, jws: byToolKey },
      rows: [
        `INSERT INTO official_acts VALUES ('${actId}', $1, '${text}', ${hex(row.dataKey)},
           ARRAY[${hex(first ?? Buffer.alloc(0))}, ${hex(second ?? Buffer.alloc(0))}])`,
      ],
    };
  }

  const by = ['official-1', 'official-2'];
  const textOf = (change: Change): string =>
    draftAct(change, {
      origin: operator.config.origin,
      at: Date.now(),
      actId: uuid7(),
      nonce: randomBytes(16),
    });

  it('an act without any signature counts for nothing', async () => {
    const { after, fault } = await fate({ ...lawOf(99), jws: byToolKey });
    expect(fault).toBe('no signed act is kept');
    expect(valueAt(after.registry.regime, 'liftDelay', Date.now())).toBe(0);
  });

  it('the signatures of another act do not sign this one', async () => {
    const other = textOf(lawOf(0, 'signed'));
    const cms = [await operator.sign(other, 0), await operator.sign(other, 1)];
    const change = lawOf(98);
    const { after, fault } = await fate(await kept(change, cms, by, textOf(change)));
    expect(fault).toBe('its signatures do not verify');
    expect(valueAt(after.registry.regime, 'liftDelay', Date.now())).toBe(0);
  });

  it('one official does not sign twice', async () => {
    const change = lawOf(97);
    const text = textOf(change);
    const cms = [await operator.sign(text, 0), await operator.sign(text, 0)];
    const { after, fault } = await fate(await kept(change, cms, by, text));
    expect(fault).toBe('it does not have the signatures of two officials');
    expect(valueAt(after.registry.regime, 'liftDelay', Date.now())).toBe(0);
  });

  it('an act is not applied again, nor under another entry', async () => {
    await honest(lawOf(0, 'first'));
    const { rows } = await tool.query<{ act: string; act_id: string }>(
      'SELECT act, act_id FROM official_acts ORDER BY entry_index DESC LIMIT 1',
    );
    const { act = '', act_id: actId = '' } = rows[0] ?? {};
    const cms = [await operator.sign(act, 0), await operator.sign(act, 1)];
    const again = await kept(lawOf(0, 'first'), cms, by, act);
    await expect(forgeAct(tool, again)).rejects.toMatchObject({ code: '23505' });
    const { fault } = await fate({ ...again, rows: [] });
    expect([actId.length, fault]).toEqual([36, 'no signed act is kept']);
  });

  it('an act that two officials did sign counts, so that nothing here is refused by mistake', async () => {
    const change = lawOf(1, 'both signed');
    const text = textOf(change);
    const cms = [await operator.sign(text, 0), await operator.sign(text, 1)];
    const { before, after, fault } = await fate(await kept(change, cms, by, text));
    expect(fault).toBeUndefined();
    expect(valueAt(before.registry.regime, 'liftDelay', Date.now())).toBe(0);
    expect(valueAt(after.registry.regime, 'liftDelay', Date.now())).toBe(1);
  });
});

describe('with the clerk’s password', () => {
  it('a record of another key, or about something else, covers nothing and is named', async () => {
    await forgeAct(tool, lawOf(96));
    const { pending, digest } = await believed();
    const through = pending.at(-1)?.index ?? 0;
    const stranger = await newKeyPair();
    const record = { through, digest: digest.toString('base64url'), refused: [] };
    const strangers = KeyObject.from(stranger.privateKey);
    for (const kid of [stranger.kid, pins.kid])
      await forgeAct(clerk, {
        kind: 'acts.verified',
        body: { jws: await signRecord({ kid, key: strangers }, record) },
      });
    const after = await believed();
    expect(after.pending.map(({ index }) => index)).toContain(through);
    expect(after.faults).toHaveLength(2);
    expect((await reader.doubts(tx())).warnings[0]).toContain('is no record of verified acts');
    expect(valueAt(after.registry.regime, 'liftDelay', Date.now())).toBe(1);
    await cover();
    expect(valueAt((await believed()).registry.regime, 'liftDelay', Date.now())).toBe(1);
  });

  it('an honest record for another moment is not taken for this one', async () => {
    const { rows } = await tool.query<{ jws: string }>(
      `SELECT entry::jsonb->>'jws' AS jws FROM entries WHERE kind = 'acts.verified' ORDER BY index`,
    );
    await forgeAct(tool, lawOf(95));
    for (const { jws } of rows) await forgeAct(clerk, { kind: 'acts.verified', body: { jws } });
    const { pending, registry } = await believed();
    expect(pending).toHaveLength(1);
    expect(valueAt(registry.regime, 'liftDelay', Date.now())).toBe(1);
    await cover();
  });
});

describe('with the password of any role', () => {
  it.each(['tyiym_citizen', 'tyiym_lender', 'tyiym_bureau', 'tyiym_access', 'tyiym_log'] as const)(
    '%s appends no act and writes no row of the registry',
    async (role) => {
      const client = await enter(role);
      try {
        await expect(forgeAct(client, lawOf(1))).rejects.toMatchObject({ code: '42501' });
        for (const table of [
          'parties',
          'party_keys',
          'signing_keys',
          'regime',
          'registry_acts',
          'official_acts',
        ])
          await expect(client.query(`INSERT INTO ${table} SELECT * FROM ${table}`)).rejects.toMatchObject({
            code: '42501',
          });
      } finally {
        await client.end();
      }
    },
  );
});

describe('a process', () => {
  it('believes no other founding than the one that its configuration pins', async () => {
    const other = new RegistryReader({ ...pins, founding: randomBytes(32).toString('base64url') });
    await expect(other.read(tx())).rejects.toThrow(NotBelieved);
    expect((await other.doubts(tx())).problems).toEqual([expect.stringContaining('founding')]);
  });

  it('follows the clerk’s key when two officials have published the next one', async () => {
    const next = await newKeyPair();
    const clerkKey = operator.foundation.publicKeys.find(({ purpose }) => purpose === 'registry');
    await honest({ kind: 'key.published', body: { ...clerkKey, kid: next.kid, jwk: next.publicJwk } });
    await honest({ kind: 'key.retired', body: { kid: clerkKey?.kid } });
    const index = await forgeAct(tool, lawOf(94));
    // The old key covers nothing any more, and the clerk that still has it leaves no belief behind.
    await cover();
    expect((await believed()).pending.map((act) => act.index)).toEqual([index]);
    const { pending } = await believed();
    expect(pending).toHaveLength(1);
    const fresh = new RegistryReader(pins);
    expect([...(await fresh.read(tx())).covered.signingKeys.keys()]).toContain(next.kid);
  });
});

const uuid7 = (): string => randomUUID().replace(/^(.{14})./, '$17');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url');
