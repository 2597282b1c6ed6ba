/**
 * The built sandbox as a child process, with a home and ports of its own. What a spec started is ended by `stop`, which
 * fails when a process or a port is left over.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { portsFrom } from '../../apps/sandbox/plan.js';
import type { SandboxContent } from '../../apps/sandbox/sandbox-file.js';
import { eventually } from './eventually.js';
import { processesOf, type Process } from './processes.js';

export const root = join(import.meta.dirname, '..', '..');

/** Generous, because it is no figure: a start takes seconds, and a loaded machine several times as long. */
const readyWithinMs = 60_000;
const portsEach = 40;
/** As many as `jest.config.js` allows at once. */
const workers = 3;
/** Below the ports that the kernel gives to those who ask for any. */
const [firstBase, endOfBases] = [9320, 31_000];

export interface SandboxPlace {
  readonly home: string;
  readonly base: number;
}

/** How a process ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface SandboxOptions {
  /** What starts it, if not the build itself. */
  readonly program?: readonly string[];
  readonly args?: readonly string[];
  /** What starts node as another user, before its arguments. */
  readonly as?: readonly string[];
  /** The built project, when it is not this one. */
  readonly project?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A home nobody else has, below the folder for temporary files, and ports nobody listens on. */
export async function newPlace(): Promise<SandboxPlace> {
  return { home: realpathSync(mkdtempSync(join(tmpdir(), 'tyiym-e2e-'))), base: await freeBase() };
}

const built = [process.execPath, 'dist/apps/sandbox/main.js'];

export class Sandbox {
  private said = '';
  private constructor(
    readonly place: SandboxPlace,
    private readonly child: ChildProcess,
    private readonly ended: Promise<number | null>,
  ) {}

  /** Starts a sandbox and returns when it says that it is ready. @throws Error with what it said when it ends first. */
  static async start(place?: SandboxPlace, options: SandboxOptions = {}): Promise<Sandbox> {
    const sandbox = Sandbox.launch(place ?? (await newPlace()), options);
    try {
      await sandbox.says(/^tyiym is ready$/m);
    } catch (cause) {
      sandbox.child.kill('SIGTERM');
      await sandbox.ended;
      throw new Error(`the sandbox did not start:\n${sandbox.output}`, { cause });
    }
    return sandbox;
  }

  /** Starts a sandbox and waits for nothing. */
  static launch(
    place: SandboxPlace,
    { args = [], as = [], env = {}, program = built, project = root }: SandboxOptions = {},
  ): Sandbox {
    const [command = '', ...rest] = [...as, ...program, ...args];
    const child = spawn(command, rest, {
      cwd: project,
      env: { ...environment(place), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const sandbox = new Sandbox(place, child, ended);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (some: string) => (sandbox.said += some));
    return sandbox;
  }

  /** Returns when it says this. @throws Error when it ends first. */
  async says(line: RegExp): Promise<void> {
    const hasSaid = (): boolean => line.test(this.said);
    const isOver = (): boolean => this.child.exitCode !== null;
    await eventually(String(line), async () => hasSaid() || isOver(), Boolean, readyWithinMs);
    assert(hasSaid(), 'the sandbox ended first');
  }

  /** Everything it said to the person at the terminal. */
  get output(): string {
    return this.said;
  }

  get content(): SandboxContent {
    return JSON.parse(readFileSync(this.file('sandbox.json'), 'utf8')) as SandboxContent;
  }

  get urls(): SandboxContent['urls'] {
    return this.content.urls;
  }

  /** A file of the home. */
  file(...path: readonly string[]): string {
    return join(this.place.home, ...path);
  }

  iinOf(name: string): string {
    const { citizens, officials } = this.content;
    const person = [...citizens, ...officials].find((one) => one.name === name);
    assert(person, 'no such person');
    return person.iin;
  }

  /** Runs `tool` in this sandbox. */
  tool(args: readonly string[], input = ''): Promise<Ended> {
    return run([process.execPath, 'dist/apps/tool/main.js', ...args], environment(this.place), input);
  }

  /** The process of an app, by the configuration it was started with. */
  processOf(app: string): Process | undefined {
    const config = this.file('config', `${app}.json`);
    return processesOf(this.place.home).find(({ command }) => command.endsWith(`--config ${config}`));
  }

  /** PostgreSQL's first process. */
  postmaster(): number {
    return Number(readFileSync(this.file('pg', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** Kills the sandbox itself without a warning; what it leaves behind ends or is found by the next start. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
    const apps = (): readonly Process[] =>
      processesOf(this.place.home).filter(({ command }) => command.includes('--config'));
    await eventually(
      'the apps end with their parent',
      async () => apps(),
      (left) => left.length === 0,
      15_000,
    );
  }

  /** Ends it as a service manager does, and makes sure that nothing is left. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    const code = await this.ended;
    await assertNothingLeft(this.place);
    assert.equal(code, 0, `the sandbox ended with ${String(code)}:\n${this.output}`);
  }

  /** How it ended by itself. */
  async end(): Promise<{ readonly code: number | null; readonly output: string }> {
    return { code: await this.ended, output: this.output };
  }
}

/** The environment in which sandbox and tool find the place; what else ours says of other sandboxes is left out. */
export function environment({ home, base }: SandboxPlace): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, TYIYM_HOME: home, TYIYM_PORT_BASE: String(base) };
}

/** Runs a program in the project's folder to its end. */
export async function run(
  [command = '', ...args]: readonly string[],
  env: Record<string, string>,
  input = '',
): Promise<Ended> {
  const child = spawn(command, args, { cwd: root, env });
  child.stdin.on('error', () => undefined).end(input);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

/** Nothing that the sandbox started is alive, and its ports are free. */
export async function assertNothingLeft({ home, base }: SandboxPlace): Promise<void> {
  const left = processesOf(home).map(({ pid, command }) => `${pid} ${command}`);
  assert.equal(left.join('\n'), '', 'processes outlived the sandbox');
  assert.equal((await takenPorts(base)).join(' '), '', 'ports outlived the sandbox');
}

/** Takes the home away, when nothing in it runs. */
export function removeHome({ home }: SandboxPlace): void {
  rmSync(home, { recursive: true, force: true });
}

let nextBase = firstBase + portsEach * (Number(process.env['JEST_WORKER_ID'] ?? '1') - 1);

/** The first of a block of ports; workers of one run take every third each, so that two never choose the same. */
export async function freeBase(): Promise<number> {
  for (; nextBase < endOfBases; nextBase += workers * portsEach) {
    if (!canBeCalled(nextBase) || (await takenPorts(nextBase)).length > 0) continue;
    const base = nextBase;
    nextBase += workers * portsEach;
    return base;
  }
  throw new Error('no ports are free');
}

function canBeCalled(base: number): boolean {
  try {
    portsFrom(String(base));
    return true;
  } catch {
    return false;
  }
}

async function takenPorts(base: number): Promise<readonly number[]> {
  const ports = Array.from({ length: portsEach }, (_, offset) => base + offset);
  const free = await Promise.all(ports.map(isFree));
  return ports.filter((_, place) => free[place] !== true);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
