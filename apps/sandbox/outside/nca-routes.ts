/** The authority's public addresses (certificates and list), and the switch that makes it revoke somebody's. */
import type { FastifyInstance } from 'fastify';
import type { Authority } from '../nca/nca.js';
import type { Faults } from './faults.js';
import { type Person, personNamed } from './people.js';
import type { Revocations } from './revocations.js';
import { exactly, text } from './server.js';

export interface NcaParts {
  readonly authority: Authority;
  readonly people: readonly Person[];
  readonly revocations: Revocations;
  readonly faults: Faults;
}

/** `GET /nca/root.pem`, `/nca/ca.pem`, `/nca/crl/ca.crl`; `POST /sandbox/revocations {name}`. */
export function ncaRoutes(app: FastifyInstance, { authority, people, revocations, faults }: NcaParts): void {
  const pem = 'application/x-pem-file';
  app.get('/nca/root.pem', (_request, reply) => reply.type(pem).send(authority.root.certPem));
  app.get('/nca/ca.pem', (_request, reply) => reply.type(pem).send(authority.issuing.certPem));
  app.get('/nca/crl/ca.crl', { preHandler: faults.strike('crl') }, async (_request, reply) => {
    const isStale = faults.modeOf('crl') === 'stale';
    const der = await (isStale ? revocations.staleList() : revocations.list());
    return reply.type('application/pkix-crl').send(der);
  });
  app.post<{ Body: { name: string } }>(
    '/sandbox/revocations',
    { schema: { body: exactly({ name: text(64) }) } },
    async (request) => {
      const person = personNamed(people, request.body.name);
      const revoked = await revocations.revoke([person.certPem, ...(person.otherCertPems ?? [])]);
      return { name: person.name, revoked };
    },
  );
}
