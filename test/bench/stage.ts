/** Everything a bench needs to stand on: a fresh sandbox, the reference, the bare server, and the clients. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPublicKey } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { asSuperuser, asOwner } from '../support/sandbox-database.js';
import { newPlace, removeHome, Sandbox } from '../support/sandbox.js';
import type { Job, People, Round } from './job.js';
import type { ReferencePlan } from './reference.js';
import type { StraightJob } from './straight.js';

const host = '127.0.0.1';
const database = 'bench_reference';
/** Offsets from the sandbox's base that the sandbox leaves free. */
const ports = { bare: 35, reference: 36, lender: 37, lenderTls: 38, lenderMetrics: 39 };

/** A program of this folder that takes jobs one at a time. */
export class Client<J> {
  constructor(private readonly child: ChildProcess) {}

  get pid(): number {
    return pidOf(this.child);
  }

  async run(job: J): Promise<Round> {
    this.child.send(job as object);
    const [said] = (await once(this.child, 'message')) as [{ result?: Round; error?: string }];
    if (said.result === undefined) throw new Error(`a client of the bench failed: ${said.error ?? ''}`);
    return said.result;
  }
}

export interface Stage {
  readonly sandbox: Sandbox;
  readonly hammer: Client<Job>;
  readonly straight: Client<StraightJob>;
  readonly people: People;
  readonly bare: Server;
  readonly reference: Server;
  readonly database: StraightJob['database'];
  /** Certificate, key and authority of the lender that asks. */
  readonly tls: NonNullable<Job['tls']>;
  /** Public keys of our receipts, and those of the reference's. */
  readonly keys: { readonly ours: Keys; readonly reference: Keys };
  /** A token of the lender, bound to its certificate or its key. */
  token(bound: 'certificate' | 'key'): Promise<string>;
  lenders(): readonly number[];
  /** A second process of the lender's app; the same one each time. */
  secondLender(): Promise<Server>;
  /** Runs `tool fsck` again and again; what it gives ends that. @throws there when fsck found anything */
  readWhole(): () => Promise<void>;
  close(): Promise<void>;
}

interface Keys {
  readonly keys: readonly unknown[];
}

interface Server {
  readonly port: number;
  readonly pid: number;
}

/** Starts it all. What was started is ended by `close`, also when half of it could not start. */
export async function setStage(load?: readonly [number, number]): Promise<Stage> {
  const place = await newPlace();
  const children: ChildProcess[] = [];
  let sandbox: Sandbox | undefined;
  const close = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    await sandbox?.stop();
    removeHome(place);
  };
  try {
    sandbox = await Sandbox.start(place);
    const program = (name: string, args: readonly string[] = []): ChildProcess => {
      const child = fork(join(import.meta.dirname, name), [...args], {
        execArgv: execArgv(name),
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.push(child);
      return child;
    };
    if (load !== undefined) await fill(sandbox, load);
    return { ...(await stageOn(sandbox, program, load?.[0] ?? 0)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function stageOn(
  sandbox: Sandbox,
  program: (name: string, args?: readonly string[]) => ChildProcess,
  refused: number,
): Promise<Omit<Stage, 'close'>> {
  const { content, place } = sandbox;
  const citizens = content.citizens.map(({ iin, scene }) => ({
    ...{ iin, verdict: scene === 'nothing' ? ('clear' as const) : ('refused' as const) },
  }));
  const lender = content.parties.find(({ name }) => name === 'bank-alpha');
  if (lender === undefined) throw new Error('the sandbox has no bank-alpha');
  const [certFile, keyFile] = [sandbox.file(lender.certFile), sandbox.file(lender.keyFile)];
  const server = { certFile: sandbox.file('tls/server.pem'), keyFile: sandbox.file('tls/server.key') };
  const bare = { port: place.base + ports.bare };
  const reference = { port: place.base + ports.reference };
  const role = await referenceDatabase(sandbox);
  const plan: ReferencePlan = {
    ...{ port: reference.port, ...server, lenderCertFile: certFile, signingKeyFile: server.keyFile },
    database: { ...role, username: role.user },
    refused: citizens.filter(({ verdict }) => verdict === 'refused').map(({ iin }) => iin),
  };
  const bareChild = program('bare.mjs', [String(bare.port), server.certFile, server.keyFile]);
  const referenceChild = program('reference.ts', [JSON.stringify(plan)]);
  await Promise.all([bareChild, referenceChild].map(listening));
  const jwks = await fetch(`${content.urls.log}/.well-known/jwks.json`);
  return {
    sandbox,
    hammer: new Client(program('hammer.ts')),
    straight: new Client(program('straight.ts')),
    people: { citizens, refused, seed: 0 },
    bare: { ...bare, pid: pidOf(bareChild) },
    reference: { ...reference, pid: pidOf(referenceChild) },
    database: role,
    tls: { caFile: sandbox.file(content.tlsCaFile), certFile, keyFile },
    keys: {
      ours: (await jwks.json()) as Keys,
      reference: { keys: [createPublicKey(readFileSync(server.keyFile)).export({ format: 'jwk' })] },
    },
    token: (bound) => tokenOf(sandbox, bound),
    lenders: () => [sandbox.processOf('lender')?.pid ?? 0],
    secondLender: onlyOnce(() => secondLender(sandbox, program)),
    readWhole: () => readWhole(sandbox),
  };
}

async function fill(sandbox: Sandbox, [refusals, entries]: readonly [number, number]): Promise<void> {
  const sizes = ['--refusals', String(refusals), '--entries', String(entries), '--days', '7'];
  const { code, err } = await sandbox.tool(['load', ...sizes]);
  if (code !== 0) throw new Error(`the registry could not be loaded: ${err}`);
}

function onlyOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** The same configuration on other ports; the same keys, role and public address. */
async function secondLender(
  sandbox: Sandbox,
  program: (name: string, args?: readonly string[]) => ChildProcess,
): Promise<Server> {
  const { base } = sandbox.place;
  const config = JSON.parse(readFileSync(sandbox.file('config', 'lender.json'), 'utf8')) as {
    readonly listenTls: object;
  };
  const file = sandbox.file('config', 'lender-2.json');
  const listen = (port: number) => ({ host, port: base + port });
  const second = {
    ...{ ...config, listen: listen(ports.lender), metrics: listen(ports.lenderMetrics) },
    listenTls: { ...config.listenTls, port: base + ports.lenderTls },
  };
  writeFileSync(file, JSON.stringify(second), { mode: 0o600 });
  const child = program('../../dist/apps/lender/main.js', ['--config', file]);
  const url = `http://${host}:${String(base + ports.lender)}/readyz`;
  const isReady = async (): Promise<boolean> => (await fetch(url).catch(() => undefined))?.ok === true;
  await eventually('the second lender process', isReady, Boolean, 30_000);
  return { port: base + ports.lenderTls, pid: pidOf(child) };
}

function readWhole(sandbox: Sandbox): () => Promise<void> {
  let isOver = false;
  const found: string[] = [];
  const run = (async () => {
    while (!isOver) {
      const { code, out } = await sandbox.tool(['fsck']);
      if (code !== 0) found.push(out);
    }
  })();
  return async () => {
    isOver = true;
    await run;
    if (found.length > 0) throw new Error(`fsck found something: ${found.join('\n')}`);
  };
}

async function tokenOf(sandbox: Sandbox, bound: 'certificate' | 'key'): Promise<string> {
  const url = bound === 'key' ? ['POST', `${sandbox.urls.lender}/v1/checks`] : [];
  const { code, out, err } = await sandbox.tool(['token', 'bank-alpha', ...url]);
  if (code !== 0) throw new Error(err);
  return bound === 'key' ? (/^Authorization: DPoP (\S+)/m.exec(out)?.[1] ?? '') : out.trim();
}

/** A database of its own in the same cluster, so that both write to one disk under the same settings. */
async function referenceDatabase(sandbox: Sandbox): Promise<StraightJob['database'] & { user: string }> {
  await asSuperuser(sandbox, (client) => client.query(`CREATE DATABASE ${database} OWNER tyiym_owner`));
  await asOwner(
    sandbox,
    async (client) => {
      await client.query(
        'CREATE TABLE straight_refusals (subject bytea PRIMARY KEY, in_force boolean NOT NULL)',
      );
      await client.query(`CREATE TABLE straight_checks (id uuid PRIMARY KEY, lender text NOT NULL, subject bytea NOT NULL,
        product text NOT NULL, stage text NOT NULL, loan_ref text NOT NULL, verdict text NOT NULL, at timestamptz NOT NULL)`);
      await client.query('CREATE INDEX straight_checks_of_subject ON straight_checks (subject)');
    },
    { database },
  );
  return {
    ...{ host, port: sandbox.place.base + 30, database, user: 'tyiym_owner' },
    password: readFileSync(sandbox.file('secrets', 'tyiym_owner'), 'utf8').trim(),
  };
}

/** Sources need their loader; what is JavaScript already does not. */
function execArgv(name: string): string[] {
  const loader = join(import.meta.dirname, '..', 'support', 'typescript.mjs');
  return name.endsWith('.ts') ? ['--no-warnings', '--import', loader] : [];
}

async function listening(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('a server of the bench ended before it listened');
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a program of the bench could not start');
  return pid;
}
