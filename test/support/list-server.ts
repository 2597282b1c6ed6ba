/** The list of revoked certificates of a spec's own authority, over HTTP. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { crl, serialNumberOf, type Authority } from '../../apps/sandbox/nca/nca.js';

export interface ListServer {
  readonly server: Server;
  readonly url: string;
  revoke(person: Credential): void;
  serve(serves: boolean): void;
}

/** Serves the list of revoked certificates of an authority. */
export async function listServer(authority: Authority, registryNow: () => number): Promise<ListServer> {
  const revoked: { serialNumber: string; revokedAt: number }[] = [];
  let serves = true;
  const server = createServer((_request, response) => {
    if (!serves) return response.writeHead(503).end();
    const at = registryNow() - 1000;
    crl(authority, { at, revoked }).then(
      (der) => response.end(der),
      () => response.destroy(),
    );
    return response;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ca.crl`,
    revoke: (person) => {
      revoked.push({ serialNumber: serialNumberOf(person.certPem), revokedAt: registryNow() - 60_000 });
    },
    serve: (does) => {
      serves = does;
    },
  };
}
