/** The identity key is exchanged under people who go on placing and lifting; a run that was killed is finished by the next. */
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '#libs/platform/config.js';
import { readIdentityKey, readLookupKeys, type IdentityFile } from '#libs/platform/keys.js';
import { addPerson } from '#libs/subject/people.store.js';
import { newPerson } from '#libs/subject/person.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { nextIdentityStep, type IdentityStep } from '../../apps/tool/key/rotate-identity.service.js';
import { migrateRegistry } from '../../apps/tool/migrate/migrate.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { restingOn } from '../../apps/tool/rewrap/rewrap.service.js';
import { citizenActs, type Somebody } from '../support/citizen-acts.js';
import { newWorld, type World } from '../support/citizen-world.js';
import { enter } from '../support/operator.js';
import { origin } from '../support/journals.js';

let world: World;
let citizen: NestFastifyApplication;
let clerk: INestApplicationContext;
let root: string;
let owner: Config;
let before: Somebody;

/** More rows than a page holds, so that a run is killed in the middle. */
const crowd = 1600;

beforeAll(async () => {
  world = await newWorld();
  citizen = world.app;
  clerk = await world.startClerk();
  root = dirname(world.tool.keysDir);
  const { host, port, name, user } = world.database.target('tyiym_owner');
  const passwordFile = world.database.passwordFile('tyiym_owner');
  owner = { ...world.tool, database: { host, port, name, user, passwordFile } };
  before = await acts().somebody();
  await place(before);
  const tool = await enter(world.database, 'tyiym_tool');
  for (let n = 0; n < crowd; n++) {
    const subject = { epoch: 1, bytes: randomBytes(32) };
    const person = newPerson(identityOf('tool'), randomUUID(), subject, before.iin as never, randomBytes);
    await addPerson(tool.manager, person);
  }
}, 120_000);
afterAll(() => world.close());

let met: ReturnType<typeof citizenActs> | undefined;
/** The acts of citizens at the app that runs now; who was met stays met. */
function acts(): ReturnType<typeof citizenActs> {
  const now = citizenActs({ ...world, app: citizen });
  met ??= now;
  return { ...now, somebody: met.somebody };
}
const identityOf = (process: string) => readIdentityKey(world.keysDir(process));
const fileOf = (process: string): IdentityFile =>
  JSON.parse(readFileSync(join(world.keysDir(process), 'identity.json'), 'utf8')) as IdentityFile;
const processes = ['citizen', 'lender', 'bureau', 'clerk-worker', 'tool'];
const quiet = { onStep: () => undefined, onProgress: () => undefined };
const step = (): Promise<IdentityStep> => nextIdentityStep(root, owner, quiet);

async function anew(): Promise<void> {
  await citizen.close();
  await clerk.close();
  citizen = await world.startCitizen({});
  clerk = await world.startClerk();
}

async function place(who: Somebody): Promise<void> {
  const { status, body } = await acts().act(who, { kind: 'place', lockHours: 0 });
  expect({ status, body }).toMatchObject({ status: 200, body: { state: 'in-force' } });
}

async function stateOf({ iin }: Somebody): Promise<unknown> {
  return ((await acts().present('/v1/refusal-status', iin)).body as { state: unknown }).state;
}

describe('rotating the identity key', () => {
  it('begins with a next key in every file, and does not use one that the registry does not know', async () => {
    const old = fileOf('tool');
    expect(await step()).toEqual({ step: 'added' });
    expect(new Set(processes.map((process) => JSON.stringify(fileOf(process)))).size).toBe(1);
    expect(fileOf('citizen')).toMatchObject({ keyId: old.keyId, next: {} });
    expect(await step()).toEqual({ step: 'migrate-first' });
    expect(fileOf('citizen').keyId).toBe(old.keyId);
  });

  it('finishes files that were cut short before anything else', async () => {
    const whole = fileOf('citizen');
    const { keyId, key } = whole;
    const lagging = join(world.keysDir('lender'), 'identity.json');
    writeFileSync(lagging, JSON.stringify({ keyId, key }), { mode: 0o600 });
    expect(await step()).toEqual({ step: 'finished-files' });
    expect(fileOf('lender')).toEqual(whole);
  });

  it('refuses two files that are more than a step apart, and changes none', async () => {
    const file = join(world.keysDir('lender'), 'identity.json');
    const whole = readFileSync(file, 'utf8');
    const stranger = { keyId: 'ffffffff', key: randomBytes(32).toString('base64url') };
    writeFileSync(file, JSON.stringify(stranger), { mode: 0o600 });
    await expect(step()).rejects.toThrow(/more than one step apart/);
    expect(JSON.stringify(fileOf('citizen'))).toBe(JSON.stringify(JSON.parse(whole)));
    writeFileSync(file, whole, { mode: 0o600 });
  });

  it('goes on through every step while people place and are found', async () => {
    await migrateRegistry(owner);
    await anew();
    expect(await stateOf(before)).toBe('in-force');
    expect(await step()).toEqual({ step: 'in-use' });
    // A process that still seals with the old key opens what the next one seals, and the other way round.
    const lagging = await acts().somebody();
    await place(lagging);
    await anew();
    const during = await acts().somebody();
    await place(during);
    expect(await Promise.all([before, lagging, during].map(stateOf))).toEqual([
      'in-force',
      'in-force',
      'in-force',
    ]);
  });

  it('wraps the rest anew when the first run was killed in the middle', async () => {
    const [old] = identityOf('tool').beside ?? [];
    if (old === undefined) throw new Error('no old key');
    const tx = (await enter(world.database, 'tyiym_owner')).manager;
    expect(await restingOn(tx, old.keyId)).toBeGreaterThan(crowd);
    await killedInTheMiddle();
    // The killed one left whole rows only: each opens with the key that it names.
    expect(await stateOf(before)).toBe('in-force');
    while ((await restingOn(tx, old.keyId)) > 0) expect(await step()).toMatchObject({ step: 'rewrapped' });
    expect(await step()).toEqual({ step: 'dropped' });
    expect(fileOf('citizen')).toEqual({ keyId: fileOf('tool').keyId, key: fileOf('tool').key });
  });

  it('leaves everybody known, signed documents readable and the registry clean under the new key alone', async () => {
    await anew();
    expect(await step()).toEqual({ step: 'forgotten' });
    expect(await stateOf(before)).toBe('in-force');
    // The clerk opens the document that was signed long before, and lifts.
    expect((await acts().act(before, { kind: 'lift' })).body).toMatchObject({ state: 'lifted' });
    const tool = await enter(world.database, 'tyiym_tool');
    const { findings } = await fsck({
      ...{ tx: tool.manager, origin, trust: trustOf(world.tool) },
      identityKey: identityOf('tool'),
      lookupKeys: readLookupKeys(world.keysDir('tool')),
    });
    // The made-up crowd stands under pseudonyms that are nobody's.
    expect(findings.filter(({ table }) => table !== 'people')).toEqual([]);
    expect(findings).toHaveLength(crowd);
  });
});

/** `tool key rotate identity` as a process, killed −9 as soon as it has begun with the people. */
async function killedInTheMiddle(): Promise<void> {
  const file = join(root, 'owner.json');
  writeFileSync(file, JSON.stringify(owner));
  const child = spawn(process.execPath, [
    ...['--import', './test/support/typescript.mjs', 'apps/tool/main.ts'],
    ...['key', 'rotate', 'identity', '--keys', root, '--owner-config', file],
  ]);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      said += data.toString();
      if (/people: \d/.test(said)) child.kill('SIGKILL');
    });
  await once(child, 'exit');
  expect(said).toMatch(/people: 16\d\d/);
}
