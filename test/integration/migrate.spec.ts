/** `tool migrate` is safe to run again, and refuses a database that belongs to another registry. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Config } from '#libs/platform/config.js';
import { readIdentityKey } from '#libs/platform/keys.js';
import type { Iin } from '#libs/subject/iin.js';
import { newPerson } from '#libs/subject/person.js';
import { migrateRegistry } from '../../apps/tool/migrate/migrate.service.js';
import { newOperator, type Operator } from '../support/operator.js';

let operator: Operator;
let owner: Config;
beforeAll(async () => {
  operator = await newOperator({ opens: false });
  const { database } = operator;
  const { host, port, name, user } = database.target('tyiym_owner');
  const passwordFile = database.passwordFile('tyiym_owner');
  owner = { ...operator.config, database: { host, port, name, user, passwordFile } };
});
afterAll(() => operator.close());

it('finds nothing to do the second time, also twice at once, and leaves one head row and one sentinel', async () => {
  const ran = await Promise.all([migrateRegistry(owner), migrateRegistry(owner)]);
  expect(ran).toEqual([[], []]);
  const { rows } = await operator.database.superuser.query(
    `SELECT (SELECT count(*)::integer FROM journal_head) AS heads,
            (SELECT count(*)::integer FROM refusals WHERE state = 'sentinel') AS sentinels`,
  );
  expect(rows).toEqual([{ heads: 1, sentinels: 1 }]);
});

it('refuses the database of another log', async () => {
  await expect(migrateRegistry({ ...owner, origin: 'sandbox.tyiym.kz/journal/2' })).rejects.toThrow(
    'this database holds the log sandbox.tyiym.kz/journal/1',
  );
});

it('refuses a database that was made with other lookup keys', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tyiym-migrate-'));
  cpSync(owner.keysDir, home, { recursive: true });
  const epochs = { '1': randomBytes(32).toString('base64url') };
  writeFileSync(join(home, 'lookup.json'), JSON.stringify({ epochs }), { mode: 0o600 });
  await expect(migrateRegistry({ ...owner, keysDir: home })).rejects.toThrow('other keys');
  rmSync(home, { recursive: true });
});

it('refuses another identity key, also where an older release left people and no check value', async () => {
  const { superuser } = operator.database;
  const home = mkdtempSync(join(tmpdir(), 'tyiym-migrate-'));
  cpSync(owner.keysDir, home, { recursive: true });
  const right = readIdentityKey(owner.keysDir);
  const refused = [
    { keyId: randomBytes(4).toString('hex'), key: randomBytes(32).toString('base64url') },
    { keyId: right.keyId.toString('hex'), key: randomBytes(32).toString('base64url') },
  ];
  const subject = { epoch: 1, bytes: randomBytes(32) };
  const person = newPerson(right, randomUUID(), subject, '061313294730' as Iin, randomBytes);
  await superuser.query('INSERT INTO people VALUES ($1, 1, $2, $3, $4, now())', [
    ...[person.personId, subject.bytes, person.dataKey, person.iin],
  ]);
  const checks = async (): Promise<unknown> =>
    (await superuser.query('SELECT identity_checks FROM journal_head')).rows;
  const before = await checks();
  for (const clear of [false, true]) {
    if (clear) await superuser.query(`UPDATE journal_head SET identity_checks = '{}'`);
    for (const identity of refused) {
      writeFileSync(join(home, 'identity.json'), JSON.stringify(identity), { mode: 0o600 });
      await expect(migrateRegistry({ ...owner, keysDir: home })).rejects.toThrow('another key');
    }
  }
  await migrateRegistry(owner);
  expect(await checks()).toEqual(before);
  await superuser.query('DELETE FROM people');
  rmSync(home, { recursive: true });
});

it('refuses to open before two officials are admitted', async () => {
  const { acts } = operator.registry;
  const opening = { kind: 'registry.opened' as const, body: { origin: owner.origin, regime: [] } };
  await expect(acts.found([opening])).rejects.toThrow('admit two officials');
});
