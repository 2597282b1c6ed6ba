/** eGov Mobile's way: the QR code opens once, the phone signs what it was shown, and the channel learns that it counted. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import type { PhoneDocuments, PhoneInvitation } from '../../apps/citizen/egov-mobile/phone.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs, type Somebody } from '../support/citizen-acts.js';
import {
  assertBundle,
  assertInvitation,
  assertLink,
  assertPhoneAnswer,
  assertQr,
} from '../support/egov-mobile-description.js';
import { newWorld, publicBase, signatureOf, type World } from '../support/citizen-world.js';

let world: World;
let acts: CitizenActs;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
}, 60_000);

auditAfterEach(() => world);
afterAll(() => world.close());

/** The phone knows addresses and a token, nothing else. */
const pathOf = (url: string): string => url.replace(publicBase, '');
const held = async (answering: PromiseLike<Response>): Promise<Response> => {
  const answer = await answering;
  assertPhoneAnswer(answer);
  return answer;
};
const get = (url: string, token?: string, language = 'ru'): Promise<Response> =>
  held(
    request(world.app.getHttpServer())
      .get(pathOf(url))
      .set({ 'Accept-Language': language, ...(token !== undefined && { Authorization: `Bearer ${token}` }) }),
  );
const put = (url: string, token: string, body: object, language = 'ru'): Promise<Response> =>
  held(
    request(world.app.getHttpServer())
      .put(pathOf(url))
      .set({ 'Accept-Language': language, Authorization: `Bearer ${token}` })
      .send(body),
  );

const place = { kind: 'place', lockHours: 24 };

interface Scanned {
  readonly opened: Opened;
  readonly api1: string;
  readonly invitation: PhoneInvitation;
}

/** Opens an application and scans its QR code. */
async function scan(who: Somebody, wish: object = place): Promise<Scanned> {
  const opened = (await acts.open(who.iin, { ...wish })).body as Opened;
  const api1 = opened.egovMobile.qr.replace(/^mobileSign:/, '');
  return { opened, api1, invitation: (await get(api1)).body as PhoneInvitation };
}

/** What the phone brings back: the same shape, the CMS in place of the document. */
function withSignature(documents: PhoneDocuments, cms: string): object {
  const [first] = documents.documentsToSign;
  if (first === undefined) throw new Error('no document');
  const file = { ...first.document.file, data: cms };
  return { ...documents, documentsToSign: [{ ...first, document: { file } }] };
}

const dead = { kk: /жарамсыз/, ru: /недействительна/, en: /not valid/ };

describe('a phone', () => {
  it('scans, shows, signs, and the refusal is in force', async () => {
    const who = await acts.somebody();
    const { opened, api1, invitation } = await scan(who);
    expect(api1).toMatch(new RegExp(`^${publicBase}/egov-mobile/[A-Za-z0-9_-]{43}$`));
    assertQr(opened.egovMobile.qr);
    assertLink(opened.egovMobile.link, api1);
    assertInvitation(invitation);
    expect(invitation).toEqual({
      description: 'Заявление: установить отказ',
      expiry_date: opened.expiresAt,
      organisation: { nameRu: 'Реестр', nameKz: 'Тізілім', nameEn: 'Registry', bin: '010140000004' },
      document: {
        uri: `${publicBase}/egov-mobile/documents/${opened.applicationId}`,
        auth_type: 'Token',
        auth_token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      },
    });
    const { uri, auth_token: token } = invitation.document;
    const documents = (await get(uri, token)).body as PhoneDocuments;
    assertBundle(documents);
    expect(documents).toMatchObject({ signMethod: 'CMS_WITH_DATA', version: 1 });
    expect(documents.documentsToSign[0]?.document.file.data).toBe(opened.document);
    const signed = withSignature(documents, await signatureOf(who.person, opened.document));
    const first = await put(uri, token, signed);
    expect([first.status, first.body]).toEqual([200, { message: 'Подпись принята.' }]);
    expect((await put(uri, token, signed)).status).toBe(200);
    expect((await acts.progress(opened.applicationId)).body).toMatchObject({
      ...{ state: 'signed', refusal: { state: 'in-force', version: 1 } },
      receipt: { entry: expect.stringContaining('"kind":"refusal.placed"') },
    });
    const other = withSignature(documents, await signatureOf(who.person, opened.document, true));
    const again = await put(uri, token, other);
    expect([again.status, again.body]).toEqual([403, { message: 'Заявление уже подписано' }]);
    expect((await get(uri, token)).status).toBe(403);
  });

  it('that scans second, or a code that was never ours, is told so in its language', async () => {
    const { api1 } = await scan(await acts.somebody());
    const answers = await Promise.all([
      get(api1, undefined, 'kk-KZ'),
      get(`${api1.slice(0, -2)}AA`, undefined, 'ru'),
      get('/egov-mobile/x', undefined, 'en-GB, ru;q=0.5'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    const messages = answers.map(({ body }) => (body as { message: string }).message);
    expect([messages[0], messages[1], messages[2]]).toEqual([
      ...[expect.stringMatching(dead.kk), expect.stringMatching(dead.ru), expect.stringMatching(dead.en)],
    ]);
  });

  it('is not used up by a HEAD, which some scanners send first', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, place)).body as Opened;
    const api1 = opened.egovMobile.qr.replace(/^mobileSign:/, '');
    const looked = await request(world.app.getHttpServer()).head(pathOf(api1));
    expect([looked.status, looked.headers.allow]).toEqual([405, 'GET']);
    expect((await get(api1)).status).toBe(200);
  });

  it('of two that scan at once lets one in', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, place)).body as Opened;
    const api1 = opened.egovMobile.qr.replace(/^mobileSign:/, '');
    const answers = await Promise.all([1, 2, 3].map(() => get(api1)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403, 403]);
  });

  it('cannot scan after three minutes, nor a code whose application is void', async () => {
    const who = await acts.somebody();
    const older = (await acts.open(who.iin, place)).body as Opened;
    const newer = (await acts.open(who.iin, place)).body as Opened;
    const url = ({ egovMobile }: Opened): string => egovMobile.qr.replace(/^mobileSign:/, '');
    expect((await get(url(older))).status).toBe(403);
    await world.database.superuser.query(
      `UPDATE applications SET phone_expires_at = registry_now() - interval '1 millisecond' WHERE document_sha256 = $1`,
      [Buffer.from(newer.documentSha256, 'base64url')],
    );
    expect((await get(url(newer))).status).toBe(403);
  });

  it('without the token, or with that of another application, sees and signs nothing', async () => {
    const who = await acts.somebody();
    const one = await scan(who);
    const two = await scan(await acts.somebody());
    const { uri, auth_token: token } = one.invitation.document;
    const stranger = two.invitation.document.auth_token;
    const documents = (await get(uri, token)).body as PhoneDocuments;
    const signed = withSignature(documents, await signatureOf(who.person, one.opened.document));
    const answers = [
      ...[await get(uri), await get(uri, 'x'), await get(uri, stranger), await put(uri, stranger, signed)],
      await get(two.invitation.document.uri, token),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect((await acts.progress(one.opened.applicationId)).body).toEqual({ state: 'open' });
  });

  it('that brings back something else is refused with a message, and may try again', async () => {
    const who = await acts.somebody();
    const other = await acts.somebody();
    const { opened, invitation } = await scan(who);
    const { uri, auth_token: token } = invitation.document;
    const documents = (await get(uri, token)).body as PhoneDocuments;
    const withOthers = withSignature(documents, await signatureOf(other.person, opened.document));
    const answers = [
      await put(uri, token, {}),
      await put(uri, token, { documentsToSign: [] }),
      await put(uri, token, documents),
      await put(uri, token, withOthers, 'en'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(answers[3]?.body).toEqual({ message: 'The signer is not the applicant' });
    const signed = withSignature(documents, await signatureOf(who.person, opened.document));
    expect((await put(uri, token, signed)).status).toBe(200);
  });

  it('is told of every fault by 403 and a sentence in its language, because it knows no other status', async () => {
    const who = await acts.somebody();
    const { opened, api1, invitation } = await scan(who);
    const { uri, auth_token: token } = invitation.document;
    const sent = (
      method: 'get' | 'put',
      url: string,
      headers: object = {},
      body?: string,
    ): Promise<Response> =>
      Promise.resolve(
        request(world.app.getHttpServer())
          [method](pathOf(url))
          .set({ 'Accept-Language': 'kk', Authorization: `Bearer ${token}`, ...headers })
          .send(body),
      );
    const json = { 'Content-Type': 'application/json' };
    const faults: Record<string, Promise<Response>> = {
      'a secret that was used': sent('get', api1),
      'an address that leads nowhere': sent('get', `${uri}/more`),
      'a document of nobody': sent('get', uri.replace(/app_.*/, 'app_x')),
      'a signature to nowhere': sent('put', `${uri}/more`, json, '{}'),
      'another kind of token': sent('get', uri, { Authorization: `Basic ${token}` }),
      'no body': sent('put', uri),
      'a body that is no JSON': sent('put', uri, json, '{"documentsToSign":'),
      'a body with a name twice': sent('put', uri, json, '{"version":1,"version":1}'),
      'a body of another type': sent('put', uri, { 'Content-Type': 'text/xml' }, '<x/>'),
      'a body without a type': sent('put', uri, { 'Content-Type': '' }, '{}'),
      'a packed body': sent('put', uri, { ...json, 'Content-Encoding': 'gzip' }, '{}'),
      'a body too large': sent('put', uri, json, JSON.stringify({ x: 'x'.repeat(130 * 1024) })),
      'a list': sent('put', uri, json, '[]'),
      'a header that is not believed': sent('get', uri, { 'Client-Cert': ':eA==:' }),
    };
    for (const [fault, answering] of Object.entries(faults)) {
      const { status, body, headers } = await answering;
      expect([fault, status, Object.keys(body as object)]).toEqual([fault, 403, ['message']]);
      expect(headers['content-type']).toMatch(/^application\/json/);
      // Kazakh has letters that Russian has not.
      expect((body as { message: string }).message).toMatch(/[әғқңөұүһі]/i);
    }
    expect((await acts.progress(opened.applicationId)).body).toEqual({ state: 'open' });
  });

  it('may send what encoders make of a CMS: in lines, with a line end behind it, in the armour of NCALayer', async () => {
    for (const spelled of [
      (base64: string) => `${(base64.match(/.{1,76}/g) ?? []).join('\n')}\n`,
      (base64: string) => (base64.match(/.{1,64}/g) ?? []).join('\r\n'),
      (base64: string) =>
        `-----BEGIN CMS-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END CMS-----\n`,
    ]) {
      const who = await acts.somebody();
      const { opened, invitation } = await scan(who);
      const { uri, auth_token: token } = invitation.document;
      const documents = (await get(uri, token)).body as PhoneDocuments;
      const cms = await signatureOf(who.person, opened.document);
      expect((await put(uri, token, withSignature(documents, spelled(cms)))).status).toBe(200);
      // The channel may bring the very same signature in another spelling: it is the same CMS.
      expect((await acts.sign(opened.applicationId, cms)).status).toBe(200);
    }
  });

  it('leaves neither secret nor token in the database or a log', async () => {
    const { api1, invitation } = await scan(await acts.somebody());
    const secret = api1.split('/').at(-1) ?? '';
    const { rows } = await world.database.superuser.query<{ text: string }>(
      `SELECT string_agg(to_jsonb(a)::text, '') || (SELECT string_agg(to_jsonb(k)::text, '') FROM idempotency_keys k) AS text
       FROM applications a`,
    );
    const kept = `${rows[0]?.text ?? ''}${world.logged.join('')}`;
    const words = [secret, invitation.document.auth_token].flatMap((word) => [
      ...[word, Buffer.from(word).toString('hex'), Buffer.from(word, 'base64url').toString('hex')],
    ]);
    expect(kept.length).toBeGreaterThan(1000);
    expect(words.filter((word) => kept.includes(word))).toEqual([]);
  });
});
