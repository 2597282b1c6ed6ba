/**
 * The two calls of eGov Mobile's protocol as the citizen app answers them, in one small server: a secret opens once,
 * API №2 wants the token, a signature is taken once. What it answers can be spoiled.
 */
import Fastify, { type FastifyInstance } from 'fastify';

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
}

const deadLink = { message: 'The link is not valid or has been used. Open the application again.' };

/** @param document the bytes to sign */
export async function phoneRegistry(document: Buffer, spoiled: Spoiled = {}): Promise<PhoneRegistry> {
  const app = Fastify({ forceCloseConnections: true });
  const calls: [string, string, string | undefined][] = [];
  const taken: unknown[] = [];
  let isOpened = false;
  app.addHook('onRequest', async ({ method, url, headers }) => {
    calls.push([method, url, headers.authorization]);
  });
  app.get<{ Params: { secret: string } }>('/citizen/egov-mobile/:secret', async ({ params }, reply) => {
    if (params.secret !== 'one-time' || isOpened) return reply.code(403).send(deadLink);
    isOpened = true;
    const answer = invitation(base);
    return spoiled.invitation === undefined ? answer : reply.send(spoiled.invitation(answer));
  });
  const documents = '/citizen/egov-mobile/documents/app_1';
  app.get(documents, async ({ headers }, reply) => {
    if (headers.authorization !== 'Bearer token-1') return reply.code(403).send(deadLink);
    const answer = bundle(document);
    return spoiled.bundle === undefined ? answer : reply.send(spoiled.bundle(answer));
  });
  app.put(documents, async ({ headers, body }, reply) => {
    if (headers.authorization !== 'Bearer token-1' || taken.length > 0) return reply.code(403).send(deadLink);
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
