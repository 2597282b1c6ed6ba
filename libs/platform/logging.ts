/** One JSON line an event on standard output (pino). Requests are not logged; failures are, once, by the filter. */
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

/** The logger of a process. */
export function createLogger(app: string): Logger {
  const options = { base: { app }, level: process.env['TYIYM_LOG_LEVEL'] ?? 'info' };
  // In step, because lines that still wait at the exit are written again and again when nobody reads them any more:
  // a process whose parent was killed would never end.
  return pino(options, pino.destination({ dest: 1, sync: true }));
}

/** Nest's own messages through the same logger. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown) => logger.debug(String(message)),
    warn: (message: unknown) => logger.warn(String(message)),
    error: (message: unknown) => logger.error(String(message)),
  };
}
