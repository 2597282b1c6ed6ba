/**
 * The phones over HTTP: `POST /phone/open` and `/phone/sign` take JSON from programs, and the same as forms from the
 * page `GET /phone`, which they answer with pages.
 */
import type { FastifyInstance } from 'fastify';
import { Refused } from '../outside/refused.js';
import { exactly, isForm, text } from '../outside/server.js';
import { sendDocuments, sendResult, sendStart } from './phone-pages.js';
import { PhoneFailure } from './phone-failure.js';
import { type PhoneParts, type PhoneSession, PhoneSessions } from './phone-sessions.js';
import { shown } from './shown-document.js';

/** Puts the routes of the phones in place. */
export function phoneRoutes(app: FastifyInstance, parts: PhoneParts): void {
  const sessions = new PhoneSessions(parts);
  app.get('/phone', (_request, reply) => sendStart(reply, parts.people));
  app.post<{ Body: { citizen: string; qr: string } }>(
    '/phone/open',
    { schema: { body: exactly({ citizen: text(64), qr: text(2_048) }) } },
    async (request, reply) => {
      const session = await told(sessions.open(request.body.citizen, request.body.qr));
      const documents = session.bundle.documentsToSign.map(shown);
      if (isForm(request)) return sendDocuments(reply, session, documents);
      return { session: session.id, ...aboutInvitation(session), documents };
    },
  );
  app.post<{ Body: { session: string } }>(
    '/phone/sign',
    { schema: { body: exactly({ session: text(64) }) } },
    async (request, reply) => {
      const sent = await told(sessions.sign(request.body.session));
      return isForm(request) ? sendResult(reply, sent) : sent;
    },
  );
}

function aboutInvitation({ invitation }: PhoneSession): object {
  const { organisation, description, expiryDate } = invitation;
  return { organisation, description, expiryDate };
}

/** The phone's failures as answers of this server: what the registry said is told with its status. */
async function told<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (!(error instanceof PhoneFailure)) throw error;
    const { message, registryStatus } = error;
    const said =
      registryStatus === undefined ? message : `the registry (${String(registryStatus)}): ${message}`;
    throw new Refused(502, said, { cause: error });
  }
}
