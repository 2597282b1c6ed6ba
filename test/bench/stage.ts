/** Everything a bench needs to stand on: a fresh sandbox, the reference, the bare server, and the clients. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPublicKey } from 'node:crypto';
import { asSuperuser, asOwner } from '../support/sandbox-database.js';
import { newPlace, removeHome, Sandbox } from '../support/sandbox.js';
import type { Job, People, Round } from './job.js';
import type { ReferencePlan } from './reference.js';
import type { StraightJob } from './straight.js';

const host = '127.0.0.1';
const database = 'bench_reference';
/** Offsets from the sandbox's base that the sandbox leaves free. */
const ports = { bare: 35, reference: 36 };

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
export async function setStage(): Promise<Stage> {
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
      const child = fork(join(import.meta.dirname, name), [...args], { execArgv: execArgv(name) });
      children.push(child);
      return child;
    };
    return { ...(await stageOn(sandbox, program)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function stageOn(
  sandbox: Sandbox,
  program: (name: string, args?: readonly string[]) => ChildProcess,
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
    people: { citizens, refused: 0, seed: 0 },
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
