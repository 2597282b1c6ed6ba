/**
 * What the owner of the database can do, and fsck names: one byte of anything, or a lift that nobody signed. The
 * processes are stopped; each case works on a copy of the database of its own.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import type pg from 'pg';
import { startCluster, type Cluster } from '../../apps/sandbox/postgres/cluster.js';
import { grantConnect } from '../../apps/sandbox/postgres/provision.js';
import { forgeLift } from '../support/forged-lift.js';
import { findIins } from '../support/iin-hunt.js';
import { citizen, Party } from '../support/sandbox-calls.js';
import { asOwner, asSuperuser } from '../support/sandbox-database.js';
import { removeHome, Sandbox } from '../support/sandbox.js';

interface Finding {
  readonly code: string;
  readonly index?: number;
  readonly table?: string;
}
type Tampering = (client: pg.Client) => Promise<unknown>;

/** Tables whose triggers the owner must switch off first. */
const guarded = ['entries', 'refusals', 'journal_head', 'heads'];

let sandbox: Sandbox;
let cluster: Cluster;
let iins: readonly string[];
let copies = 0;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  iins = sandbox.content.citizens.map(({ iin }) => iin);
  const [portal, bank] = [await Party.of(sandbox, 'egov-portal'), await Party.of(sandbox, 'bank-alpha')];
  await portal.apply(citizen(sandbox, 'aigerim'), { kind: 'place', lockHours: 0 });
  await portal.apply(citizen(sandbox, 'aigerim'), { kind: 'lift' });
  for (const iin of iins) {
    const body = { iin, product: 'bank-loan', stage: 'decision', loanRef: 'A-117' };
    await bank.call('POST', '/v1/checks', { body });
  }
  await sandbox.stop();
  cluster = await startCluster({
    dir: sandbox.file('pg'),
    port: sandbox.place.base + 30,
    superuserPasswordFile: sandbox.file('secrets', 'postgres'),
  });
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  removeHome(sandbox.place);
}, 30_000);

describe('fsck', () => {
  it('finds nothing in a registry that nobody touched', async () => {
    expect(await foundAfter(() => Promise.resolve())).toEqual([]);
  }, 60_000);

  const flip = (column: string, at = 0): string =>
    `${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`;

  it.each([
    [
      'an entry',
      `UPDATE entries SET entry = replace(entry, 'A-117', 'A-118') WHERE index =
         (SELECT max(index) FROM entries WHERE kind = 'check.made')`,
      ['leaf-differs in an entry', 'row-differs in checks'],
    ],
    [
      'a check',
      `UPDATE checks SET loan_ref = 'A-118' WHERE check_id = (SELECT max(check_id::text)::uuid FROM checks)`,
      ['row-differs in checks'],
    ],
    ['a refusal', `UPDATE refusals SET lock_hours = 160 WHERE lock_hours = 168`, ['row-differs in refusals']],
    ['the head row', `UPDATE journal_head SET ${flip('root')}`, ['journal-head-differs in journal_head']],
    [
      'the signature of a head',
      `UPDATE heads SET jws = overlay(jws PLACING CASE substr(jws, 400, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 400)
       WHERE size = (SELECT max(size) FROM heads)`,
      ['head-signature in heads'],
    ],
    [
      'a CMS',
      `UPDATE signed_documents SET ${flip('cms', 40)} WHERE entry_index = (SELECT max(entry_index) FROM signed_documents)`,
      [
        'act-not-signed in an entry',
        // Without it the lift that rested on it was none, so the check after it should have been refused.
        'lift-not-requested in an entry',
        'verdict-differs in an entry',
        'validity-differs in an entry',
        'row-differs in refusals',
      ],
    ],
    [
      'what a bureau is to hold',
      `UPDATE stream_buckets SET ${flip('value')} WHERE (stream_id, bucket) =
         (SELECT stream_id, bucket FROM stream_buckets ORDER BY 1, 2 LIMIT 1)`,
      ['row-differs in stream_buckets', 'row-differs in stream_members'],
    ],
  ])(
    'names %s of which one byte was changed',
    async (_what, change, findings) => {
      const found = await foundAfter(async (client) => {
        expect((await client.query(change)).rowCount).toBe(1);
      });
      expect(found.map(inShort)).toEqual(findings);
    },
    60_000,
  );

  it('names a lift that nobody signed', async () => {
    let index = -1;
    const found = await foundAfter(async (client) => {
      index = await forgeLift(client, sandbox.iinOf('erlan'));
    });
    expect(found[0]).toMatchObject({ code: 'lift-not-requested', index });
    expect(found.map(inShort)).toEqual([
      'lift-not-requested in an entry',
      'head-signature in heads',
      'head-kinds in heads',
      'row-differs in refusals',
      // Its trigger was off as well.
      'row-missing in feed',
    ]);
  }, 60_000);
});

function inShort({ code, table }: Finding): string {
  return `${code} in ${table ?? 'an entry'}`;
}

/** What fsck finds in a copy of the database after this was done to it. */
async function foundAfter(tamper: Tampering): Promise<readonly Finding[]> {
  const database = `copy_${(copies += 1)}`;
  await asSuperuser(sandbox, async (client) => {
    await client.query(`CREATE DATABASE ${database} TEMPLATE tyiym OWNER tyiym_owner`);
    await grantConnect(client, database);
  });
  const withoutGuards = async (client: pg.Client): Promise<void> => {
    for (const table of guarded) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    await tamper(client);
    // The owner would leave no trace of having switched them off.
    for (const table of guarded) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  };
  await asOwner(sandbox, withoutGuards, { database, user: 'tyiym_owner', secret: 'tyiym_owner' });
  const config = JSON.parse(readFileSync(sandbox.file('config', 'tool.json'), 'utf8')) as {
    database: object;
  };
  const file = sandbox.file('config', `${database}.json`);
  writeFileSync(file, JSON.stringify({ ...config, database: { ...config.database, name: database } }));
  const { code, out, err } = await sandbox.tool(['fsck', '--json', '--config', file]);
  await asSuperuser(sandbox, (client) => client.query(`DROP DATABASE ${database}`));
  // The log is down with the rest of the sandbox, and that nobody looked there is said.
  expect(err).toMatch(
    /^http:\S+ did not say what was published .*: the newest end was compared with nothing\.\n$/,
  );
  expect(findIins(out, iins)).toEqual([]);
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
  expect(code).toBe(findings.length === 0 ? 0 : 1);
  return findings;
}
