/** The metrics on a port of their own, with the health of processes that have no other. */
import type { Server } from 'node:http';
import { alwaysSent } from './answer-headers.js';
import type { ListenConfig } from './config.js';
import { version } from './health.controller.js';
import { metrics } from './metrics.js';
import { reportOf, type Readiness } from './readiness.js';
import { newServer } from './server.js';

/** Serves `/metrics`, `/livez`, `/readyz` and `/version`. */
export async function serveMetrics(listen: ListenConfig, readiness: Readiness): Promise<Server> {
  const pages: Record<string, () => Promise<{ status: number; type: string; body: string }>> = {
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() }),
    '/livez': () => Promise.resolve(json(200, { status: 'alive' })),
    '/version': () => Promise.resolve(json(200, { version })),
    '/readyz': async () => {
      const report = await reportOf(readiness);
      return json(report.ok ? 200 : 503, { status: report.ok ? 'ready' : 'not-ready', ...report });
    },
  };
  const server = newServer(listen, (request, response) => {
    const page = request.method === 'GET' ? pages[request.url ?? ''] : undefined;
    const answer = page?.() ?? Promise.resolve(json(404, {}));
    answer
      .catch(() => json(500, {}))
      .then(({ status, type, body }) =>
        response.writeHead(status, { ...alwaysSent, 'Content-Type': type }).end(body),
      )
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(listen.port, listen.host, resolve);
  });
  return server;
}

function json(status: number, body: object): { status: number; type: string; body: string } {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}
