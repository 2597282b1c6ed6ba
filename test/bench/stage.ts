/** Everything a bench needs to stand on: a fresh sandbox, the reference, the bare server, and the clients. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { Sandbox } from '../support/sandbox.js';
import { holdVacuums, referenceDatabase, settle } from './databases.js';
import { benchHome, type Load } from './home.js';
import type { Job, People } from './job.js';
import { startPlacer, type Placer } from './placer-client.js';
import { Client, listening, onlyOnce, pidOf, programs, type Program } from './programs.js';
import { readWhole } from './reading.js';
import type { ReferencePlan } from './reference.js';
import type { StraightJob } from './straight.js';

const host = '127.0.0.1';
/** Scenes of people who have no refusal. */
const unrefused: readonly string[] = ['nothing', 'loan-reported'];
/** A bank beside the one that asks. */
const other = 'bank-beta';
/** Offsets from the sandbox's base that the sandbox leaves free. */
const ports = { bare: 35, reference: 36, lender: 37, lenderTls: 38, lenderMetrics: 39 };

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
  /** Another lender: certificate and key, and a token bound to the certificate. */
  otherLender(): Promise<{ readonly tls: Stage['tls']; readonly token: string }>;
  /** A second client; the same one each time. */
  otherHammer(): Client<Job>;
  /** The portal's key, and a token bound to it. */
  portal(): Promise<{ readonly token: string; readonly keyFile: string }>;
  lenders(): readonly number[];
  citizens(): readonly number[];
  /** The process that places; the same one each time. */
  placer(): Promise<Placer>;
  /** A second process of the lender's app; the same one each time. */
  secondLender(): Promise<Server>;
  /** Runs `tool fsck` again and again; what it gives ends that, before long. @throws there when fsck found anything */
  readWhole(): () => Promise<void>;
  /** Brings the databases to rest, before a round. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

interface Keys {
  readonly keys: readonly unknown[];
}

interface Server {
  readonly port: number;
  readonly pid: number;
}

/**
 * Starts it all. What was started is ended by `close`, also when half of it could not start.
 * @param load refusals and entries to fill the registry with; a kept one that was loaded before needs no second word
 * @param clerkRests from the beginning on, so that nothing is sealed and the bureaus have nothing to stamp
 */
export async function setStage({
  load,
  home: folder,
  clerkRests = false,
}: {
  readonly load?: Load;
  readonly home?: string;
  readonly clerkRests?: boolean;
}): Promise<Stage> {
  const home = await benchHome(folder);
  const children: ChildProcess[] = [];
  let sandbox: Sandbox | undefined;
  const close = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    const clerk = sandbox?.processOf('clerk-worker');
    if (clerk !== undefined) process.kill(clerk.pid, 'SIGCONT');
    await sandbox?.stop();
    home.leave();
  };
  try {
    sandbox = await Sandbox.start(home.place);
    const loaded = load ?? home.loaded;
    // What a load leaves for the bureaus takes longer than the bench, and is not what is measured.
    if (loaded !== undefined || clerkRests)
      process.kill(sandbox.processOf('clerk-worker')?.pid ?? 0, 'SIGSTOP');
    if (load !== undefined) {
      await fill(sandbox, load);
      home.keepLoad(load);
    }
    const [refused = 0] = loaded ?? [];
    const stage = await stageOn(sandbox, programs(children), refused);
    await holdVacuums(sandbox);
    return { ...stage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function stageOn(sandbox: Sandbox, program: Program, refused: number): Promise<Omit<Stage, 'close'>> {
  const { content, place } = sandbox;
  // Her lift is carried out when a load puts the clock forward.
  const steady = content.citizens.filter(({ scene }) => scene !== 'lift-pending');
  const citizens = steady.map(({ iin, scene }) => ({
    ...{ iin, verdict: unrefused.includes(scene) ? ('clear' as const) : ('refused' as const) },
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
  let otherHammer: Client<Job> | undefined;
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
    token: (bound) =>
      bound === 'key'
        ? proofToken(sandbox, 'bank-alpha', `${sandbox.urls.lender}/v1/checks`)
        : certificateToken(sandbox, 'bank-alpha'),
    otherLender: async () => {
      const { name, certFile, keyFile } = content.parties.find((each) => each.name === other) ?? lender;
      const files = { certFile: sandbox.file(certFile), keyFile: sandbox.file(keyFile) };
      const tls = { caFile: sandbox.file(content.tlsCaFile), ...files };
      return { tls, token: await certificateToken(sandbox, name) };
    },
    otherHammer: () => (otherHammer ??= new Client(program('hammer.ts'))),
    portal: async () => {
      const { keyFile } = content.parties.find(({ name }) => name === 'egov-portal') ?? { keyFile: '' };
      const token = await proofToken(sandbox, 'egov-portal', `${sandbox.urls.citizen}/v1/applications`);
      return { token, keyFile: sandbox.file(keyFile) };
    },
    lenders: () => [sandbox.processOf('lender')?.pid ?? 0],
    citizens: () => [sandbox.processOf('citizen')?.pid ?? 0],
    placer: onlyOnce(() => startPlacer(sandbox, program, refused)),
    settle: () => settle(sandbox),
    secondLender: onlyOnce(() => secondLender(sandbox, program)),
    readWhole: () => readWhole(sandbox),
  };
}

async function fill(sandbox: Sandbox, [refusals, entries]: Load): Promise<void> {
  const sizes = ['--refusals', String(refusals), '--entries', String(entries), '--days', '7'];
  const { code, err } = await sandbox.tool(['load', ...sizes]);
  if (code !== 0) throw new Error(`the registry could not be loaded: ${err}`);
}

/** The same configuration on other ports; the same keys, role and public address. */
async function secondLender(sandbox: Sandbox, program: Program): Promise<Server> {
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

async function certificateToken(sandbox: Sandbox, party: string): Promise<string> {
  const { code, out, err } = await sandbox.tool(['token', party]);
  if (code !== 0) throw new Error(err);
  return out.trim();
}

/** A token bound to the party's key. */
async function proofToken(sandbox: Sandbox, party: string, url: string): Promise<string> {
  const { code, out, err } = await sandbox.tool(['token', party, 'POST', url]);
  if (code !== 0) throw new Error(err);
  return /^Authorization: DPoP (\S+)/m.exec(out)?.[1] ?? '';
}
