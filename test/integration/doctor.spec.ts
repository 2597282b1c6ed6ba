/** The doctor names what is wrong and what to do next, one thing at a time. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '#libs/platform/config.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { clockProblems } from '#libs/journal/own-clock.store.js';
import type { Diagnosis } from '../../apps/tool/doctor/diagnosis.js';
import { examine } from '../../apps/tool/doctor/doctor.service.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { openRegistry, toolJournal } from '../../apps/tool/registry.module.js';
import { witnessKey } from '../../apps/sandbox/witness/witness-key.js';
import { freePort } from '../support/free-port.js';
import { newFolder } from '../support/log-files.js';
import { enter, newOperator, type Operator } from '../support/operator.js';
import { newRegulator, PublishingRegistry } from '../support/publishing-registry.js';

let operator: Operator;
beforeAll(async () => {
  operator = await newOperator({ opens: true });
});
afterAll(() => operator.close());

/** Questions that were not answered well, each with its next step. */
async function complaints(config: Config): Promise<readonly Diagnosis[]> {
  const lines = await examine(config, toolJournal);
  return lines.filter(({ answer }) => answer === 'bad');
}

/** With another content in a file of the keys directory, until the test ends. */
async function withFile<T>(
  name: string,
  change: (text: string) => string,
  act: () => Promise<T>,
): Promise<T> {
  const file = join(operator.config.keysDir, name);
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, change(before));
  try {
    return await act();
  } finally {
    writeFileSync(file, before);
  }
}

/** As the owner would, past every guard. */
async function pastGuards(sql: string, parameters: readonly unknown[] = []): Promise<void> {
  const { superuser } = operator.database;
  await superuser.query(`SET session_replication_role = 'replica'`);
  await superuser.query(sql, [...parameters]);
  await superuser.query('RESET session_replication_role');
}

async function moveClock(offsetMs: number, origin: string): Promise<void> {
  await pastGuards('UPDATE journal_head SET clock_offset_ms = $1, origin = $2', [offsetMs, origin]);
}

/** The line about one question. */
async function lineAbout(question: string, config: Config = operator.config): Promise<Diagnosis | undefined> {
  const lines = await examine(config, toolJournal);
  return lines.find((line) => line.question === question);
}

describe('the doctor', () => {
  it('has no complaint about a founded registry, and warns of apps that do not run', async () => {
    const lines = await examine(operator.config, toolJournal);
    expect(lines.filter(({ answer }) => answer === 'bad')).toEqual([]);
    const { issuer, logBase } = operator.config;
    expect(lines.filter(({ answer }) => answer === 'warning').map(({ question }) => question)).toEqual([
      ...[`${logBase}/.well-known/jwks.json`, `${issuer}/jwks`],
      ...['unpublished entries', 'published end', 'connections'],
    ]);
    expect(lines.map(({ question }) => question)).toEqual(
      expect.arrayContaining([
        'database',
        'migrations',
        'lookup key',
        'sentinel',
        'partitions',
        'key head/lender',
        ...['move alarms', 'revocation lists', 'connections'],
      ]),
    );
  });

  it('names a keys directory that others can read', async () => {
    chmodSync(operator.config.keysDir, 0o755);
    const found = await complaints(operator.config);
    chmodSync(operator.config.keysDir, 0o700);
    expect(found.map(({ question }) => question)).toEqual(['keys directory']);
    expect(found[0]?.next).toContain('chmod 700');
  });

  it('names a lookup key that is another', async () => {
    const other = JSON.stringify({ epochs: { '1': randomBytes(32).toString('base64url') } });
    const found = await withFile(
      'lookup.json',
      () => other,
      () => complaints(operator.config),
    );
    expect(found.map(({ question }) => question)).toEqual(['lookup key', 'sentinel']);
  });

  it('names a clock that the owner moved outside of a sandbox, and so do readiness, the writer and fsck', async () => {
    const { database, trust } = operator;
    const config = { ...operator.config, origin: 'tyiym.kz/journal/1', sandbox: false };
    await moveClock(3_600_000, config.origin);
    try {
      expect((await complaints(config)).map(({ question }) => question)).toEqual(['clock offset']);
      for (const role of ['tyiym_access', 'tyiym_log', 'tyiym_clerk_signer', 'tyiym_tool'] as const) {
        const dataSource = await enter(database, role);
        expect(await clockProblems(dataSource, config)).toEqual(['clock offset']);
        expect(await clockProblems(dataSource, { sandbox: true })).toEqual([]);
        await dataSource.destroy();
      }
      const registry = await openRegistry(config);
      const change = { kind: 'party.suspended', body: { clientId: 'bank-alpha', reason: 'Сынақ' } } as const;
      await expect(registry.acts.found([change])).rejects.toMatchObject({ code: 'registry-unavailable' });
      const { findings } = await fsck({
        ...{ tx: registry.dataSource.manager, origin: config.origin, trust },
        identityKey: readIdentityKey(config.keysDir),
        lookupKeys: readLookupKeys(config.keysDir),
      });
      expect(findings.map(({ code }) => code)).toContain('clock-moved');
      await registry.close();
    } finally {
      await moveClock(0, operator.config.origin);
    }
    const dataSource = await enter(database, 'tyiym_access');
    expect(await clockProblems(dataSource, { sandbox: false })).toEqual([]);
    await dataSource.destroy();
  });

  it.each(['entries-blanked', 'entries-differ', 'refusals-differ'])(
    'says why nobody is answered, and that fsck names the rows: %s',
    async (kind) => {
      const { superuser } = operator.database;
      await superuser.query(`INSERT INTO doubts (kind, what) VALUES ($1, 'somewhere')`, [kind]);
      const found = await complaints(operator.config);
      await superuser.query('DELETE FROM doubts');
      expect(found).toMatchObject([{ question: 'answers', found: `none: ${kind}` }]);
      expect(found[0]?.next).toContain('tool fsck');
    },
  );

  it('names a head key that nobody published', async () => {
    const citizens = readFileSync(join(operator.keysRoot, 'citizen', 'head.jwk.json'), 'utf8');
    const found = await withFile(
      'head.jwk.json',
      () => citizens,
      () => complaints(operator.config),
    );
    expect(found.map(({ question }) => question)).toEqual(['own head key']);
  });

  it('names a configuration of another log', async () => {
    const found = await complaints({ ...operator.config, origin: 'sandbox.tyiym.kz/journal/2' });
    expect(found.map(({ question }) => question)).toEqual(['origin']);
  });

  it('names a database that is not there, and what to start', async () => {
    const port = await freePort();
    const { database } = operator.config;
    const found = await complaints({ ...operator.config, database: { ...database, port } });
    expect(found.map(({ question }) => question)).toEqual(['database']);
    expect(found[0]?.next).toContain('start PostgreSQL');
  });

  it('names migrations that did not run', async () => {
    await operator.database.owner.query(`UPDATE migrations SET name = 'x' || name WHERE id = 3`);
    const found = await complaints(operator.config);
    await operator.database.owner.query(`UPDATE migrations SET name = substr(name, 2) WHERE id = 3`);
    expect(found).toMatchObject([{ question: 'migrations', found: '1 did not run' }]);
  });

  it('names a move that entries and signatures contradicted', async () => {
    await pastGuards(
      `INSERT INTO move_alarms VALUES (3, 'no-document', registry_now() - interval '2 hours')`,
    );
    const found = await complaints(operator.config);
    await operator.database.superuser.query('DELETE FROM move_alarms');
    expect(found).toMatchObject([
      { question: 'move alarms', found: '1 in the last 30 days, the newest 2 h ago of entry 3: no-document' },
    ]);
    expect(found[0]?.next).toContain('tool fsck');
  });

  it('says how old the newest list of revoked certificates is', async () => {
    const { superuser } = operator.database;
    await superuser.query(
      `INSERT INTO revocation_lists VALUES (sha256('x'), 7, registry_now() - interval '27 hours', registry_now())`,
    );
    const line = await lineAbout('revocation lists');
    await superuser.query('DELETE FROM revocation_lists');
    expect(line).toMatchObject({ answer: 'warning', next: expect.stringContaining('crlUrls') });
    expect(line?.found).toMatch(/27 h old$/);
  });

  it('counts the connections of every role beside its limit', async () => {
    const line = await lineAbout('connections');
    expect(line?.found).toMatch(/tyiym_tool uses [1-9]/);
    expect(line?.found).toContain('tyiym_clerk_signer');
  });
});

describe('the doctor, of a log that publishes', () => {
  const folders = { tiles: newFolder(), witness: newFolder() };
  let regulator: Awaited<ReturnType<typeof newRegulator>>;
  let registry: PublishingRegistry;
  let config: Config;
  beforeAll(async () => {
    const { origin } = operator.config;
    regulator = await newRegulator(folders.witness, [PublishingRegistry.vkeyOf(operator, origin)]);
    const place = { operator, origin, regulator, tilesDir: folders.tiles, database: operator.database };
    registry = await PublishingRegistry.open(place);
    await registry.append(3);
    await registry.publish();
    const { url } = regulator;
    const { vkey } = witnessKey(folders.witness, 'witness.example/regulator');
    config = { ...operator.config, logBase: registry.url, witnesses: [{ url, vkey }] };
  });
  afterAll(async () => {
    await registry.close();
    await regulator.close();
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
  });

  it('says that the published end is the one of the database, and who witnessed it', async () => {
    const { rows } = await operator.database.superuser.query<{ size: string }>(
      'SELECT max(size) AS size FROM checkpoints',
    );
    expect(await lineAbout('published end', config)).toEqual({
      ...{ question: 'published end', answer: 'good' },
      found: `${rows[0]?.size} entries, the same in the database`,
    });
    expect(await lineAbout('witnessed end', config)).toMatchObject({
      ...{ answer: 'good', found: '1 of 1 witnesses signed the newest checkpoint' },
    });
    expect(await lineAbout('unpublished entries', config)).toMatchObject({ answer: 'good' });
  });

  it.each([
    ['a checkpoint that is gone', 'DELETE FROM checkpoints', 'is not in the database'],
    ['one with another root', `UPDATE heads SET root = sha256('x')`, 'the entries give'],
    ['entries cut off the end', 'UPDATE journal_head SET size = size - 1', 'its end is gone'],
  ])('names %s', async (_what, sql, found) => {
    const { superuser } = operator.database;
    for (const table of ['checkpoints', 'heads', 'journal_head'])
      await superuser.query(`CREATE TEMP TABLE kept_${table} AS SELECT * FROM ${table}`);
    await pastGuards(sql);
    const line = await lineAbout('published end', config);
    await pastGuards('DELETE FROM checkpoints');
    await pastGuards('INSERT INTO checkpoints SELECT * FROM kept_checkpoints');
    await pastGuards('UPDATE heads h SET root = k.root FROM kept_heads k WHERE k.size = h.size');
    await pastGuards('UPDATE journal_head SET size = k.size FROM kept_journal_head k');
    await superuser.query('DROP TABLE kept_checkpoints, kept_heads, kept_journal_head');
    expect(line).toMatchObject({ answer: 'bad', found: expect.stringContaining(found) });
  });
});
