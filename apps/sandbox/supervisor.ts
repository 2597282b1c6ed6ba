/**
 * The processes of the sandbox: started together, restarted when one dies, stopped together. A child ends by itself
 * when its parent is gone, so a killed sandbox leaves nothing behind that would hold a port.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';

export interface Child {
  readonly name: string;
  /** Compiled main file. */
  readonly module: string;
  readonly args: readonly string[];
  /** Options of node itself. */
  readonly nodeOptions?: readonly string[];
  /** URL that answers 200 once the process is ready. */
  readonly readyUrl: string;
}

const restartsAllowed = 20;
const restartPauseMs = 200;
const readyWithinMs = 30_000;

/** What a start that failed tells the person at the terminal. */
class StartFailed extends Error {}

export class Supervisor {
  private readonly running = new Map<string, ChildProcess>();
  private readonly restarts = new Map<string, number>();
  private readonly logs: WriteStream[] = [];
  private isStopping = false;

  /** @param say tells the person at the terminal what happens by itself. */
  constructor(
    private readonly logDir: string,
    private readonly say: (line: string) => void,
  ) {
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
  }

  /** Starts a child; resolves when it is ready. @throws StartFailed with where its log is. */
  async start(child: Child): Promise<void> {
    this.spawn(child);
    const deadline = AbortSignal.timeout(readyWithinMs);
    while (!(await isReady(child.readyUrl))) {
      if (deadline.aborted || (this.restarts.get(child.name) ?? 0) > 2)
        throw new StartFailed(`${child.name} did not become ready; its log is ${this.logFile(child.name)}`);
      await wait(100);
    }
  }

  /** Asks every child to end, waits, and kills what does not. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all([...this.running.values()].map(stopChild));
    for (const log of this.logs) log.end();
  }

  private logFile(name: string): string {
    return `${this.logDir}/${name}.log`;
  }

  private spawn(child: Child): void {
    if (this.isStopping) return;
    // A group of its own: Ctrl-C reaches the sandbox alone, which then ends its children in order.
    const spawned = fork(child.module, [...child.args], {
      detached: true,
      execArgv: [...(child.nodeOptions ?? [])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const log = createWriteStream(this.logFile(child.name), { flags: 'a', mode: 0o600 });
    this.logs.push(log);
    spawned.stdout?.pipe(log, { end: false });
    spawned.stderr?.pipe(log, { end: false });
    this.running.set(child.name, spawned);
    spawned.once('exit', (code, signal) => void this.onExit(child, code, signal));
  }

  private async onExit(child: Child, code: number | null, signal: string | null): Promise<void> {
    if (this.isStopping) return;
    const count = (this.restarts.get(child.name) ?? 0) + 1;
    this.restarts.set(child.name, count);
    if (count > restartsAllowed) {
      this.say(
        `${child.name} ended again (${signal ?? code}); not started any more. Its log is ${this.logFile(child.name)}`,
      );
      return;
    }
    this.say(`${child.name} ended (${signal ?? code}); starting it again`);
    await wait(restartPauseMs);
    this.spawn(child);
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const inTime = await Promise.race([ended.then(() => true), wait(8000, false, { ref: false })]);
  if (inTime) return;
  child.kill('SIGKILL');
  await ended;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { headersTimeout: 1000, bodyTimeout: 1000 });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
