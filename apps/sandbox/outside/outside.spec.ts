import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { readCertificate } from '#libs/signature/certificate.js';
import { readCrl, type RevocationList } from '#libs/signature/crl.js';
import {
  type Ask,
  asking,
  type OutsideWorld,
  outsideWorld,
  type Reply,
} from '../../../test/support/outside-world.js';
import { serialNumberOf } from '../nca/nca.js';
import { createOutside, startOutside } from './outside.js';

const HOUR_MS = 3_600_000;
const wholeSecond = (at: number): number => at - (at % 1000);

let world: OutsideWorld;
let app: FastifyInstance;
let ask: Ask;

beforeEach(async () => {
  world = await outsideWorld();
  app = createOutside(world.options);
  ask = await asking(app);
});

afterEach(async () => {
  await app.close();
  await world.end();
});

const post = (path: string, body: object): Promise<Reply> => ask('POST', path, { body });
const get = (path: string): Promise<Reply> => ask('GET', path);
const listBytes = async (): Promise<Buffer> => (await get('/nca/crl/ca.crl')).bytes;
const readList = (der: Buffer): RevocationList =>
  readCrl(der, readCertificate(new X509Certificate(world.options.authority.issuing.certPem).raw));
const serialsOf = (name: string): string[] => {
  const person = world.options.people.find((one) => one.name === name);
  return [person?.certPem ?? '', ...(person?.otherCertPems ?? [])].map(serialNumberOf);
};

describe('the certification authority', () => {
  it('gives its certificates, the issuing one signed by the root', async () => {
    const [root, ca] = await Promise.all(
      ['/nca/root.pem', '/nca/ca.pem'].map(async (url) => new X509Certificate((await get(url)).text)),
    );
    expect(root !== undefined && ca?.verify(root.publicKey)).toBe(true);
  });

  it('gives a list of registry time for a day, signed by the issuing authority', async () => {
    const { thisUpdate, nextUpdate, revoked } = readList(await listBytes());
    expect({ thisUpdate, nextUpdate }).toEqual({
      thisUpdate: wholeSecond(world.now()),
      nextUpdate: wholeSecond(world.now()) + 24 * HOUR_MS,
    });
    expect(revoked.size).toBe(0);
  });

  it('gives a list that openssl reads and verifies', async () => {
    await post('/sandbox/revocations', { name: 'aigul' });
    const caFile = join(world.options.stateDir, 'ca.pem');
    writeFileSync(caFile, world.options.authority.issuing.certPem);
    const openssl = (...args: string[]): string =>
      execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', ...args], {
        input: crl,
        encoding: 'utf8',
        stdio: 'pipe',
      });
    const crl = await listBytes();
    const text = openssl('-text');
    for (const serial of serialsOf('aigul')) expect(text).toContain(`Serial Number: ${serial.toUpperCase()}`);
    expect(text).toContain('X509v3 CRL Number');
    expect(() => openssl('-CAfile', caFile)).not.toThrow();
  });

  it('makes the list anew after a minute and not before', async () => {
    const first = await listBytes();
    world.pass(59_000);
    expect(await listBytes()).toEqual(first);
    world.pass(1_000);
    expect(readList(await listBytes()).thisUpdate).toBe(readList(first).thisUpdate + 60_000);
  });

  it('names all certificates of a revoked person at once, and of nobody else', async () => {
    await listBytes();
    const answer = await post('/sandbox/revocations', { name: 'aigul' });
    expect(answer.json).toEqual({ name: 'aigul', revoked: 2 });
    expect([...readList(await listBytes()).revoked].sort()).toEqual(serialsOf('aigul').sort());
  });

  it('revokes once: a second time changes neither the list nor its dates', async () => {
    await post('/sandbox/revocations', { name: 'bolat' });
    world.pass(HOUR_MS);
    expect((await post('/sandbox/revocations', { name: 'bolat' })).json).toEqual({
      name: 'bolat',
      revoked: 0,
    });
    expect(readList(await listBytes()).revoked.size).toBe(1);
  });

  it('remembers after a restart, in a file for its owner alone', async () => {
    await post('/sandbox/revocations', { name: 'bolat' });
    await app.close();
    app = createOutside(world.options);
    ask = await asking(app);
    expect([...readList(await listBytes()).revoked]).toEqual(serialsOf('bolat'));
    expect(statSync(join(world.options.stateDir, 'revocations.json')).mode & 0o777).toBe(0o600);
  });

  it('answers 404 for somebody it does not know', async () => {
    const answer = await post('/sandbox/revocations', { name: 'nobody' });
    expect([answer.status, answer.json]).toEqual([404, { error: 'nobody here has this name' }]);
  });
});

describe('the clock', () => {
  it('tells registry time', async () => {
    expect((await get('/sandbox/clock')).json).toEqual({ registryNow: '2026-05-04T09:30:00.250Z' });
  });

  it('goes forward, and the list has followed before it answers', async () => {
    await listBytes();
    const answer = await post('/sandbox/clock', { advanceHours: 48 });
    expect([answer.status, answer.json]).toEqual([200, { registryNow: '2026-05-06T09:30:00.250Z' }]);
    expect(readList(await listBytes()).thisUpdate).toBe(wholeSecond(world.now()));
  });

  it('says that it cannot be asked while the database is away, and the list waits for it', async () => {
    await app.close();
    const away = (): Promise<number> => Promise.reject(new Error('connection refused'));
    app = createOutside({ ...world.options, registryNow: away, advanceClock: away });
    ask = await asking(app);
    const answers = [
      await get('/sandbox/clock'),
      await post('/sandbox/clock', { advanceHours: 1 }),
      await post('/sandbox/revocations', { name: 'bolat' }),
      await get('/nca/crl/ca.crl'),
    ];
    for (const { status, json } of answers)
      expect([status, json]).toEqual([503, { error: 'registry time cannot be asked now' }]);
  });

  it.each([
    ['none', {}],
    ['zero', { advanceHours: 0 }],
    ['backwards', { advanceHours: -1 }],
    ['a part of an hour', { advanceHours: 1.5 }],
    ['more than 90 days', { advanceHours: 2161 }],
    ['a text', { advanceHours: '3' }],
    ['null', { advanceHours: null }],
    ['a member more', { advanceHours: 1, hours: 1 }],
    ['a list', [{ advanceHours: 1 }]],
  ])('stays where it is for %s', async (_what, body) => {
    const before = world.now();
    const answer = await post('/sandbox/clock', body);
    expect(answer.status).toBe(400);
    expect(Object.keys(Object(answer.json))).toEqual(['error']);
    expect(world.now()).toBe(before);
  });
});

describe('the switches', () => {
  it('are all at none in the beginning', async () => {
    expect((await get('/sandbox/faults')).json).toEqual({ crl: 'none', idp: 'none', phone: 'none' });
  });

  it('down leaves the list unanswered, and none brings it back', async () => {
    await post('/sandbox/faults', { target: 'crl', mode: 'down' });
    await expect(listBytes()).rejects.toThrow('other side closed');
    expect((await get('/nca/root.pem')).status).toBe(200);
    await post('/sandbox/faults', { target: 'crl', mode: 'none' });
    expect((await get('/nca/crl/ca.crl')).status).toBe(200);
  });

  it('slow answers late', async () => {
    await post('/sandbox/faults', { target: 'crl', mode: 'slow' });
    const from = performance.now();
    expect((await get('/nca/crl/ca.crl')).status).toBe(200);
    expect(performance.now() - from).toBeGreaterThan(190);
  });

  it('stale gives a list newer than any other that holds no longer, with everything revoked', async () => {
    await post('/sandbox/revocations', { name: 'bolat' });
    const good = readList(await listBytes());
    world.pass(10_000);
    await post('/sandbox/faults', { target: 'crl', mode: 'stale' });
    const stale = readList(await listBytes());
    expect(stale.thisUpdate).toBeGreaterThan(good.thisUpdate);
    expect(stale.nextUpdate).toBeLessThan(world.now());
    expect([...stale.revoked]).toEqual(serialsOf('bolat'));
  });

  it('none after stale gives a list newer than the stale one', async () => {
    await listBytes();
    world.pass(10_000);
    await post('/sandbox/faults', { target: 'crl', mode: 'stale' });
    const stale = readList(await listBytes());
    await post('/sandbox/faults', { target: 'crl', mode: 'none' });
    const good = readList(await listBytes());
    expect(good.thisUpdate).toBeGreaterThan(stale.thisUpdate);
    expect(good.nextUpdate).toBeGreaterThan(world.now());
  });

  it('garbage is no list', async () => {
    await post('/sandbox/faults', { target: 'crl', mode: 'garbage' });
    const bytes = await listBytes();
    expect(() => readList(bytes)).toThrow();
  });

  it.each([
    ['a part that is not there', { target: 'tsa', mode: 'down' }],
    ['a mode that is not there', { target: 'crl', mode: 'up' }],
    ['a mode this part has not', { target: 'phone', mode: 'stale' }],
    ['a member more', { target: 'crl', mode: 'down', for: 1 }],
    ['no mode', { target: 'crl' }],
  ])('refuse %s and change nothing', async (_what, body) => {
    expect((await post('/sandbox/faults', body)).status).toBe(400);
    expect((await get('/sandbox/faults')).json).toEqual({ crl: 'none', idp: 'none', phone: 'none' });
  });

  it('do not keep the outside world from stopping while it is slow', async () => {
    await post('/sandbox/faults', { target: 'crl', mode: 'slow' });
    const arrived = new Promise((resolve) => app.server.once('request', resolve));
    const waiting = listBytes().catch(() => 'cut off');
    await arrived;
    await app.close();
    expect(await waiting).toBe('cut off');
  });
});

describe('starting', () => {
  it('fails when somebody else has the port', async () => {
    const { port } = app.server.address() as AddressInfo;
    await expect(startOutside({ ...world.options, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('refuses two people of one name', () => {
    const [aigul] = world.options.people;
    const people = aigul === undefined ? [] : [aigul, aigul];
    expect(() => createOutside({ ...world.options, people })).toThrow('two people have one name');
  });
});
