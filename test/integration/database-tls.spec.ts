/** A PostgreSQL with TLS of its own: nothing is told to a server that is not the one meant. */
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { Bell } from '#libs/platform/bell.js';
import { clientOptions, openDatabase, type DatabaseTarget } from '#libs/platform/database.js';
import { DatabaseSignal } from '#libs/platform/database-signal.js';
import { selfSigned, type ClientCertificate } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { ownCluster, type OwnCluster } from '../support/own-cluster.js';

let cluster: OwnCluster;
let certificate: ClientCertificate;
let target: DatabaseTarget;

beforeAll(async () => {
  cluster = await ownCluster(undefined, { listen_addresses: '127.0.0.1,127.0.0.2' });
  certificate = await selfSigned('database', Date.now());
  target = { ...cluster.superuser, ca: certificate.certPem };
  const data = join(cluster.home, 'pg', 'data');
  const { uid, gid } = statSync(data);
  for (const [name, pem] of [
    ['server.crt', certificate.certPem],
    ['server.key', certificate.keyPem],
  ] as const) {
    writeFileSync(join(data, name), pem, { mode: 0o600 });
    chownSync(join(data, name), uid, gid);
  }
  await once(cluster.superuser, 'ALTER SYSTEM SET ssl = on');
  await once(cluster.superuser, 'SELECT pg_reload_conf()');
  await eventually(
    'TLS',
    () => faultOf(target),
    (fault) => fault === '',
  );
}, 120_000);
afterAll(() => cluster.close());

async function once(to: DatabaseTarget, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(clientOptions(to));
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Why it cannot be asked; nothing when it can. */
const faultOf = (to: DatabaseTarget): Promise<string> => once(to, 'SELECT 1').then(() => '', String);

/** Of every session of an application, whether it is encrypted. */
const encrypted = (application: string): Promise<readonly Record<string, unknown>[]> =>
  once(
    target,
    `SELECT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = '${application}'`,
  );

it('a pool, a bell and a signal go over TLS', async () => {
  const dataSource = await openDatabase(target);
  const bell = new Bell(target, 'tyiym_feed');
  const signal = new DatabaseSignal(target, 'tyiym_notices');
  void signal.wait('nobody', 60_000);
  try {
    for (const application of ['postgres', 'postgres-bell', 'tyiym-signal'])
      await eventually(
        `${application} over TLS`,
        () => encrypted(application),
        (rows) => rows.length > 0 && rows.every(({ ssl, version }) => ssl === true && version === 'TLSv1.3'),
      );
  } finally {
    await Promise.all([dataSource.destroy(), bell.close(), signal.onModuleDestroy()]);
  }
});

it('a pool of the jobs goes over TLS', async () => {
  const pool = new pg.Pool({ ...clientOptions(target), application_name: 'jobs' });
  try {
    await pool.query('SELECT 1');
    expect(await encrypted('jobs')).toEqual([{ ssl: true, version: 'TLSv1.3' }]);
  } finally {
    await pool.end();
  }
});

it.each<[string, () => Promise<Partial<DatabaseTarget>>, RegExp]>([
  [
    'of another authority',
    async () => ({ ca: (await selfSigned('other', Date.now())).certPem }),
    /self-signed/,
  ],
  ['of another host', () => Promise.resolve({ host: '127.0.0.2' }), /does not match certificate|altnames/],
])('a server with the certificate %s is told nothing', async (_, changes, reason) => {
  const other = { ...target, ...(await changes()) };
  await expect(openDatabase(other)).rejects.toThrow(reason);
  await expect(once(other, 'SELECT 1')).rejects.toThrow(reason);
});

it('a server without TLS is told nothing', async () => {
  await once(target, 'ALTER SYSTEM SET ssl = off');
  await once(target, 'SELECT pg_reload_conf()');
  await eventually(
    'no TLS',
    () => faultOf(target),
    (fault) => fault.includes('does not support SSL'),
  );
  await expect(openDatabase(target)).rejects.toThrow(/does not support SSL/);
});
