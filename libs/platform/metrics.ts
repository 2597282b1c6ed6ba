/** The Prometheus metrics of a process. */
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

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
