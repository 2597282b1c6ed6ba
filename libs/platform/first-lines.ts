/**
 * Imported before everything else by each app's main, because libraries speak while they are loaded: what is written to the
 * console becomes a line of the log, and a process that cannot start says why in one. So the log is JSON from its first line.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { format } from 'node:util';
import { createLogger, logStart } from './logging.js';

const name = processName();
const logger = createLogger(name);
logStart(name, logger);
for (const [method, level] of [
  ['log', 'info'],
  ['info', 'info'],
  ['debug', 'debug'],
  ['warn', 'warn'],
  ['error', 'error'],
] as const)
  // A library may quote what a caller sent: numbers that could be a person's are struck out.
  // eslint-disable-next-line no-console -- The console itself is what is replaced.
  console[method] = (...said: unknown[]) => {
    logger[level]({ by: 'console' }, format(...said).replace(/\d{6,}/g, '…'));
  };

/** As the configuration says, else as the folder of the program. */
function processName(): string {
  const file = process.argv[process.argv.indexOf('--config') + 1] ?? '';
  const folder = basename(dirname(process.argv[1] ?? ''));
  try {
    const { app } = JSON.parse(readFileSync(file, 'utf8')) as { readonly app?: unknown };
    return typeof app === 'string' ? app : folder;
  } catch {
    return folder;
  }
}
