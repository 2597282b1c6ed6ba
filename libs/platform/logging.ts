/**
 * One JSON line an event on standard output (pino). Requests are not logged; failures are, once, by the filter. A reader
 * that stands still costs lines and never an answer, one that is gone ends the process, and a crash is told.
 */
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger, type LoggerOptions } from 'pino';
import { Counter } from 'prom-client';
import { failureRecord } from '#libs/problem/failure-record.js';
import { inWords } from './failure-words.js';
import { LogOutlet } from './log-outlet.js';
import { metrics } from './metrics.js';

const linesDropped = new Counter({
  name: 'tyiym_log_lines_dropped_total',
  help: 'Lines that were dropped because nobody read standard output.',
  registers: [metrics],
});

/** Some thousand lines. */
const maxWaitingBytes = 1_048_576;
const flushMs = 1000;

/** Standard output, which all loggers of a process share; made when the first line needs it. */
let outlet: LogOutlet | undefined;

/** The logger of a process. */
export function createLogger(app: string): Logger {
  const logger: Logger = pino(optionsOf(app), {
    write: (line: string) => (outlet ??= standardOutput(logger)).write(line),
  });
  return logger;
}

/** Ends the process with a line; replaced once the app listens. */
let onCrash: ((error: unknown, origin: string) => void) | undefined;

/** Until the app listens a failure is its operator's to read, with all its words: one line that says why nothing started. */
export function logStart(app: string, logger: Logger): void {
  endWith(app, logger, (last, error) => last.fatal(`the process could not start: ${inWords(error)}`));
}

/**
 * From now on a failure that no code expected ends the process with its line, before all lines that wait, and warnings
 * of Node become lines, because Node would write both to standard error and wait for its reader. What the failure quotes
 * may be a caller's, so its words are left out.
 */
export function logCrashes(app: string, logger: Logger): void {
  endWith(app, logger, (last, error, origin) =>
    last.fatal(
      { origin, failure: failureRecord(error) },
      'the process ends because of an unexpected failure',
    ),
  );
}

function endWith(
  app: string,
  logger: Logger,
  say: (last: Logger, error: unknown, origin: string) => void,
): void {
  const last: Logger = pino(optionsOf(app), {
    write: (line: string) => (outlet ??= standardOutput(last)).writeFirst(line),
  });
  if (onCrash !== undefined) process.off('uncaughtException', onCrash);
  onCrash = (error, origin) => {
    say(last, error, origin);
    process.exit(1);
  };
  process.on('uncaughtException', onCrash);
  process.removeAllListeners('warning');
  process.on('warning', (warning) =>
    logger.warn({ warning: failureRecord(warning) }, 'Node warns of something'),
  );
}

/** Nest's own messages through the same logger. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown) => logger.debug(String(message)),
    warn: (message: unknown) => logger.warn(String(message)),
    error: (message: unknown) => logger.error(String(message)),
  };
}

function optionsOf(app: string): LoggerOptions {
  return { base: { app }, level: process.env['TYIYM_LOG_LEVEL'] ?? 'info' };
}

function standardOutput(logger: Logger): LogOutlet {
  // Node's stream makes a pipe or socket non-blocking when it is opened; a terminal, which may be stopped by a key, is
  // made so here. A file always takes what is written.
  const { _handle: handle } = process.stdout as { _handle?: { setBlocking?(isBlocking: boolean): void } };
  handle?.setBlocking?.(false);
  let isEnding = false;
  const made = new LogOutlet({
    fd: 1,
    maxBytes: maxWaitingBytes,
    onDrop: () => linesDropped.inc(),
    onFlow: (dropped) => logger.warn({ dropped }, 'lines were dropped because nobody read them'),
    // An orderly end, as if the supervisor that read the lines had asked for it before it went.
    onGone: () => void (isEnding || process.kill(process.pid, 'SIGTERM')),
  });
  process.on('exit', () => {
    isEnding = true;
    made.flushSync(flushMs);
  });
  return made;
}
