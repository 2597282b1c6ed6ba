/** The public log over HTTP: what anybody may read, exactly, and nothing else. */
import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { calculateJwkThumbprint, type JWK } from 'jose';
import request from 'supertest';
import { leafOf } from '#libs/journal/commitment.js';
import { readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { problemKinds } from '#libs/problem/catalogue.js';
import { parseCheckpoint, parseVkey, verifyNote } from '#libs/tlog/note.js';
import { leafHash } from '#libs/tlog/tree.js';
import { pastGuards } from '../support/database.js';
import { newKeyPair } from '../support/machine-client.js';
import { addRawAct } from '../support/raw-act.js';
import { auditAfterEach } from '../support/auditor.js';
import { newLogScene, type LogScene } from '../support/log-scene.js';
import { newJournal } from '../support/journals.js';
import { enter, type Operator } from '../support/operator.js';

let scene: LogScene;
let operator: Operator;
beforeAll(async () => {
  scene = await newLogScene();
  operator = scene.operator;
});
// Its entries are signed with a key nobody published: only tree, answers and columns.
auditAfterEach(() => ({ database: operator.database, answers: scene.answers }));
afterAll(() => scene.close());

const get = (path: string, headers?: Record<string, string>) => scene.get(path, headers);
const publish = () => scene.publish();

describe('the keys', () => {
  it('are all there with purpose, kinds and times in seconds, and no private half', async () => {
    const answer = await get('/.well-known/jwks.json').expect(200);
    const { keys } = answer.body as {
      keys: (JWK & { purpose: string; kinds: string[]; nbf: number; exp: number })[];
    };
    expect(keys.map(({ purpose }) => purpose)).toEqual(
      expect.arrayContaining(['head/citizen', 'head/lender', 'head/clerk', 'head/tool', 'log']),
    );
    for (const key of keys) {
      expect(key).not.toHaveProperty('d');
      expect(key.kid).toBe(await calculateJwkThumbprint(key));
      expect(Number.isInteger(key.nbf) && key.nbf < key.exp && key.exp < 1e11).toBe(true);
    }
    const lender = keys.find(({ purpose }) => purpose === 'head/lender');
    expect(lender?.kinds).toContain('check.made');
    expect(lender?.kinds).not.toContain('refusal.placed');
  });

  it('of the log stand as vkeys, under which the checkpoint verifies byte for byte', async () => {
    expect((await get('/checkpoint')).body).toMatchObject({ code: 'not-found', status: 404 });
    const size = await publish();
    const vkeys = await get('/vkeys').expect(200).expect('Content-Type', 'text/plain; charset=utf-8');
    const [line = ''] = vkeys.text.split('\n');
    const checkpoint = await get('/checkpoint')
      .expect(200)
      .expect('Content-Type', 'text/plain; charset=utf-8');
    const { text } = verifyNote(checkpoint.text, [parseVkey(line)]);
    expect(text.split('\n').slice(0, 2)).toEqual([operator.config.origin, String(size)]);
    const held = readSigningKey(join(operator.keysRoot, 'clerk-signer'), 'log.jwk.json').key;
    expect(parseVkey(line).publicKey.equals(createPublicKey(held))).toBe(true);
  });
});

describe('an opening', () => {
  it('turns the leaf of a public kind back into its entry', async () => {
    const { rows } = await operator.database.superuser.query<{
      index: string;
      leaf_hash: Buffer;
      kind: string;
    }>('SELECT index, leaf_hash, kind FROM entries ORDER BY index');
    expect(rows.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['registry.opened', 'key.published', 'party.admitted']),
    );
    for (const { index, leaf_hash, kind } of rows) {
      const answer = await get(`/openings/${index}`).expect(200);
      const { entry, salt, ...rest } = answer.body as { entry: string; salt: string; index: number };
      expect(rest).toEqual({ index: Number(index) });
      expect(leafHash(leafOf(entry, Buffer.from(salt, 'base64url')))).toEqual(leaf_hash);
      expect((JSON.parse(entry) as { kind: string }).kind).toBe(kind);
      expect(answer.headers['cache-control']).toContain('immutable');
    }
  });

  it('is not found for every other kind, index and spelling, all in the same words', async () => {
    const source = await enter(operator.database, 'tyiym_lender');
    const lookup = readLookupKeys(join(operator.keysRoot, 'lender'));
    const secret = await newJournal(source, 'lender', lookup, {}).submit<number>({
      look: {},
      decide: () => ({
        entries: [{ kind: 'notice.delivered', body: { noticed: 'nobody' } }],
        answer: (_receipts, made) => made[0]?.index ?? -1,
      }),
    });
    await source.destroy();
    expect(secret).toBeGreaterThan(0);
    const spellings = ['1000000', '-1', '00', '1.0', '0x1', '1e3', '9007199254740993', 'NaN', '%30%00'];
    for (const index of [String(secret), ...spellings]) {
      const answer = await get(`/openings/${index}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ code: 'not-found', detail: problemKinds['not-found'].detail });
    }
  });
});

describe('a problem page', () => {
  it('is where the type of a problem answer leads, for every code and language', async () => {
    const problem = await get('/nothing-here').expect(404).expect('Content-Type', 'application/problem+json');
    const { type } = problem.body as { type: string };
    expect(type).toBe(`${operator.config.logBase}/problems/not-found`);
    for (const code of Object.keys(problemKinds))
      for (const lang of ['kk', 'ru', 'en']) {
        const page = await get(`/problems/${code}?lang=${lang}`).expect(200);
        expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
        expect(page.headers['content-language']).toBe(lang);
        expect(page.text).toContain(`<html lang="${lang}">`);
        expect(page.text).toContain(`<code>${code}</code>`);
      }
  });

  it('lists them all, each with a link that works', async () => {
    const list = await get('/problems?lang=ru').expect(200);
    const links = [...list.text.matchAll(/href="(\/problems\/[^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links).toHaveLength(Object.keys(problemKinds).length);
    for (const link of links) await get(link).expect(200);
  });

  it.each([
    ['kk-KZ,kk;q=0.9,ru;q=0.8', 'kk'],
    ['ru-KZ', 'ru'],
    ['de, ru;q=0.5, en;q=0.4', 'ru'],
    ['en;q=0.1, kk;q=0', 'en'],
    ['*', 'en'],
    ['', 'en'],
  ])('is read in the language the reader asks for: %s', async (accepted, language) => {
    const page = await get('/problems/internal', { 'Accept-Language': accepted });
    expect(page.headers['content-language']).toBe(language);
    expect(page.headers['vary']).toContain('Accept-Language');
  });

  it('is not there for a code that is none', async () => {
    for (const code of ['nothing', 'constructor', '__proto__', 'Internal', '%3Cscript%3E'])
      expect((await get(`/problems/${code}`).expect(404)).text).not.toContain('script');
  });

  it('needs no script, loads nothing, and allows only its own style', async () => {
    const page = await get('/problems/internal');
    expect(page.text).not.toMatch(/<script|<img|<link|@import|url\(|style="|\son[a-z]+=/);
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  });
});

describe('the figures', () => {
  it('say the same as JSON and as a page, and which checkpoint is the newest', async () => {
    const { text } = verifyNote((await get('/checkpoint')).text, [
      parseVkey((await get('/vkeys')).text.split('\n')[0] ?? ''),
    ]);
    const json = (await get('/figures.json').expect(200)).body as { log: { size: number; lagP99Ms: number } };
    expect(json.log.size).toBe(parseCheckpoint(text).size);
    expect(json.log.lagP99Ms).toBeGreaterThan(0);
    const page = await get('/figures', { 'Accept-Language': 'ru' }).expect(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-language': 'ru',
      vary: 'Accept-Language',
    });
    expect(page.text).toContain('Как работает реестр');
    expect(page.text.replace(/\s/gu, '')).toContain(`<dd>${json.log.size}</dd>`);
    expect(page.text).not.toMatch(/<script|<img|style="|\son[a-z]+=/);
  });
});

describe('every answer', () => {
  it('can be asked for again without being sent again', async () => {
    for (const path of [
      '/.well-known/jwks.json',
      '/vkeys',
      '/checkpoint',
      '/openings/0',
      '/problems',
      '/problems/internal',
      '/proof?index=0',
      '/figures.json',
      '/figures',
    ]) {
      const first = await get(path).expect(200);
      const tag = String(first.headers['etag']);
      expect(tag).toMatch(/^"[\w-]{22}"$/);
      expect(first.headers['cache-control']).toMatch(/^(public, max-age=\d+(, immutable)?|no-cache)$/);
      const again = await get(path, { 'If-None-Match': `"other", W/${tag}` }).expect(304);
      expect(again.text).toBe('');
      expect(again.headers['etag']).toBe(tag);
      await get(path, { 'If-None-Match': '"other"' }).expect(200);
    }
  });

  it('may be read by any page, is never guessed at, and has a Request-Id', async () => {
    for (const path of ['/vkeys', '/problems', '/nothing', '/livez']) {
      const { headers } = await get(path);
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('is only ever read: no other method is taken', async () => {
    for (const path of ['/checkpoint', '/vkeys', '/openings/0', '/problems/internal']) {
      const answer = await request(scene.app.getHttpServer()).post(path).send({ any: 1 });
      expect([answer.status, answer.body, answer.headers['allow']]).toEqual([
        405,
        expect.objectContaining({ code: 'method-not-allowed' }),
        'GET, HEAD',
      ]);
    }
  });

  it('is looked at by HEAD as by GET, also by whoever holds it already', async () => {
    await publish();
    const paths = ['/checkpoint', '/vkeys', '/figures', '/figures.json', '/problems', '/problems/internal'];
    for (const path of [
      ...paths,
      '/openings/0',
      '/.well-known/jwks.json',
      '/tile/0/000',
      '/livez',
      '/nothing',
    ]) {
      const [got, head] = [await get(path), await request(scene.app.getHttpServer()).head(path)];
      const fixed = ({ status, headers }: typeof got) => {
        const { date: _date, 'request-id': _id, ...rest } = headers as Record<string, string>;
        return { status, ...rest };
      };
      expect(fixed(head)).toEqual(fixed(got));
      expect(head.text ?? '').toBe('');
      const { etag } = got.headers as { etag?: string };
      if (etag === undefined) continue;
      const again = await request(scene.app.getHttpServer()).head(path).set('If-None-Match', etag);
      expect(again.status).toBe(304);
    }
  });
});

describe('the role of the log', () => {
  it('reads no entry, no person and no refusal, and writes nothing', async () => {
    const log = await enter(operator.database, 'tyiym_log');
    try {
      for (const sql of [
        'SELECT entry FROM entries',
        'SELECT seed FROM entries',
        'SELECT subject FROM entries',
        'SELECT * FROM refusals',
        'SELECT * FROM people',
        'SELECT * FROM checks',
        'SELECT * FROM officials',
        `INSERT INTO checkpoints VALUES (1, 'x', sha256('x'), 'x', now())`,
        'UPDATE signing_keys SET revoked_at = now()',
        'DELETE FROM figures',
      ])
        await expect(log.query(sql)).rejects.toThrow('permission denied');
    } finally {
      await log.destroy();
    }
  });
});

// Last, because of these keys nothing counts any more.
describe('keys that were revoked', () => {
  const kidOf = (purpose: string): string =>
    operator.foundation.publicKeys.find((key) => key.purpose === purpose)?.kid ?? '';
  const shown = async (): Promise<readonly { purpose: string; kid: string; revokedAt?: number }[]> =>
    ((await get('/.well-known/jwks.json')).body as { keys: { purpose: string; kid: string }[] }).keys;

  it('say since when, and a revoked log key is no longer named as one that signs', async () => {
    const since = '2020-01-02T03:04:05.678Z';
    const text = await operator.acts.draft({
      kind: 'key.compromised',
      body: { kid: kidOf('log'), since },
    });
    await operator.acts.apply(text, [await operator.sign(text, 0), await operator.sign(text, 1)]);
    const keys = await shown();
    expect(keys.find(({ purpose }) => purpose === 'log')?.revokedAt).toBe(1577934245);
    expect(keys.find(({ purpose }) => purpose === 'head/lender')).not.toHaveProperty('revokedAt');
    expect((await get('/vkeys')).status).toBe(404);
  });

  it('are not those of a table: a row that somebody wrote is shown to nobody', async () => {
    await pastGuards(
      operator.database.superuser,
      `INSERT INTO signing_keys SELECT 'stranger', purpose, kinds, jwk, from_size, not_before, expires_at, NULL, NULL, entry_index
       FROM signing_keys WHERE purpose = 'head/lender'`,
    );
    await pastGuards(operator.database.superuser, 'UPDATE signing_keys SET revoked_at = NULL');
    const keys = await shown();
    expect(keys.map(({ kid }) => kid)).not.toContain('stranger');
    expect(keys.find(({ purpose }) => purpose === 'log')?.revokedAt).toBe(1577934245);
  });

  it('count as revoked before the clerk has verified that, while a key that was published waits for it', async () => {
    const { superuser } = operator.database;
    const kid = kidOf('head/bureau');
    const [published] = operator.foundation.publicKeys;
    const { publicJwk, kid: stranger } = await newKeyPair();
    await addRawAct(superuser, 'key.compromised', { kid });
    const size = await superuser.query<{ size: string }>('SELECT max(index) + 1 AS size FROM entries');
    await addRawAct(superuser, 'key.published', {
      ...published,
      ...{ kid: stranger, jwk: publicJwk, fromSize: Number(size.rows[0]?.size) },
    });
    const keys = await shown();
    expect(keys.find((key) => key.kid === kid)).toHaveProperty('revokedAt');
    expect(keys.map((key) => key.kid)).not.toContain(stranger);
    for (const table of ['registry_acts', 'entries'])
      await pastGuards(superuser, `DELETE FROM ${table} WHERE index >= (SELECT size FROM journal_head)`);
  });
});
