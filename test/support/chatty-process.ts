/**
 * A program: the logger of a process at work, told over HTTP what to log. Its standard output is the spec's to read, to
 * leave unread, or to close. It ends by a signal as every app does.
 */
import { createServer } from 'node:http';
import { createLogger, logCrashes } from '#libs/platform/logging.js';
import { metrics } from '#libs/platform/metrics.js';

const logger = createLogger('chatty');
const server = createServer((request, response) => {
  const [, act, count = '1'] = (request.url ?? '').split('/');
  if (act === 'lines') for (let at = 0; at < Number(count); at += 1) logger.info({ at, filling }, 'a line');
  if (act === 'throw') setImmediate(() => throwOne());
  if (act === 'reject') void Promise.reject(new Error('nobody waits for this'));
  if (act === 'warn') process.emitWarning('look here');
  void metrics.metrics().then((text) => response.end(text));
});
const filling = 'x'.repeat(600);

function throwOne(): never {
  throw new Error('nobody expected this');
}

process.on('SIGTERM', () => {
  logger.info('stopped');
  process.exit(0);
});
server.listen(0, '127.0.0.1', () => {
  logCrashes('chatty', logger);
  // Over the channel, because standard output may be read by nobody.
  process.send?.(server.address());
});
