/** The scene of the recorded corpus: a rich registry, and beside it every route in its usual answers and refusals. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import request, { type Response } from 'supertest';
import { newId } from '#libs/journal/id.js';
import { createApp } from '#libs/platform/http.js';
import { readSigningKey } from '#libs/platform/keys.js';
import { makeVkey } from '#libs/tlog/note.js';
import { LogModule } from '../../apps/log/log.module.js';
import { witnessKey } from '../../apps/sandbox/witness/witness-key.js';
import { keepAnswers, type Answer } from './answers.js';
import { bureauReader } from './bureau-scene.js';
import { call, iins, signatureOf, type Call } from './citizen-world.js';
import type { Corpus, RecordedEntry, RecordedHead, RecordedLog } from './corpus.js';
import { eventually } from './eventually.js';
import { iss, origin } from './journals.js';
import { loginOf } from './operator.js';
import { richRegistry, type RichRegistry, type RichScene } from './rich-registry.js';

/** Plays the scene and returns what was answered, written and published. */
export async function corpusScene(): Promise<Corpus> {
  const rich = await richRegistry(async (scene) => {
    await playLender(scene);
    await playCitizen(scene);
    await playBureau(scene);
  });
  try {
    const { superuser } = rich.world.database;
    const { rows: entries } = await superuser.query<RecordedEntry>(
      `SELECT index::int, entry, ${base64url('seed')} AS seed, ${base64url('leaf_hash')} AS "leafHash"
       FROM entries ORDER BY index`,
    );
    const { rows: heads } = await superuser.query<RecordedHead>(
      `SELECT size::int, ${base64url('root')} AS root, jws FROM heads ORDER BY size`,
    );
    const answers: Answer[] = [];
    const log = await playLog(rich, answers);
    const asked = rich.world.answers.filter(({ url }) => url !== '/livez');
    return { log, entries, heads, answers: [...asked, ...answers] };
  } finally {
    await rich.close();
  }
}

const base64url = (column: string): string =>
  `rtrim(translate(replace(encode(${column}, 'base64'), E'\\n', ''), '+/', '-_'), '=')`;

async function playLender({ world, lender }: RichScene): Promise<void> {
  const ask = (what: Partial<Call> & Pick<Call, 'path'>): Promise<Response> =>
    call({ app: lender }, world.bank, { method: 'GET', scope: 'checks loans', ...what });
  const post = (path: string, body: object, key?: string): Promise<Response> =>
    ask({ method: 'POST', path, body, ...(key !== undefined && { key }) });
  const question = (place: number): Record<string, unknown> => ({
    ...{ iin: iins[place % 20], loanRef: `C-${place}` },
    product: ['bank-loan', 'microcredit'][place % 2],
    stage: ['decision', 'disbursement'][place % 2],
  });
  for (let place = 0; place < 130; place += 1) await post('/v1/checks', question(place), randomUUID());
  const key = randomUUID();
  const first = await post('/v1/checks', question(1), key);
  await post('/v1/checks', question(1), key);
  await post('/v1/checks', question(2), key);
  await post('/v1/checks', question(1));
  await post('/v1/checks', question(1), 'no uuid');
  await post('/v1/checks', { ...question(1), iin: '000000000000' }, randomUUID());
  await post('/v1/checks', { ...question(1), stranger: 1 }, randomUUID());
  const { checkId } = first.body as { readonly checkId: string };
  await ask({ path: `/v1/checks/${checkId}` });
  await ask({ path: '/v1/checks/chk_0000000000e00000000000000t' });
  await ask({ path: `/v1/checks/${checkId}/proof` });
  await ask({ path: '/v1/checks?limit=3' });
  await ask({ path: '/v1/checks?limit=0' });
  await ask({ path: '/v1/checks?loanRef=C-1' });
  await playBatches(post, question);
  await playLoans(post, ask, world.registryNow());
  await eventually(
    'the clerk counts the people asked about today',
    () => world.database.superuser.query('SELECT FROM people_asked WHERE ends_at > registry_now()'),
    ({ rowCount }) => rowCount !== 0,
    60_000,
  );
  for (const path of ['/v1/notices', '/v1/party', '/.well-known/oauth-protected-resource'])
    await ask({ path });
  await ask({ path: '/v1/party', scope: 'citizen' });
}

type Post = (path: string, body: object, key?: string) => Promise<Response>;

async function playBatches(post: Post, question: (place: number) => Record<string, unknown>): Promise<void> {
  const items = Array.from({ length: 100 }, (_, place) => ({ ref: `B${place}`, ...question(place) }));
  const key = randomUUID();
  await post('/v1/check-batches', { items }, key);
  await post('/v1/check-batches', { items }, key);
  await post('/v1/check-batches', { items: items.slice(1) }, key);
  await post('/v1/check-batches', { items });
  await post('/v1/check-batches', { items: [{ ...items[0], iin: '000000000000' }] }, randomUUID());
  await post('/v1/check-batches', { items: [] }, randomUUID());
}

async function playLoans(
  post: Post,
  ask: (what: Pick<Call, 'path'>) => Promise<Response>,
  nowMs: number,
): Promise<void> {
  const hoursAgo = (hours: number): string => new Date(nowMs - hours * 3_600_000).toISOString();
  const loan = {
    ...{ contractNumber: 'K-corpus', iin: iins[3], product: 'bank-loan' },
    ...{ amount: { value: '1000.00', currency: 'KZT' }, signedAt: hoursAgo(3), disbursedAt: hoursAgo(2) },
  };
  const key = randomUUID();
  const reported = await post('/v1/loans', loan, key);
  await post('/v1/loans', loan, key);
  await post('/v1/loans', loan, randomUUID());
  await post('/v1/loans', { ...loan, contractNumber: 'K-other' }, key);
  await post('/v1/loans', { ...loan, iin: iins[4] }, randomUUID());
  await post('/v1/loans', { ...loan, amount: { value: '1', currency: 'KZT' } }, randomUUID());
  await post('/v1/loans', loan);
  const { loanId } = reported.body as { readonly loanId: string };
  for (const path of [`/v1/loans/${loanId}`, '/v1/loans', '/v1/loans?contractNumber=K-corpus'])
    await ask({ path });
}

async function playCitizen({ world, acts }: RichScene): Promise<void> {
  const who = await acts.somebody();
  for (let times = 0; times < 3; times += 1) await acts.present('/v1/refusal-status', who.iin);
  await acts.act(who, { kind: 'place', lockHours: 0 });
  await acts.present('/v1/refusal-status', who.iin);
  await acts.present('/v1/trail', who.iin);
  await acts.present('/v1/trail', who.iin, { limit: 1 });
  await acts.present('/v1/lift-cancellations', who.iin);
  await acts.open(who.iin, { kind: 'lift', lockHours: 1000 });
  const opened = (await acts.open(who.iin, { kind: 'lift' })).body as {
    readonly applicationId: string;
    readonly document: string;
    readonly egovMobile: { readonly qr: string };
  };
  await acts.progress(opened.applicationId);
  await acts.progress('app_0000000000e00000000000000t');
  await acts.sign(opened.applicationId, 'AAAA');
  const server = world.app.getHttpServer();
  const api1 = new URL(opened.egovMobile.qr.replace(/^mobileSign:/, '')).pathname;
  const invited = await request(server).get(api1);
  const { uri, auth_token: token } = (invited.body as { document: { uri: string; auth_token: string } })
    .document;
  await request(server).get(new URL(uri).pathname).set('Authorization', `Bearer ${token}`);
  await request(server).get(api1);
  await acts.sign(opened.applicationId, await signatureOf(who.person, opened.document));
  await acts.progress(opened.applicationId);
  await call(world, world.portal, { method: 'GET', path: '/.well-known/oauth-protected-resource' });
}

async function playBureau({ world, bureau }: RichScene): Promise<void> {
  const gkb = bureauReader(world, bureau, 'gkb');
  const stream = `/v1/streams/${await gkb.streamId()}`;
  const recordedAt = new Date(world.registryNow()).toISOString();
  const [item] = await gkb.items();
  const stamps = { items: [{ jti: item?.jti, recordedAt, historyRef: 'H-3' }] };
  const key = randomUUID();
  for (const with_ of [key, key, undefined, 'no uuid']) await gkb.call('POST', '/v1/stamps', stamps, with_);
  await gkb.call('POST', '/v1/stamps', { items: [{ ...stamps.items[0], historyRef: 'H-4' }] }, key);
  await gkb.call('POST', '/v1/stamps', { items: [{ ...stamps.items[0], jti: 'x' }] }, randomUUID());
  const hoursAgo = (hours: number): string => new Date(world.registryNow() - hours * 3_600_000).toISOString();
  const loan = {
    ...{ lenderBin: '010140000004', contractNumber: 'K-bureau', iin: iins[5], product: 'microcredit' },
    ...{ amount: { value: '90000.00', currency: 'KZT' }, signedAt: hoursAgo(3), disbursedAt: hoursAgo(2) },
  };
  const loans = randomUUID();
  for (const with_ of [loans, loans, undefined])
    await gkb.call('POST', '/v1/loans', { items: [loan] }, with_);
  await gkb.call('POST', '/v1/loans', { items: [{ ...loan, contractNumber: 'K-2' }] }, loans);
  await gkb.call('POST', '/v1/loans', { items: [{ ...loan, iin: '000000000000' }] }, randomUUID());
  const correction = {
    breachId: newId('brc', world.registryNow()),
    removedAt: recordedAt,
    historyRef: 'H-5',
  };
  const corrected = randomUUID();
  for (const with_ of [corrected, corrected, undefined])
    await gkb.call('POST', '/v1/corrections', correction, with_);
  await gkb.call('POST', '/v1/corrections', { ...correction, historyRef: 'H-6' }, corrected);
  await gkb.call('POST', '/v1/digests/7', { atSeq: item?.event.seq ?? 1, items: [] });
  await gkb.call('POST', `${stream}/verification`);
  await gkb.call('POST', `${stream}/position`, { afterSeq: 0 });
  for (const path of ['/keys', '/events', '/events?limit=1', '/snapshot'])
    await gkb.call('GET', stream + path);
  for (const path of ['ssf-configuration', 'oauth-protected-resource'])
    await gkb.call('GET', `/.well-known/${path}`);
  await gkb.call('GET', `/v1/stream-status?stream_id=${await gkb.streamId()}`);
  await gkb.call('GET', '/v1/party');
}

/** Reads the public log, whose keys and checkpoint are the rest of the corpus. */
async function playLog(
  { world, tilesDir, witness, note }: RichRegistry,
  answers: Answer[],
): Promise<RecordedLog> {
  const config = {
    ...{ ...world.tool, app: 'log' as const, tilesDir },
    database: loginOf(world.database, 'tyiym_log'),
  };
  const app: NestFastifyApplication = await createApp(
    LogModule.register(config),
    config,
    pino({ level: 'silent' }),
  );
  try {
    keepAnswers(app, answers);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    const get = (path: string): Promise<Response> => request(app.getHttpServer()).get(path).then();
    const { body } = await get('/.well-known/jwks.json');
    for (const path of ['/vkeys', '/checkpoint', '/proof?index=3', '/proof?index=x', '/openings/0'])
      await get(path);
    for (const path of ['/openings/99999', '/figures.json', '/problems', '/problems/not-found'])
      await get(path);
    const key = readSigningKey(world.keysDir('clerk-signer'), 'log.jwk.json').key;
    return {
      ...{ origin, issuer: iss, now: Math.floor(world.registryNow() / 1000) },
      jwks: body as RecordedLog['jwks'],
      ...{
        vkey: makeVkey(origin, key),
        witness: witnessKey(join(tilesDir, 'witness'), witness.name).vkey,
        checkpoint: note,
      },
    };
  } finally {
    await app.close();
  }
}
