/** Prometheus metrics on a port of their own, with the health of processes that have no other. */
import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { version } from './health.controller.js';
import { reportOf, type Readiness } from './readiness.js';
import type { ListenConfig } from './config.js';

export const metrics = new Registry();
collectDefaultMetrics({ register: metrics });

/** Seconds per answered request by route and status, but for the watchdog's; routes, never URLs, because a URL may hold an id. */
export const requestSeconds = new Histogram({
  name: 'tyiym_http_request_seconds',
  help: 'Seconds from the request to the end of its answer.',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [metrics],
});

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
  const server = createServer((request, response) => {
    const page = request.method === 'GET' ? pages[request.url ?? ''] : undefined;
    const answer = page?.() ?? Promise.resolve(json(404, {}));
    answer
      .catch(() => json(500, {}))
      .then(({ status, type, body }) => response.writeHead(status, { 'Content-Type': type }).end(body))
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
