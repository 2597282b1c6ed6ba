/**
 * Who holds a data directory. A server that outlived its launcher (kill -9) is stopped; a `postmaster.pid` whose number
 * now belongs to another program is removed, because PostgreSQL would refuse to start; a server in use is left alone.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 20;
const fastShutdownMs = 30_000;
const immediateShutdownMs = 5_000;

/**
 * Leaves the data directory free for a new server.
 * @param launcherFile holds the process id of the launcher that started the last server.
 * @throws Error when that launcher and its server still live.
 */
export async function freeDataDirectory(data: string, launcherFile: string): Promise<void> {
  const pid = readPid(join(data, 'postmaster.pid'));
  if (pid === undefined || !isAlive(pid)) return; // PostgreSQL itself clears what a dead process left.
  if (!isPostmasterOf(pid, data)) {
    rmSync(join(data, 'postmaster.pid'), { force: true });
    return;
  }
  // An orphan is handed to init, so a parent that is still the launcher proves the server is in use.
  const launcher = readPid(launcherFile);
  if (launcher !== undefined && parentOf(pid) === launcher) {
    throw new Error(
      `${data} is in use by a running sandbox (process ${String(launcher)}). Stop it first, or set TYIYM_HOME to another folder.`,
    );
  }
  await stopPostmaster(pid);
}

/** True once the server accepts connections; PostgreSQL writes it as the eighth line of `postmaster.pid`. */
export function isReady(data: string, pid: number): boolean {
  const lines = readLines(join(data, 'postmaster.pid'));
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

/** Fast shutdown, then immediate, then kill; returns when the process is gone. */
export async function stopPostmaster(pid: number): Promise<void> {
  const steps = [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', immediateShutdownMs],
    ['SIGKILL', immediateShutdownMs],
  ] as const;
  for (const [signal, waitMs] of steps) {
    if (!send(pid, signal)) return;
    for (let waitedMs = 0; waitedMs < waitMs && isAlive(pid); waitedMs += pollMs) await pause(pollMs);
    if (!isAlive(pid)) return;
  }
  throw new Error(`PostgreSQL (process ${String(pid)}) does not stop.`);
}

function readPid(file: string): number | undefined {
  const pid = Number(readLines(file)[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether a process runs. A zombie does not: in a container without an init nobody collects an orphan. */
export function isAlive(pid: number): boolean {
  return send(pid, 0) && !(process.platform === 'linux' && statusOf(pid).startsWith('Z'));
}

/** @returns false when there is no such process. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return false;
    if (code === 'EPERM' && signal === 0) return true;
    throw error;
  }
}

/** A server works in its data directory, and its program is called postgres: both are asked of the kernel. */
function isPostmasterOf(pid: number, data: string): boolean {
  if (process.platform !== 'linux') return basename(ps(pid, 'comm')) === 'postgres';
  try {
    const [there, here] = [statSync(`/proc/${String(pid)}/cwd/`), statSync(data)];
    const program = basename(readlinkSync(`/proc/${String(pid)}/exe`));
    return program.startsWith('postgres') && there.ino === here.ino && there.dev === here.dev;
  } catch {
    return false; // A zombie has no directory any more, and another user's process is none of ours.
  }
}

function parentOf(pid: number): number {
  if (process.platform !== 'linux') return Number(ps(pid, 'ppid'));
  return Number(statusOf(pid).split(' ')[1]);
}

/** Linux only, proc(5): what follows the bracket in "pid (comm) state ppid …"; comm may hold blanks and brackets. */
function statusOf(pid: number): string {
  const [stat] = readLines(`/proc/${String(pid)}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2) ?? '';
}

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}
