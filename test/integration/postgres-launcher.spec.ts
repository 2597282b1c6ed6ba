/** The launcher under bad luck: killed servers, killed launchers, stale files, taken ports, folders nobody may enter. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { findBinaries } from '../../apps/sandbox/postgres/binaries.js';
import { startCluster, type Cluster, type ClusterOptions } from '../../apps/sandbox/postgres/cluster.js';
import { isAlive } from '../../apps/sandbox/postgres/postmaster.js';
import { serverUser, spawnIdentity } from '../../apps/sandbox/postgres/run-as.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { freePort } from '../support/free-port.js';

const isRoot = process.getuid?.() === 0;
const started: Cluster[] = [];
let home: string;
let options: ClusterOptions;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'tyiym-launcher-'));
  options = {
    dir: join(home, 'pg'),
    port: await freePort(),
    superuserPasswordFile: join(home, 'secrets', 'superuser'),
  };
});

afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.stop();
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<Cluster> {
  const cluster = await startCluster(options);
  started.push(cluster);
  return cluster;
}

async function ask(cluster: Cluster, sql: string): Promise<unknown> {
  const client = new pg.Client(clientConfig(cluster.superuser));
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

const remember = 'CREATE TABLE kept AS SELECT 7 AS answer';
const recall = 'SELECT answer FROM kept';

describe('a first start', () => {
  it('serves durable commits in UTC and UTF-8, to passwords only, on 127.0.0.1 only', async () => {
    const cluster = await start();
    const settings = `SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) AS answer FROM pg_settings WHERE name IN
      ('fsync','synchronous_commit','wal_level','max_connections','TimeZone','listen_addresses','unix_socket_directories')`;
    expect(await ask(cluster, settings)).toBe(
      'TimeZone=UTC fsync=on listen_addresses=127.0.0.1 max_connections=200 synchronous_commit=on unix_socket_directories= wal_level=replica',
    );
    const locale = `SELECT datlocprovider::text || ' ' || datlocale || ' ' || pg_encoding_to_char(encoding) AS answer
      FROM pg_database WHERE datname = 'postgres'`;
    expect(await ask(cluster, locale)).toBe('b C.UTF-8 UTF8');
    const stranger = new pg.Client({ ...clientConfig(cluster.superuser), password: 'guessed' });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
    expect(readdirSync(home).sort()).toEqual(['pg', 'secrets']);
    expect(lstatSync(options.superuserPasswordFile).mode & 0o777).toBe(0o600);
  });

  it('leaves neither a process nor a port when it is stopped, also twice', async () => {
    const cluster = await start();
    await cluster.stop();
    await cluster.stop();
    expect(isAlive(cluster.pid)).toBe(false);
    const again = createServer().listen(options.port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });

  it('begins again when an earlier one was killed while it made the data directory', async () => {
    mkdirSync(join(options.dir, 'data.new', 'base'), { recursive: true });
    writeFileSync(join(options.dir, 'data.new', 'PG_VERSION'), '1');
    expect(await ask(await start(), 'SELECT 1 AS answer')).toBe(1);
  });

  it('logs no statement and no value', async () => {
    const cluster = await start();
    await ask(cluster, 'CREATE TABLE people (secret text PRIMARY KEY)');
    const twice = `INSERT INTO people VALUES ('whisper'), ('whisper')`;
    await expect(ask(cluster, twice)).rejects.toMatchObject({ code: '23505' });
    const log = readFileSync(join(options.dir, 'postgres.log'), 'utf8');
    expect(log).toContain('duplicate key');
    expect(log).not.toContain('whisper');
  });
});

describe('a second start', () => {
  it('finds the data and the password as they were', async () => {
    const first = await start();
    await ask(first, remember);
    await first.stop();
    const second = await start();
    expect(await ask(second, recall)).toBe(7);
    expect(second.superuser.password).toBe(first.superuser.password);
  });

  it('sets a new password when the file with the old one is lost', async () => {
    const first = await start();
    await ask(first, remember);
    await first.stop();
    rmSync(options.superuserPasswordFile);
    const second = await start();
    expect(await ask(second, recall)).toBe(7);
    expect(second.superuser.password).not.toBe(first.superuser.password);
  });

  it('loses nothing that was committed when the server was killed with sessions open', async () => {
    const first = await start();
    await ask(first, remember);
    const session = new pg.Client(clientConfig(first.superuser));
    session.on('error', () => undefined); // The kill below ends it.
    await session.connect();
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    expect(await ask(await start(), recall)).toBe(7);
  });

  it('stops the server of a launcher that was killed, and takes its place', async () => {
    const launcher = launch();
    const [said] = (await once(launcher.stdout, 'data')) as [Buffer];
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    const orphan = Number(said.toString());
    expect(isAlive(orphan)).toBe(true);
    const cluster = await start();
    expect(isAlive(orphan)).toBe(false);
    expect(await ask(cluster, 'SELECT 1 AS answer')).toBe(1);
  });

  it('stops with its launcher on a signal', async () => {
    const launcher = launch();
    const [said] = (await once(launcher.stdout, 'data')) as [Buffer];
    launcher.kill('SIGTERM');
    expect(await once(launcher, 'exit')).toEqual([0, null]);
    expect(isAlive(Number(said.toString()))).toBe(false);
  });

  it('leaves a server alone whose launcher lives, and says who it is', async () => {
    const first = await start();
    await expect(startCluster({ ...options, port: await freePort() })).rejects.toThrow(
      `is in use by a running sandbox (process ${String(process.pid)})`,
    );
    expect(await ask(first, 'SELECT 1 AS answer')).toBe(1);
  });

  it.each(['a process that is gone', 'another program of the same user'])(
    'ignores a postmaster.pid that names %s',
    async (whose) => {
      const first = await start();
      const pidFile = join(options.dir, 'data', 'postmaster.pid');
      const lines = readFileSync(pidFile, 'utf8').split('\n');
      await first.stop();
      const user = serverUser(join(options.dir, 'data'));
      const other = spawn('sleep', ['60'], { stdio: 'ignore', ...spawnIdentity(user) });
      await once(other, 'spawn');
      const ended = once(other, 'exit');
      if (whose === 'a process that is gone') {
        other.kill();
        await ended;
      }
      writeFileSync(pidFile, [String(other.pid), ...lines.slice(1)].join('\n'), { mode: 0o600 });
      expect(await ask(await start(), 'SELECT 1 AS answer')).toBe(1);
      const isUntouched = other.exitCode === null && other.signalCode === null;
      expect(isUntouched).toBe(whose === 'another program of the same user');
      if (other.kill()) await ended;
    },
  );
});

describe('a start that cannot be', () => {
  it('names the port and the setting when another program has the port', async () => {
    const other = createServer().listen(options.port, '127.0.0.1');
    await once(other, 'listening');
    await expect(start()).rejects.toThrow(
      new RegExp(`^Port ${String(options.port)} on 127.0.0.1, for PostgreSQL, is taken.*TYIYM_PORT_BASE`),
    );
    other.close();
  });

  it('refuses data of another version and names the way out', async () => {
    await (await start()).stop();
    writeFileSync(join(options.dir, 'data', 'PG_VERSION'), '16\n');
    await expect(start()).rejects.toThrow(/was made by PostgreSQL 16, this is \d+\. Begin anew with --fresh/);
  });

  it('shows the end of the log when the server does not come up', async () => {
    options = { ...options, settings: { shared_buffers: '0' } };
    await expect(start()).rejects.toThrow(/did not start[\s\S]*shared_buffers/);
  });
});

describe('the binaries of the package', () => {
  const packaged = dirname(dirname(findBinaries(undefined).postgres));

  it('get their library links back when install scripts were skipped', () => {
    const native = join(home, 'package', 'native');
    cpSync(packaged, native, { recursive: true, verbatimSymlinks: true });
    for (const name of readdirSync(join(native, 'lib'))) {
      if (lstatSync(join(native, 'lib', name)).isSymbolicLink()) rmSync(join(native, 'lib', name));
    }
    const run = () => spawnSync(join(native, 'bin', 'postgres'), ['--version'], { env: {} }).status;
    expect(run()).not.toBe(0);
    findBinaries(undefined, native);
    expect(run()).toBe(0);
  });

  (isRoot ? it : it.skip)('are copied, for root, out of a folder that only root may enter', () => {
    const checkout = join(home, 'checkout');
    const native = join(checkout, 'package', 'native');
    cpSync(packaged, native, { recursive: true, verbatimSymlinks: true });
    cpSync(join(dirname(packaged), 'package.json'), join(checkout, 'package', 'package.json'));
    chmodSync(checkout, 0o700);
    const user = serverUser(join(home, 'none'));
    const found = findBinaries(user, native);
    expect(found.postgres.startsWith(checkout)).toBe(false);
    expect(statSync(found.postgres).uid).toBe(0);
    expect(spawnSync(found.postgres, ['--version'], { env: {}, ...spawnIdentity(user) }).status).toBe(0);
  });
});

/** The launcher as a program of its own, which can be killed. */
function launch() {
  const args = ['--import', './test/support/typescript.mjs', 'test/support/launch-cluster.ts'];
  return spawn(process.execPath, [...args, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
