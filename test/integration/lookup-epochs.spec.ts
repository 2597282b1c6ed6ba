/**
 * A lookup key is added to a registry that runs: who stood under the old one still stands, whoever comes goes under the
 * new one, and a process that has not been given it tells nobody anything.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import type { Config } from '#libs/platform/config.js';
import { readLookupKeys } from '#libs/platform/keys.js';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import { addLookupEpoch } from '../../apps/tool/keygen/lookup-epochs.service.js';
import { migrateRegistry } from '../../apps/tool/migrate/migrate.service.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs, type Somebody } from '../support/citizen-acts.js';
import { call, newWorld, signatureOf, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';

let world: World;
let owner: Config;
let acts: CitizenActs;
let lender: NestFastifyApplication;
/** Refused before the key was added; seen only by a check; known by an application that was never signed. */
let refused: Somebody;
let asked: Somebody;
let known: Somebody;

beforeAll(async () => {
  world = await newWorld();
  const { host, port, name, user } = world.database.target('tyiym_owner');
  const passwordFile = world.database.passwordFile('tyiym_owner');
  owner = { ...world.tool, database: { host, port, name, user, passwordFile } };
  acts = citizenActs(world);
  lender = await world.startLender();
  [refused, asked, known] = [await acts.somebody(), await acts.somebody(), await acts.somebody()];
}, 60_000);
auditAfterEach(() => world);
afterAll(() => world.close());

const place = { kind: 'place', lockHours: 0 };
/** The application that `asked` was in before there was a second key. */
const beforeTheKey = 'B-1';
const unavailable = [503, 'registry-unavailable'];

/** `clear`, `refused`, or the code of what went wrong. */
async function check({ iin }: Somebody, loanRef = `A-${randomUUID()}`): Promise<string> {
  const { status, body } = await call({ app: lender }, world.bank, {
    ...{ method: 'POST', path: '/v1/checks', scope: 'checks', key: randomUUID() },
    body: { iin, product: 'microcredit', stage: 'decision', loanRef },
  });
  const { verdict, code } = body as { verdict?: string; code?: string };
  return verdict ?? `${status} ${code ?? ''}`;
}

const codeOf = ({ status, body }: Response): unknown => [status, (body as { code?: string }).code];

async function epochsOf(table: 'people' | 'refusals'): Promise<readonly number[]> {
  const { rows } = await world.database.superuser.query<{ epoch: number }>(
    `SELECT subject_epoch AS epoch FROM ${table}
     ${table === 'refusals' ? `WHERE state <> 'sentinel'` : ''} ORDER BY 1`,
  );
  return rows.map(({ epoch }) => epoch);
}

describe('adding a lookup key', () => {
  it('makes processes without it answer 503, reading or writing, and never "clear"', async () => {
    expect((await acts.act(refused, place)).status).toBe(200);
    expect(await check(asked, beforeTheKey)).toBe('clear');
    const opened = (await acts.open(known.iin, place)).body as Opened;
    expect(addLookupEpoch(dirname(world.tool.keysDir), randomBytes(32))).toBe(2);
    const checks = Array.from({ length: 40 }, () => check(refused));
    const [, ...said] = await Promise.all([migrateRegistry(owner), ...checks]);
    expect(['refused', '503 registry-unavailable']).toEqual(expect.arrayContaining([...new Set(said)]));
    expect([await check(refused), await check(asked)]).toEqual(Array(2).fill('503 registry-unavailable'));
    const answers = [
      await acts.present('/v1/refusal-status', refused.iin),
      await acts.present('/v1/trail', refused.iin),
      await acts.present('/v1/lift-cancellations', asked.iin),
      await acts.open(asked.iin, place),
      await acts.sign(opened.applicationId, await signatureOf(known.person, opened.document)),
      await acts.progress(opened.applicationId),
    ];
    expect(answers.map(codeOf)).toEqual(Array(answers.length).fill(unavailable));
  });

  it('leaves everybody where he stands, and puts whoever comes under the new key', async () => {
    await lender.close();
    lender = await world.startLender();
    const citizen = await world.startCitizen({});
    await world.startClerk();
    const after = citizenActs({ ...world, app: citizen });
    expect([await check(refused), await check(asked)]).toEqual(['refused', 'clear']);

    const newcomer = await acts.somebody();
    for (const who of [asked, known, newcomer]) {
      expect((await after.act(who, place)).status).toBe(200);
      expect(await check(who)).toBe('refused');
    }
    expect(await epochsOf('people')).toEqual([1, 1, 2, 2]);
    expect(await epochsOf('refusals')).toEqual([1, 1, 2, 2]);

    for (const who of [refused, newcomer]) {
      const lifted = await after.act(who, { kind: 'lift' });
      expect((lifted.body as { state: string }).state).toBe('lifted');
      expect(await check(who)).toBe('clear');
      expect((await after.act(who, place)).status).toBe(200);
      expect(await check(who)).toBe('refused');
    }
    expect(await epochsOf('refusals')).toEqual([1, 1, 2, 2]);
    const { items } = (await after.present('/v1/trail', refused.iin)).body as { items: unknown[] };
    expect(items.length).toBeGreaterThan(5);
  });

  it('finds the application in flight of a person who was asked for under the old key', async () => {
    const told = async (): Promise<readonly (string | undefined)[]> => {
      const what = { method: 'GET', path: '/v1/notices', scope: 'checks' } as const;
      const { body } = await call({ app: lender }, world.bank, what);
      return (body as { items: { loanRef?: string }[] }).items.map(({ loanRef }) => loanRef);
    };
    const items = await eventually('a notice', told, (refs) => refs.includes(beforeTheKey));
    expect(items.filter((ref) => ref === beforeTheKey)).toHaveLength(1);
  });

  it('is done once, and takes no key back, changes none and adds none before the newest', async () => {
    await expect(migrateRegistry(owner)).resolves.toEqual([]);
    const { rows } = await world.database.superuser.query(
      `SELECT count(*)::int AS sentinels, (SELECT count(*)::int FROM journal_head, jsonb_object_keys(key_checks)) AS checks
       FROM refusals WHERE state = 'sentinel'`,
    );
    expect(rows).toEqual([{ sentinels: 2, checks: 2 }]);
    const home = mkdtempSync(join(tmpdir(), 'tyiym-epochs-'));
    cpSync(owner.keysDir, home, { recursive: true });
    const keys = [...readLookupKeys(owner.keysDir)].map(([epoch, key]) => [epoch, key.toString('base64url')]);
    const other = randomBytes(32).toString('base64url');
    const migrateWith = async (epochs: object): Promise<unknown> => {
      writeFileSync(join(home, 'lookup.json'), JSON.stringify({ epochs }), { mode: 0o600 });
      return migrateRegistry({ ...owner, keysDir: home });
    };
    const live = Object.fromEntries(keys) as Record<string, string>;
    await expect(migrateWith({ 2: live['2'] })).rejects.toThrow('other keys');
    await expect(migrateWith({ ...live, 2: other })).rejects.toThrow('other keys');
    await expect(migrateWith({ ...live, 0: other })).rejects.toThrow('not newer than 2');
    rmSync(home, { recursive: true });
  });
});
