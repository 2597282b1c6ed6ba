/** A check's way into the public log: lender app, signer and log together, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import type { Response } from 'supertest';
import type { DataSource } from 'typeorm';
import { leafOf } from '#libs/journal/commitment.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { createApp } from '#libs/platform/http.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { readSigningKey, type SigningKey } from '#libs/platform/keys.js';
import { makeVkey, parseCheckpoint, parseVkey, verifyNote } from '#libs/tlog/note.js';
import { verifyInclusion } from '#libs/tlog/proof.js';
import { parseTlogProof } from '#libs/tlog/tlog-proof.js';
import { leafHash } from '#libs/tlog/tree.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { LogModule } from '../../apps/log/log.module.js';
import { auditAfterEach } from '../support/auditor.js';
import { call, iins, newWorld, type World } from '../support/citizen-world.js';
import { newFolder } from '../support/log-files.js';
import { enter } from '../support/operator.js';

const folder = newFolder();
let world: World;
let log: NestFastifyApplication;
let lender: NestFastifyApplication;
let source: DataSource;
let signer: SignerService;
let key: SigningKey;
/** Stands between lender and log, to play a log that lies or is away. */
let between: Server;
let lie: ((text: string) => string) | undefined;
let isAway = false;

beforeAll(async () => {
  world = await newWorld();
  const { host, port, name, user } = world.database.target('tyiym_log');
  const passwordFile = world.database.passwordFile('tyiym_log');
  const config = {
    ...world.tool,
    ...{ app: 'log' as const, tilesDir: folder, database: { host, port, name, user, passwordFile } },
  };
  log = await createApp(LogModule.register(config), config, pino({ level: 'silent' }));
  await log.listen(0, '127.0.0.1');
  const logPort = (log.getHttpServer().address() as AddressInfo).port;
  between = createServer((asked, answer) => {
    if (isAway) return asked.destroy();
    void fetch(`http://127.0.0.1:${logPort}${asked.url ?? ''}`).then(async (real) => {
      const text = await real.text();
      answer.writeHead(real.status).end(lie ? lie(text) : text);
    });
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(between, 'listening');
  const { port: betweenPort } = between.address() as AddressInfo;
  lender = await world.startLender({ logUrl: `http://127.0.0.1:${betweenPort}` });
  key = readSigningKey(world.keysDir('clerk-signer'), 'log.jwk.json');
  source = await enter(world.database, 'tyiym_clerk_signer');
  signer = new SignerService({
    ...{ tx: source.manager, origin: world.tool.origin, key, holder: randomUUID(), clock: () => 0 },
    ...{ files: new ImmutableFiles(folder), witnesses: { gather: () => Promise.resolve([]) } },
  });
}, 60_000);
auditAfterEach(() => world);
afterAll(async () => {
  await log.close();
  between.close();
  await source.destroy();
  await world.close();
  rmSync(folder, { recursive: true });
});

const ask = (method: 'GET' | 'POST', path: string, body?: object, by = world.bank): Promise<Response> =>
  call({ app: lender }, by, {
    ...{ method, path, scope: 'checks' },
    ...(body && { body, key: randomUUID() }),
  });
async function check(): Promise<{ checkId: string; receipt: Receipt }> {
  const question = { iin: iins.at(-1), product: 'bank-loan', stage: 'decision', loanRef: 'A-1' };
  const made = await ask('POST', '/v1/checks', question);
  expect(made.status).toBe(201);
  return made.body as { checkId: string; receipt: Receipt };
}

describe('the proof of a check', () => {
  it('is there with the next checkpoint, and leads from the entry of the receipt', async () => {
    await signer.publish();
    const { checkId, receipt } = await check();
    const early = await ask('GET', `/v1/checks/${checkId}/proof`);
    expect([early.status, early.body]).toMatchObject([409, { code: 'not-yet-published' }]);
    expect(early.headers['retry-after']).toBe('2');

    await signer.publish();
    const answer = await ask('GET', `/v1/checks/${checkId}/proof`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    const proof = parseTlogProof(answer.text);
    const { text } = verifyNote(proof.checkpoint, [parseVkey(makeVkey(world.tool.origin, key.key))]);
    const { size, root } = parseCheckpoint(text);
    const leaf = leafHash(leafOf(receipt.entry, Buffer.from(receipt.salt, 'base64url')));
    expect(proof.index).toBe(receipt.index);
    expect(verifyInclusion(leaf, proof.index, size, proof.proof, root)).toBe(true);
  });

  it('is nobody else’s, nor of a check there is not', async () => {
    const { checkId } = await check();
    await signer.publish();
    const other = world.others.find(({ resource }) => resource === world.bank.resource);
    if (!other) throw new Error('no other party');
    expect((await ask('GET', `/v1/checks/${checkId}/proof`, undefined, other)).status).toBeGreaterThan(402);
    await world.database.superuser.query(`UPDATE checks SET lender = 'somebody-else' WHERE entry_index =
      (SELECT max(entry_index) FROM checks)`);
    expect((await ask('GET', `/v1/checks/${checkId}/proof`)).status).toBe(404);
    await world.database.superuser.query(
      `UPDATE checks SET lender = (SELECT min(lender) FROM checks WHERE lender <> 'somebody-else') WHERE lender = 'somebody-else'`,
    );
    for (const wrong of ['chk_01h455vb4pex5vsknk084sn02q', 'chk_', 'x'])
      expect((await ask('GET', `/v1/checks/${wrong}/proof`)).status).toBe(404);
  });

  it('is not handed out when the log’s does not lead from our entry', async () => {
    const { checkId } = await check();
    await check();
    await signer.publish();
    const bent: readonly ((text: string) => string)[] = [
      (text) => text.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${Buffer.alloc(32).toString('base64')}\n`),
      (text) => text.replace(/index \d+/, 'index 0'),
      () => 'nothing of the kind',
    ];
    for (const each of bent) {
      lie = each;
      expect((await ask('GET', `/v1/checks/${checkId}/proof`)).status).toBe(500);
    }
    lie = undefined;
    expect((await ask('GET', `/v1/checks/${checkId}/proof`)).status).toBe(200);
  });

  it('has to wait while the log is away, and checks go on', async () => {
    isAway = true;
    const { checkId } = await check();
    const answer = await ask('GET', `/v1/checks/${checkId}/proof`);
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'registry-unavailable' }]);
    isAway = false;
  });
});
