/** Tiles, bundles and proofs of the public log over HTTP. */
import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readLookupKeys } from '#libs/platform/keys.js';
import { parseCheckpoint } from '#libs/tlog/note.js';
import { inclusionRoot } from '#libs/tlog/proof.js';
import { tilePath } from '#libs/tlog/tile.js';
import { parseTlogProof } from '#libs/tlog/tlog-proof.js';
import { leafHash } from '#libs/tlog/tree.js';
import { auditAfterEach } from '../support/auditor.js';
import { newLogScene, type LogScene } from '../support/log-scene.js';
import { newJournal } from '../support/journals.js';
import { leavesIn, neededFor, tileBytes } from '../support/log-files.js';
import { enter, type Operator } from '../support/operator.js';

let scene: LogScene;
let operator: Operator;
let app: NestFastifyApplication;
let tilesDir: string;
beforeAll(async () => {
  scene = await newLogScene();
  ({ operator, app, tilesDir } = scene);
});
// Its entries are signed with a key nobody published: only tree, answers and columns.
auditAfterEach(() => ({ database: operator.database, answers: scene.answers }));
afterAll(() => scene.close());

const get = (path: string, headers?: Record<string, string>) => scene.get(path, headers);
const publish = () => scene.publish();

/** A path sent exactly as it stands: clients of higher layers tidy it first. */
async function rawGet(path: string): Promise<{ status: number; cacheControl: string | undefined }> {
  const server = app.getHttpServer();
  if (!server.listening) await app.listen(0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asked = http.get({ host: '127.0.0.1', port, path }, (answer) => {
      answer.resume();
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, cacheControl: answer.headers['cache-control'] }),
      );
    });
    asked.on('error', reject);
  });
}

/** Three hundred entries about nobody, so that a tile is full. */
async function append(count: number): Promise<void> {
  const source = await enter(operator.database, 'tyiym_lender');
  const lookup = readLookupKeys(join(operator.keysRoot, 'lender'));
  const journal = newJournal(source, 'lender', lookup, {});
  const act = (number: number) => ({
    look: {},
    decide: () => ({
      entries: [{ kind: 'notice.delivered' as const, body: { number } }],
      answer: () => undefined,
    }),
  });
  await Promise.all(Array.from({ length: count }, (_, number) => journal.submit(act(number))));
  await source.destroy();
}
const bytesOf = async (path: string, headers: Record<string, string> = {}) =>
  (await get(path, headers).expect(200).responseType('blob')).body as Buffer;

describe('the tiles', () => {
  let size = 0;
  beforeAll(async () => {
    await publish();
    await append(300);
    size = (await publish()) ?? 0;
  });

  it('and bundles of the newest checkpoint are served, immutable, each as its path says', async () => {
    const leaves = await leavesIn(operator.database);
    const needed = neededFor(size);
    expect(needed.map(tilePath)).toEqual(expect.arrayContaining(['tile/0/000', 'tile/entries/000']));
    for (const at of needed) {
      const answer = await get(`/${tilePath(at)}`)
        .responseType('blob')
        .expect(200);
      expect(tileBytes(at, leaves).equals(answer.body as Buffer)).toBe(true);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'cache-control': 'public, max-age=31536000, immutable',
      });
    }
  });

  it('that became full still answer under the name of their beginnings', async () => {
    const leaves = await leavesIn(operator.database);
    for (const level of [0, 'entries'] as const) {
      const at = { level, index: 0, width: 100 };
      expect(tileBytes(at, leaves).equals(await bytesOf(`/${tilePath(at)}`))).toBe(true);
    }
  });

  it('of entries are compressed for whoever says that he reads gzip', async () => {
    const path = '/tile/entries/000';
    const zipped = await get(path, { 'Accept-Encoding': 'br, gzip;q=0.5' }).responseType('blob').expect(200);
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    for (const accepted of ['identity', 'gzip;q=0', ''])
      expect((await get(path, { 'Accept-Encoding': accepted })).headers).not.toHaveProperty(
        'content-encoding',
      );
    expect((zipped.body as Buffer).equals(await bytesOf(path, { 'Accept-Encoding': 'identity' }))).toBe(true);
  });

  it.each([
    ['/tile/0/001.p/255', 'a part that is not published'],
    ['/tile/0/002', 'a tile beyond the checkpoint'],
    ['/tile/2/000.p/1', 'a level beyond the checkpoint'],
    ['/tile/63/000', 'the highest level'],
    ['/tile/64/000', 'a level there is not'],
    ['/tile/0/x000/000', 'a group too many'],
    ['/tile/0/000.p/256', 'a full tile as a part'],
    ['/tile/0/000.p/0', 'an empty part'],
    ['/tile/0/0', 'an index that is not padded'],
    ['/tile/0/%30%30%30', 'escaped digits'],
    ['/tile/0/../0/000', 'a way up'],
    ['/tile/..%2f..%2fcheckpoint', 'an escaped way up'],
    ['/tile/%2e%2e/checkpoint', 'escaped dots'],
    ['/tile//0/000', 'two slashes'],
    ['/tile/0/000/', 'a slash at its end'],
    ['/tile', 'nothing'],
    ['/tile/.new', 'what the signer has not finished'],
  ])('%s is not found: %s', async (path) => {
    const answer = await rawGet(path);
    expect(answer.status).toBe(404);
    expect(answer.cacheControl ?? '').not.toContain('immutable');
  });

  it('that are on the disk but in no published checkpoint are not shown', async () => {
    const leaves = await leavesIn(operator.database);
    const at = { level: 'entries' as const, index: 1, width: size - 256 + 1 };
    writeFileSync(join(tilesDir, tilePath(at)), tileBytes(at, leaves));
    await get(`/${tilePath(at)}`).expect(404);
    rmSync(join(tilesDir, tilePath(at)));
  });
});

describe('a proof', () => {
  it('leads from the leaf to the published root, and carries the checkpoint as it was published', async () => {
    const checkpoint = (await get('/checkpoint')).text;
    const { size, root } = parseCheckpoint(checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1));
    const leaves = await leavesIn(operator.database);
    for (const index of [0, 1, 255, 256, size - 1]) {
      const answer = await get(`/proof?index=${index}`)
        .expect(200)
        .expect('Content-Type', 'text/plain; charset=utf-8');
      const proof = parseTlogProof(answer.text);
      expect(proof).toMatchObject({ index, checkpoint });
      expect(answer.text).not.toContain('extra');
      const leaf = leafHash(leaves[index] ?? Buffer.alloc(0));
      expect(inclusionRoot(leaf, index, size, proof.proof).equals(root)).toBe(true);
      expect((await get(`/proof?index=${index}&size=${size}`)).text).toBe(answer.text);
    }
  });

  it('against an older checkpoint is made, too, from tiles that have grown since', async () => {
    const older = (await get('/checkpoint')).text;
    const { size } = parseCheckpoint(older.slice(0, older.indexOf('\n\n') + 1));
    await append(300);
    await publish();
    rmSync(join(tilesDir, 'tile/0/001.p'), { recursive: true });
    const { checkpoint, index } = parseTlogProof((await get(`/proof?index=${size - 1}&size=${size}`)).text);
    expect([checkpoint, index]).toEqual([older, size - 1]);
  });

  it.each([
    ['/proof', 400],
    ['/proof?index=-1', 400],
    ['/proof?index=01', 400],
    ['/proof?index=1e3', 400],
    ['/proof?index=9007199254740993', 400],
    ['/proof?index=1&index=2', 400],
    ['/proof?index=1&size=x', 400],
    ['/proof?index=1&size=', 400],
    ['/proof?index=1&size=3', 404],
    ['/proof?index=1000000', 404],
  ])('%s is answered with %d', async (path, status) => {
    await get(path).expect(status);
  });

  it('from a tile that was altered is not handed out', async () => {
    const path = join(tilesDir, 'tile/0/000');
    const good = readFileSync(path);
    writeFileSync(path, Buffer.alloc(good.length));
    await get('/proof?index=3').expect(500);
    writeFileSync(path, good.subarray(0, 100));
    await get('/proof?index=3').expect(500);
    writeFileSync(path, good);
    await get('/proof?index=3').expect(200);
  });
});
