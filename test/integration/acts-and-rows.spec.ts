/**
 * Rows of the registry follow its acts: tried with the password of the tool's database role, which may append every act.
 * A row without its act, and a row that differs from its act in any one column, are refused by the database.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { formatInstant } from '#libs/journal/instant.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { forgeAct, type Forgery } from '../support/forged-act.js';
import { newKeyPair } from '../support/machine-client.js';
import { newOperator, party, type Operator } from '../support/operator.js';

const integrity = '23000';
const then = formatInstant(Date.parse('2030-01-02T03:04:05.678Z'));
const pinned = 'c'.repeat(43);

let operator: Operator;
let tool: pg.Client;
let kid: string;

beforeAll(async () => {
  operator = await newOperator({ opens: true });
  tool = new pg.Client(clientConfig(operator.database.target('tyiym_tool')));
  await tool.connect();
  const keys = await tool.query<{ kid: string }>("SELECT kid FROM party_keys WHERE client_id = 'bank-alpha'");
  kid = keys.rows[0]?.kid ?? '';
}, 60_000);
afterAll(async () => {
  await tool.end();
  await operator.close();
});

/** SQL of an insert that gives each column the value of its expression. */
function insert(table: string, columns: Readonly<Record<string, string>>): string {
  return `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) VALUES (${Object.values(columns).join(', ')})`;
}

const text = (value: string): string => `'${value}'`;
const json = (value: unknown): string => `'${JSON.stringify(value)}'::jsonb`;

interface Case {
  readonly table: string;
  readonly forgery: Forgery;
  /** What the act says, column by column. */
  readonly says: Readonly<Record<string, string>>;
  /** Another value of each. */
  readonly wrong: Readonly<Record<string, string>>;
}

/** An honest row of each table with its act. */
async function cases(): Promise<readonly Case[]> {
  return [...(await partyCases()), ...officialAndLaw(), await keyCase()];
}

async function partyCases(): Promise<readonly Case[]> {
  const bank = await party('bank-new', 'bank', ['checks', 'loans']);
  const { kid: added, publicJwk } = await newKeyPair();
  const key = { kid: added, use: 'sig', jwk: publicJwk, certSha256: pinned, notBefore: then };
  return [
    {
      table: 'parties',
      forgery: { kind: 'party.admitted', body: { party: bank } },
      says: {
        ...{ client_id: text('bank-new'), kind: text('bank'), bin: text(String(bank['bin'])) },
        ...{ name_kk: text('Ұйым'), name_ru: text('Организация'), name_en: text('Organisation') },
        ...{ scopes: text('{checks,loans}'), resource: text('http://127.0.0.1:8081') },
        ...{ state: text('admitted'), admitted_at: '$2::timestamptz', entry_index: '$1::bigint' },
      },
      wrong: {
        ...{ client_id: text('bank-old'), kind: text('mfo'), bin: text('010140000005') },
        ...{ name_kk: text('x'), name_ru: text('x'), name_en: text('x') },
        ...{ scopes: text('{loans,checks}'), resource: text('http://127.0.0.1:8082') },
        ...{ state: text('suspended'), admitted_at: `$2::timestamptz - interval '1 ms'`, entry_index: '0' },
      },
    },
    {
      table: 'party_keys',
      forgery: { kind: 'party.key-changed', body: { clientId: 'bank-alpha', added: key } },
      says: {
        ...{ client_id: text('bank-alpha'), kid: text(added), use: text('sig'), jwk: json(publicJwk) },
        ...{ cert_sha256: text(pinned), not_before: text(then), expires_at: 'NULL', retired_at: 'NULL' },
        entry_index: '$1::bigint',
      },
      wrong: {
        ...{ client_id: text('regulator'), kid: text(kid.toLowerCase()), use: text('enc'), jwk: json({}) },
        ...{ cert_sha256: 'NULL', not_before: '$2::timestamptz', expires_at: text(then) },
        ...{ retired_at: '$2::timestamptz', entry_index: '0' },
      },
    },
  ];
}

function officialAndLaw(): readonly Case[] {
  const person = { officialId: 'third', name: 'Сынақ', role: 'operator', certSha256: ['x'] };
  const rule = {
    ...{ name: 'liftDelay', value: 0, appliesBy: 'signedAt', appliesFrom: then, source: 'a decree' },
    certainty: 'sourced',
  };
  return [
    {
      table: 'officials',
      forgery: { kind: 'party.admitted', body: { official: person } },
      says: {
        ...{ official_id: text('third'), name: text('Сынақ'), role: text('operator'), client_id: 'NULL' },
        ...{ cert_sha256: text('{x}'), state: text('admitted'), entry_index: '$1::bigint' },
      },
      wrong: {
        ...{ official_id: text('fourth'), name: text('x'), role: text('regulator') },
        ...{ client_id: text('regulator'), cert_sha256: text('{y}'), state: text('suspended') },
        entry_index: '0',
      },
    },
    {
      table: 'regime',
      forgery: { kind: 'regime.changed', body: { rule } },
      says: {
        ...{ name: text('liftDelay'), subject_of_rule: text(''), value: '0::text::jsonb' },
        ...{ applies_by: text('signedAt'), applies_from: text(then), applies_to: 'NULL' },
        ...{ enacted_on: 'NULL', source: text('a decree'), certainty: text('sourced') },
        entry_index: '$1::bigint',
      },
      wrong: {
        ...{ name: text('placeDelay'), subject_of_rule: text('bank-alpha'), value: '1::text::jsonb' },
        ...{ applies_by: text('askedAt'), applies_from: '$2::timestamptz', applies_to: text('2040-01-01') },
        ...{ enacted_on: text('2030-01-01'), source: text('x'), certainty: text('open'), entry_index: '0' },
      },
    },
  ];
}

async function keyCase(): Promise<Case> {
  const head = await newKeyPair();
  const published = {
    ...{ kid: head.kid, jwk: head.publicJwk, purpose: 'head/lender', kinds: ['check.made'] },
    ...{ notBefore: then, expiresAt: '2031-01-01T00:00:00.000Z' },
  };
  const size = (await tool.query<{ size: string }>('SELECT size FROM journal_head')).rows[0]?.size;
  return {
    table: 'signing_keys',
    forgery: { kind: 'key.published', body: { ...published, fromSize: Number(size) } },
    says: {
      ...{ kid: text(head.kid), purpose: text('head/lender'), kinds: text('{check.made}') },
      ...{ jwk: json(head.publicJwk), from_size: '$1::bigint', not_before: text(then) },
      ...{ expires_at: text(published.expiresAt), retired_at: 'NULL', revoked_at: 'NULL' },
      entry_index: '$1::bigint',
    },
    wrong: {
      ...{ kid: text('x'), purpose: text('head/citizen'), kinds: text('{refusal.lifted}'), jwk: json({}) },
      ...{ from_size: '0', not_before: text('2020-01-01'), expires_at: text('2099-01-01') },
      ...{ retired_at: '$2::timestamptz', revoked_at: '$2::timestamptz', entry_index: '0' },
    },
  };
}

describe('a row that comes with its act', () => {
  it.each(['parties', 'party_keys', 'officials', 'regime', 'signing_keys'])(
    'of %s is written when every column is what the act says, and in no other case',
    async (table) => {
      const made = (await cases()).find((each) => each.table === table);
      if (made === undefined) throw new Error('no such case');
      const { forgery, says, wrong } = made;
      const write = (columns: Readonly<Record<string, string>>): Promise<string> =>
        outcomeOf({ ...forgery, rows: [insert(table, columns)] });
      expect(Object.keys(wrong).toSorted()).toEqual(Object.keys(says).toSorted());
      const { rows } = await tool.query<{ name: string }>(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
        [table],
      );
      expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(says).toSorted());
      expect(await write(says)).toBe('written');
      for (const [column, value] of Object.entries(wrong))
        // A key of an unknown party already breaks the reference.
        expect([column, await write({ ...says, [column]: value })]).toEqual([
          column,
          expect.stringMatching(/^23(000|503|514)$/),
        ]);
    },
  );

  it('changes only along the edges of the act', async () => {
    const suspends = (columns: string): Forgery => ({
      ...{ kind: 'party.suspended', body: { clientId: 'bank-alpha' } },
      rows: [`UPDATE parties SET ${columns}, entry_index = $1 WHERE client_id = 'bank-alpha'`],
    });
    const honest = suspends(`state = 'suspended'`);
    expect(await outcomeOf(suspends(`state = 'suspended', scopes = '{checks,loans}'`))).toBe(integrity);
    expect(await outcomeOf(suspends(`name_en = 'x'`))).toBe(integrity);
    expect(await outcomeOf(honest)).toBe('written');
    expect(await outcomeOf(honest, honest)).toBe(integrity);
    expect(await outcomeOf(honest, suspends(`state = 'admitted'`))).toBe(integrity);
  });

  it('retires a key once, at the hour of the act, and never gives it back', async () => {
    const retires = (at: string): Forgery => ({
      ...{ kind: 'party.key-changed', body: { clientId: 'bank-alpha', retired: kid } },
      rows: [`UPDATE party_keys SET retired_at = ${at}, entry_index = $1 WHERE client_id = 'bank-alpha'`],
    });
    expect(await outcomeOf(retires('NULL'))).toBe(integrity);
    expect(await outcomeOf(retires(`'2030-01-01'`))).toBe(integrity);
    expect(await outcomeOf(retires('$2'))).toBe('written');
    expect(await outcomeOf(retires('$2'), retires('$2'))).toBe(integrity);
    expect(await outcomeOf(retires('$2'), retires('NULL'))).toBe(integrity);
  });

  it('revokes a key of the registry and never takes that back', async () => {
    const [{ kid: head } = { kid: '' }] = operator.foundation.publicKeys;
    const compromised = (at: string, since?: string): Forgery => ({
      ...{ kind: 'key.compromised', body: { kid: head, ...(since !== undefined && { since }) } },
      rows: [`UPDATE signing_keys SET revoked_at = ${at}, entry_index = $1 WHERE kid = '${head}'`],
    });
    const earlier = '2020-01-01T00:00:00.000Z';
    expect(await outcomeOf(compromised(`'${then}'`, then))).toBe(integrity);
    expect(await outcomeOf(compromised('$2'))).toBe('written');
    expect(await outcomeOf(compromised('$2'), compromised('NULL'))).toBe(integrity);
    expect(await outcomeOf(compromised(`'${earlier}'`, earlier), compromised('$2'))).toBe(integrity);
    expect(await outcomeOf(compromised('$2'), compromised(`'${earlier}'`, earlier))).toBe('written');
  });

  it('of an act that two officials signed says what the entry says, once', async () => {
    const body = { clientId: 'bank-alpha' };
    const id = '01890000-0000-7000-8000-000000000001';
    const act = { actId: id, kind: 'party.suspended', body };
    const signed = { ...body, actId: id, by: ['official-1', 'official-2'], cmsSha256: ['x', 'y'] };
    const row = (stated: unknown, actId = id, place = '$1'): readonly string[] => [
      `INSERT INTO official_acts VALUES ('${actId}', ${place}, '${JSON.stringify(stated)}', '', '{x,y}')`,
    ];
    const of = (changes: object, rows: readonly string[]): Forgery => ({
      kind: 'party.suspended',
      body: { ...signed, ...changes },
      rows,
    });
    for (const forged of [
      of({}, row({ ...act, body: { clientId: 'regulator' } })),
      of({}, row({ ...act, kind: 'party.admitted' })),
      of({}, row(act, '01890000-0000-7000-8000-000000000002')),
      of({}, row(act, id, '0')),
      of({ by: ['official-1', 'official-1'] }, row(act)),
      of({ cmsSha256: ['x'] }, row(act)),
    ])
      expect(await outcomeOf(forged)).toBe(integrity);
    expect(await outcomeOf(of({}, row(act)))).toBe('written');
    expect(await outcomeOf(of({}, row(act)), of({}, row(act)))).toBe('23505');
  });

  it('gives no party the key or the certificate of another', async () => {
    const [bank, other] = [await party('bank-new', 'bank', []), await party('bank-other', 'bank', [])];
    const admit = (clientId: string, body: object, key: object): Forgery => ({
      kind: 'party.admitted',
      body: { party: { ...body, keys: [key] } },
      rows: [
        `INSERT INTO parties VALUES ('${clientId}', 'bank', '010140000004', 'Ұйым', 'Организация', 'Organisation', '{}',
           'http://127.0.0.1:8081', 'admitted', $2, $1)`,
        `INSERT INTO party_keys SELECT '${clientId}', k->>'kid', 'sig', k->'jwk', k->>'certSha256',
           (k->>'notBefore')::timestamptz, NULL, NULL, $1 FROM (VALUES (${json(key)})) AS v (k)`,
      ],
    });
    const [first] = bank['keys'] as [object];
    const [second] = other['keys'] as [object];
    const honest = admit('bank-new', bank, { ...first, certSha256: pinned });
    expect(await outcomeOf(honest, admit('bank-other', other, { ...second, certSha256: pinned }))).toBe(
      integrity,
    );
    expect(await outcomeOf(honest, admit('bank-other', other, { ...first }))).toBe(integrity);
    expect(await outcomeOf(honest, admit('bank-other', other, second))).toBe('written');
  });
});

describe('a row without an act', () => {
  it.each([
    `UPDATE parties SET scopes = '{checks,loans}'`,
    `UPDATE parties SET resource = 'http://127.0.0.1:1'`,
    `UPDATE parties SET state = 'admitted'`,
    `UPDATE parties SET entry_index = entry_index`,
    `UPDATE party_keys SET retired_at = NULL`,
    `UPDATE officials SET cert_sha256 = '{x}'`,
    `UPDATE officials SET state = 'admitted'`,
    `UPDATE signing_keys SET revoked_at = NULL`,
    `INSERT INTO parties SELECT 'x', kind, bin, name_kk, name_ru, name_en, scopes, resource, state, admitted_at, entry_index FROM parties LIMIT 1`,
    `INSERT INTO party_keys SELECT client_id, 'x', use, jwk, cert_sha256, not_before, expires_at, retired_at, entry_index FROM party_keys LIMIT 1`,
    `INSERT INTO officials SELECT 'x', name, role, client_id, '{x}', state, entry_index FROM officials LIMIT 1`,
    `INSERT INTO regime SELECT name, subject_of_rule, value, applies_by, applies_from - interval '1 day', applies_to, enacted_on, source, certainty, entry_index FROM regime LIMIT 1`,
    `INSERT INTO signing_keys SELECT 'x', purpose, kinds, jwk, from_size, not_before, expires_at, retired_at, revoked_at, entry_index FROM signing_keys LIMIT 1`,
    `INSERT INTO official_acts VALUES (gen_random_uuid(), 0, '{}', '', '{x,y}')`,
  ])('is refused: %s', async (sql) => {
    await expect(tool.query(sql)).rejects.toMatchObject({ code: integrity });
  });

  it.each([
    `UPDATE parties SET kind = kind`,
    `UPDATE parties SET admitted_at = now()`,
    `UPDATE party_keys SET jwk = '{}'`,
    `UPDATE party_keys SET cert_sha256 = 'x'`,
    `UPDATE signing_keys SET kinds = '{}'`,
    `UPDATE signing_keys SET jwk = '{}'`,
    `UPDATE regime SET value = value`,
    `UPDATE closed_logs SET successor = 'x'`,
    `INSERT INTO closed_logs SELECT * FROM closed_logs`,
  ])('that nobody may change is not permitted at all: %s', async (sql) => {
    await expect(tool.query(sql)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a log', () => {
  it('is not closed with the tool’s password, whatever is appended with it', async () => {
    const closed = { origin: operator.config.origin, checkpoint: 'x\n100\nAAAA\n' };
    const body = { origin: 'sandbox.tyiym.kz/journal/2', closed, lost: { from: 0, to: 100 } };
    await expect(forgeAct(tool, { kind: 'log.broken', body })).rejects.toMatchObject({ code: '42501' });
    const { rows } = await operator.database.superuser.query('SELECT origin FROM journal_head');
    expect(rows).toEqual([{ origin: operator.config.origin }]);
  });

  it('needs its own act even of the owner', async () => {
    await operator.database.owner.query('BEGIN');
    const row = `INSERT INTO closed_logs SELECT origin, 'x', 1000, root, size - 1 FROM journal_head`;
    await expect(operator.database.owner.query(row)).rejects.toMatchObject({ code: integrity });
    await operator.database.owner.query('ROLLBACK');
  });
});

/** What becomes of the last of these, all in one transaction that is taken back: `written` or the error's SQLSTATE. */
async function outcomeOf(...forgeries: readonly Forgery[]): Promise<string> {
  await tool.query('BEGIN');
  try {
    for (const forgery of forgeries.slice(0, -1)) await forgeAct(tool, forgery);
    const [last] = forgeries.slice(-1);
    if (last === undefined) throw new Error('nothing to forge');
    return await forgeAct(tool, last).then(
      () => 'written',
      (error: unknown) => (error as { code: string }).code,
    );
  } finally {
    await tool.query('ROLLBACK');
  }
}
