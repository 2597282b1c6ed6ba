/**
 * The two calls of eGov Mobile's protocol as the citizen app answers them, in one small server: a secret opens once,
 * API №2 wants the token, a signature is taken once. What it answers can be spoiled; what the phone brings back is held to
 * the public description.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import { assertBundle, assertInvitation, assertSignedBundle } from './egov-mobile-description.js';

export interface PhoneRegistry {
  readonly app: FastifyInstance;
  readonly base: string;
  /** A QR code that works, once. */
  readonly qr: string;
  /** Every call that came: method, path, authorization. */
  readonly calls: readonly (readonly [string, string, string | undefined])[];
  /** The bodies that were put. */
  readonly taken: readonly unknown[];
}

export interface Spoiled {
  readonly invitation?: (answer: Record<string, unknown>) => unknown;
  readonly bundle?: (answer: Record<string, unknown>) => unknown;
  /** API №2 asks for no token. */
  readonly isOpenToAll?: boolean;
  /** The answer to a signature, in place of taking it. */
  readonly refusal?: { readonly status: number; readonly body: object };
}

const deadLink = { message: 'The link is not valid or has been used. Open the application again.' };

/** @param document the bytes to sign */
export async function phoneRegistry(document: Buffer, spoiled: Spoiled = {}): Promise<PhoneRegistry> {
  const app = Fastify({ forceCloseConnections: true });
  const calls: [string, string, string | undefined][] = [];
  const taken: unknown[] = [];
  let isOpened = false;
  let given: unknown;
  app.addHook('onRequest', async ({ method, url, headers }) => {
    calls.push([method, url, headers.authorization]);
  });
  app.get<{ Params: { secret: string } }>('/citizen/egov-mobile/:secret', async ({ params }, reply) => {
    if (params.secret !== 'one-time' || isOpened) return reply.code(403).send(deadLink);
    isOpened = true;
    const answer = invitation(base);
    assertInvitation(answer);
    return spoiled.invitation === undefined ? answer : reply.send(spoiled.invitation(answer));
  });
  const isKnown = (authorization: string | undefined): boolean =>
    spoiled.isOpenToAll === true || authorization === 'Bearer token-1';
  const documents = '/citizen/egov-mobile/documents/app_1';
  app.get(documents, async ({ headers }, reply) => {
    if (!isKnown(headers.authorization)) return reply.code(403).send(deadLink);
    const answer = bundle(document);
    if (spoiled.bundle === undefined) assertBundle(answer);
    given = spoiled.bundle === undefined ? answer : spoiled.bundle(answer);
    return reply.send(given);
  });
  app.put(documents, async ({ headers, body }, reply) => {
    const { refusal } = spoiled;
    if (refusal !== undefined) return reply.code(refusal.status).send(refusal.body);
    if (!isKnown(headers.authorization) || taken.length > 0) return reply.code(403).send(deadLink);
    assertSignedBundle(given, body);
    taken.push(body);
    return { message: 'The signature is accepted.' };
  });
  app.get('/elsewhere', async () => 'a phone was led astray');
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const base = `${origin}/citizen`;
  return { app, base, qr: `mobileSign:${base}/egov-mobile/one-time`, calls, taken };
}

function invitation(base: string): Record<string, unknown> {
  return {
    description: 'Application to place the refusal',
    expiry_date: '2026-05-04T09:45:00.000Z',
    organisation: { nameRu: 'Реестр', nameKz: 'Тізілім', nameEn: 'The registry', bin: '230340000000' },
    document: { uri: `${base}/egov-mobile/documents/app_1`, auth_type: 'Token', auth_token: 'token-1' },
  };
}

function bundle(document: Buffer): Record<string, unknown> {
  const one = {
    id: 1,
    nameRu: 'Заявление: установить отказ',
    nameKz: 'Бас тартуды белгілеу туралы өтініш',
    nameEn: 'Application to place the refusal',
    meta: [{ name: 'Statement', value: 'PLACE THE REFUSAL. <b>I ask</b>' }],
    document: { file: { mime: 'text/plain', data: document.toString('base64') } },
  };
  return { signMethod: 'CMS_WITH_DATA', version: 1, documentsToSign: [one] };
}
