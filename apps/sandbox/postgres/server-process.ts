/** The server as a child process: started, waited for until it answers, stopped without losing anything. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { dataArguments, spawnOptions, type Place } from './data-directory.js';
import { isReady, stopPostmaster } from './postmaster.js';

export interface ServerProcess {
  readonly pid: number;
  /** Settles when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Fast shutdown: sessions are ended, the data are whole. May be called again. */
  stop(): Promise<void>;
}

const startMs = 30_000;
const pollMs = 20;
const retryMs = 200;
const logLimitBytes = 10_000_000;

/** @throws Error with the end of the server's log when it does not come up. */
export async function startServer(
  place: Place,
  settings: Readonly<Record<string, string>>,
  log: string,
): Promise<ServerProcess> {
  if (existsSync(log) && statSync(log).size > logLimitBytes) rmSync(log);
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const logStart = existsSync(log) ? statSync(log).size : 0;
    const server = await launch(place, settings, log);
    if (await isUp(place.data, server)) return server;
    const said = readFileSync(log).subarray(logStart).toString('utf8').slice(-2000);
    // After a kill -9 the old sessions hold the shared memory until they notice, which takes a moment.
    const isHeldByOldSessions = said.includes('pre-existing shared memory block');
    if (!isHeldByOldSessions || waitedMs > startMs) {
      throw new Error(`PostgreSQL did not start. The end of ${log}:\n${said}`);
    }
    await pause(retryMs);
  }
}

async function launch(
  place: Place,
  settings: Readonly<Record<string, string>>,
  log: string,
): Promise<ServerProcess & { hasEnded(): boolean }> {
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logFile = openSync(log, 'a', 0o600);
  const child = spawn(place.binaries.postgres, [...parameters, ...dataArguments(place)], {
    ...spawnOptions(place),
    // A group of its own: Ctrl-C in a terminal must reach the launcher alone, which stops the apps first.
    detached: true,
    stdio: ['ignore', logFile, logFile],
  });
  closeSync(logFile);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('spawn', () => {
      resolve(child.pid ?? 0);
    });
    child.once('error', reject);
  });
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  const stop = async () => {
    if (!ended) await stopPostmaster(pid);
    await exited;
  };
  return { pid, exited, stop, hasEnded: () => ended };
}

async function isUp(data: string, server: ServerProcess & { hasEnded(): boolean }): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < startMs; waitedMs += pollMs) {
    if (server.hasEnded()) return false;
    if (isReady(data, server.pid)) return true;
    await pause(pollMs);
  }
  await server.stop();
  return false;
}
