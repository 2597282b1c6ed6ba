/**
 * The regulator's witness and mirror: a process of its own that shares nothing with the registry but the network. It
 * takes `--config <file.json>` with paths relative to that file, and makes its key when it is started for the first time.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseVkey } from '#libs/tlog/note.js';
import { logFiles } from './log-files.js';
import { Mirror } from './mirror.js';
import { createServer } from './server.js';
import { Witness } from './witness.js';
import { witnessKey } from './witness-key.js';
import { WorldClock } from './world-clock.js';

/** What the file says. */
export interface WitnessProcessConfig {
  /** Name of the witness in its vkey and its cosignatures. */
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly stateDir: string;
  /** vkeys of the logs it watches. */
  readonly logVkeys: readonly string[];
  /** Base URL of the log that is mirrored. */
  readonly mirrorOf?: string;
  /** Of the sandbox: where the world tells its time. */
  readonly clockUrl?: string;
}

const followClockEveryMs = 10_000;
const mirrorEveryMs = 2_000;
/** One JSON line an event, as of every process of the sandbox. */
const say = (msg: string, level = 30): void =>
  void process.stdout.write(`${JSON.stringify({ level, time: Date.now(), app: 'witness', msg })}\n`);
process.on('uncaughtException', (error) => {
  say(`the process ends: ${String(error)}`, 60);
  process.exit(1);
});

const file = resolve(process.argv[process.argv.indexOf('--config') + 1] ?? '');
const config = JSON.parse(readFileSync(file, 'utf8')) as WitnessProcessConfig;
const stateDir = resolve(dirname(file), config.stateDir);
const clock = new WorldClock(config.clockUrl);
const key = witnessKey(stateDir, config.name);
const witness = new Witness({
  key,
  logVkeys: config.logVkeys,
  stateDir,
  clock: clock.now,
  onConflict: (line) => say(`CONFLICT: the log showed a checkpoint that is ${line}`, 50),
});

await clock.follow();
setInterval(() => void clock.follow(), followClockEveryMs).unref();
const mirror =
  config.mirrorOf === undefined
    ? undefined
    : new Mirror({
        get: logFiles(config.mirrorOf),
        logKeys: config.logVkeys.map(parseVkey),
        dir: resolve(stateDir, 'mirror'),
        onRefusal: (line) => say(`REFUSED: the log was not copied: ${line}`, 50),
      });
const server = createServer({
  witness,
  vkey: key.vkey,
  ...(mirror && { mirror }),
  followClock: () => clock.follow(),
});
const stop = (): void => void server.close().finally(() => process.exit(0));
process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop);
await server.listen(config.listen);
say(`${key.vkey} listens`);

while (mirror) {
  // The log may be down, and our disk full: the next look finds out.
  await mirror.follow().catch((error: unknown) => say(`the mirror waits: ${String(error)}`, 40));
  await pause(mirrorEveryMs, undefined, { ref: false });
}
