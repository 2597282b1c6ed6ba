/** The doctor names what is wrong and what to do next, one thing at a time. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '#libs/platform/config.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { clockProblems } from '#libs/journal/own-clock.store.js';
import type { Diagnosis } from '../../apps/tool/doctor/diagnosis.js';
import { examine } from '../../apps/tool/doctor/doctor.service.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { openRegistry, toolJournal } from '../../apps/tool/registry.module.js';
import { freePort } from '../support/free-port.js';
import { enter, newOperator, type Operator } from '../support/operator.js';

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

/** As the owner would, past the guard of the head row. */
async function moveClock(offsetMs: number, origin: string): Promise<void> {
  const { superuser } = operator.database;
  await superuser.query(`SET session_replication_role = 'replica'`);
  await superuser.query('UPDATE journal_head SET clock_offset_ms = $1, origin = $2', [offsetMs, origin]);
  await superuser.query('RESET session_replication_role');
}

describe('the doctor', () => {
  it('has no complaint about a founded registry, and warns of apps that do not run', async () => {
    const lines = await examine(operator.config, toolJournal);
    expect(lines.filter(({ answer }) => answer === 'bad')).toEqual([]);
    expect(lines.filter(({ answer }) => answer === 'warning')).toHaveLength(2);
    expect(lines.map(({ question }) => question)).toEqual(
      expect.arrayContaining([
        'database',
        'migrations',
        'lookup key',
        'sentinel',
        'partitions',
        'key head/lender',
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
});
