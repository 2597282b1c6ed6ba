/** The password of a role is exchanged while its process goes on connecting, and a command that was killed is finished. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config, DatabaseConfig } from '#libs/platform/config.js';
import { dataSourceOf, databaseTarget, openDatabase } from '#libs/platform/database.js';
import { entersWith, nextPasswordFile } from '#libs/platform/database-password.js';
import { rotatePassword } from '../../apps/tool/password/rotate-password.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';

let database: TestDatabase;
let dir: string;
let config: DatabaseConfig;
/** A role of this spec: those of the registry belong to the whole cluster and to other specs as well. */
const role = `test_rotates_${randomBytes(4).toString('hex')}`;

const setPassword = (password: string) =>
  database.superuser.query(`ALTER ROLE ${role} PASSWORD '${password}'`);
const nextFile = () => nextPasswordFile(config.passwordFile);
const inUse = () => readFileSync(config.passwordFile, 'utf8');
const write = (file: string, password: string) => writeFileSync(file, password, { mode: 0o600 });

beforeAll(async () => {
  database = await testDatabase();
  dir = mkdtempSync(join(tmpdir(), 'tyiym-password-'));
  await database.superuser.query(`CREATE ROLE ${role} LOGIN`);
  await database.superuser.query(`GRANT CONNECT ON DATABASE ${database.name} TO ${role}`);
  const { host, port } = database.target('tyiym_lender');
  config = { host, port, name: database.name, user: role, passwordFile: join(dir, 'secret') };
});
beforeEach(async () => {
  rmSync(nextFile(), { force: true });
  write(config.passwordFile, 'old');
  await setPassword('old');
});
afterAll(async () => {
  await database.superuser.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '${role}'`,
  );
  await database.superuser.query(`REVOKE ALL ON DATABASE ${database.name} FROM ${role}`);
  await database.superuser.query(`DROP ROLE ${role}`);
  await database.drop();
  rmSync(dir, { recursive: true });
});

const rotated = (endsSessions = false) => rotatePassword(config, { endsSessions, onStep: () => undefined });

/** As `tool password rotate` is called; killed −9 as soon as it has said so much. */
async function killedAfter(step: RegExp): Promise<void> {
  const file = join(dir, 'lender.json');
  const whole: Pick<Config, 'app' | 'sandbox' | 'origin' | 'database' | 'keysDir'> = {
    ...{ app: 'lender', sandbox: true, origin: 'sandbox.tyiym.kz/journal/1', keysDir: '.' },
    database: config,
  };
  const base = 'http://127.0.0.1:8081';
  writeFileSync(file, JSON.stringify({ ...whole, publicBase: base, logBase: base, issuer: base }));
  const child = spawn(process.execPath, [
    ...['--import', './test/support/typescript.mjs', 'apps/tool/main.ts', 'password', 'rotate', file],
  ]);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      said += data.toString();
      if (step.test(said)) child.kill('SIGKILL');
    });
  const [, signal] = await once(child, 'exit');
  expect({ signal, said }).toEqual({ signal: 'SIGKILL', said: expect.stringMatching(step) });
}

describe('rotating a password', () => {
  it('leaves the new one in the place of the old, and the old one worth nothing', async () => {
    await rotated();
    expect(inUse()).toMatch(/^[\w-]{43}$/);
    expect(existsSync(nextFile())).toBe(false);
    expect([await entersWith(config, inUse()), await entersWith(config, 'old')]).toEqual([true, false]);
  });

  it.each([
    ['before the database was told', /waits beside/],
    ['after it was told', /takes the next/],
  ])(
    'is finished by the next run when it was killed %s',
    async (_when, step) => {
      await killedAfter(step);
      // Whatever it had done, a process can connect.
      const source = await openDatabase(databaseTarget(config));
      await source.destroy();
      await rotated();
      expect(existsSync(nextFile())).toBe(false);
      expect([await entersWith(config, inUse()), await entersWith(config, 'old')]).toEqual([true, false]);
    },
    60_000,
  );

  it('goes on with a password that waits and that the database knows already', async () => {
    write(nextFile(), 'waiting');
    await setPassword('waiting');
    await rotated();
    expect([inUse(), existsSync(nextFile())]).toEqual(['waiting', false]);
  });

  it('changes nothing when the database takes neither, and says what to do', async () => {
    await setPassword('a third');
    await expect(rotated()).rejects.toThrow(/takes neither password .* administrator/);
    expect(inUse()).toBe('old');
  });

  it('refuses a process that goes on connecting at most once, in the moment of the change', async () => {
    let isOver = false;
    const outcomes: string[] = [];
    const connecting = (async () => {
      while (!isOver) {
        const source = dataSourceOf(databaseTarget(config), { poolSize: 1 });
        const outcome = await source.initialize().then(
          () => 'connected',
          (error: { readonly code: string }) => error.code,
        );
        outcomes.push(outcome);
        if (outcome === 'connected') await source.destroy();
      }
    })();
    for (const _ of [1, 2, 3]) {
      const before = outcomes.length;
      await rotated();
      const since = () => outcomes.slice(before).filter((each) => each === 'connected').length;
      await eventually(
        'it connects with the new password',
        () => Promise.resolve(since()),
        (count) => count > 1,
      );
    }
    isOver = true;
    await connecting;
    const refused = outcomes.filter((each) => each !== 'connected');
    expect(refused.length).toBeLessThanOrEqual(3);
    expect(new Set(refused)).toEqual(refused.length === 0 ? new Set() : new Set(['28P01']));
  }, 60_000);

  it('ends what was connected with the old one only when it is told to', async () => {
    const source = await openDatabase(databaseTarget(config), { poolSize: 1 });
    const pidOf = async (): Promise<number> => {
      const rows: { pid: number }[] = await source.query('SELECT pg_backend_pid() AS pid');
      return rows[0]?.pid ?? 0;
    };
    try {
      const before = await pidOf();
      await rotated();
      expect(await pidOf()).toBe(before);
      expect(await rotated(true)).toBe(1);
      // The pool learns of it by the failure of its next question at the latest.
      await source.query('SELECT').catch(() => undefined);
      expect(await pidOf()).not.toBe(before);
    } finally {
      await source.destroy();
    }
  });

  it('reads no password that others can read', async () => {
    writeFileSync(nextFile(), 'waiting', { mode: 0o644 });
    await expect(rotated()).rejects.toThrow(/others can read it/);
    expect(inUse()).toBe('old');
  });
});
