/**
 * `npm start`: the registry and the outside world on one machine. Everything it makes lies under `TYIYM_HOME`; a second
 * start finds it as it was; a signal ends all of it.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { machineClock } from '#libs/platform/clock.js';
import { inWords } from '#libs/platform/failure-words.js';
import { writeKeys } from '../tool/keygen/keygen.service.js';
import { banner } from './banner.js';
import { bureauChildren } from './bureau-process.js';
import { apps, writeConfigs, type AppName } from './configs.js';
import { contourFrom } from './contour.js';
import { freeCluster, startDatabase, type SandboxDatabase } from './database.js';
import { once } from './files.js';
import { found, pinsOf } from './founding.js';
import { assertFree } from './free-ports.js';
import { identityOf } from './identity.js';
import { credentialOf, settle, type Inhabitants } from './inhabitants.js';
import type { IdpClient } from './outside/idp-routes.js';
import { startOutside } from './outside/outside.js';
import { homeFrom, host, portsFrom, urlsOf, type Home, type PortName, type Ports } from './plan.js';
import { sandboxContent, writeSandboxFile } from './sandbox-file.js';
import { seed } from './seeding.js';
import { bindTo, holdServer, type HeldServer } from './server.js';
import { Supervisor, type Child } from './supervisor.js';
import { clientConfig } from './postgres/target.js';
import { witnessChild, witnessVkey } from './witness-process.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * What a call leaves behind is dead before it would be moved, so a larger nursery spares work. V8 must not put new objects
 * beside the old ones, as it does once it has seen some survive: each that is dead there keeps what it knows alive.
 */
const nodeOptions: Readonly<Partial<Record<AppName, readonly string[]>>> = {
  lender: ['--max-semi-space-size=32', '--no-allocation-site-pretenuring'],
  bureau: ['--max-semi-space-size=64'],
};

/** What is running, the newest first: each is ended before what it stands on. */
const closers: (() => Promise<unknown>)[] = [];
let isStopping = false;
const usage = `npm start                 the registry and the outside world on this machine; Ctrl-C ends it
npm start -- --fresh      the same, but what an earlier start made is taken away first
TYIYM_HOME=<folder>       where its files lie (default: .sandbox)
TYIYM_PORT_BASE=<port>    its first port (default: 8080)
DATABASE_URL=<url>        a PostgreSQL of your own instead of the one from npm
TYIYM_CONTOUR=<file>      believe the authority's test contour as well (docs/operations.md)`;

try {
  await start();
} catch (error) {
  // A start that was told to stop fails at whatever was taken away first; that is no news.
  if (isStopping) await new Promise(() => undefined);
  say(`\nThe sandbox could not start: ${inWords(error)}`);
  if (process.env['TYIYM_DEBUG'] !== undefined) console.error(error);
  await stop(1);
}

async function start(): Promise<void> {
  const { fresh, help } = words();
  if (help === true) {
    say(usage);
    process.exit(0);
  }
  const home = homeFrom(process.env['TYIYM_HOME']);
  const ports = portsFrom(process.env['TYIYM_PORT_BASE']);
  const contour = contourFrom(process.env['TYIYM_CONTOUR']);
  onSignals();
  // Looked at first and touched later: a server that is not ours is left as it was found.
  const identity = identityOf(home);
  const held = await holdServer(identity, process.env['DATABASE_URL'], fresh === true);
  if (held !== undefined) closers.unshift(() => held.leave());
  if (fresh === true) await beginAnew(home, held);
  await assertSameBase(home, ports);
  await assertFree(
    ports,
    Object.keys(ports).filter((name): name is PortName => name !== 'postgres'),
  );

  say('PostgreSQL …');
  bindTo(home, identity, held);
  const starting = startDatabase({ home, ports, identity }, held, say);
  // Known before it has started, because a signal may come meanwhile.
  closers.unshift(async () => (await starting).stop());
  const database = await starting;
  const now = machineClock();
  if (!existsSync(home.at('keys'))) await writeKeys(home.at('keys'), now);
  if (!existsSync(home.at('keys', 'clerk-worker', 'registry.jwk.json')))
    throw new Error(
      `${home.dir} was made by an older release, whose clerk verified no acts. Use npm start -- --fresh.`,
    );
  say('People, parties and keys …');
  const inhabitants = await settle(home, now);
  const { server } = database;
  writeConfigs(home, ports, server, witnessVkey(home), { contour });
  say('Tables and founding acts …');
  await found(home, ports, inhabitants);
  // Written down at the founding, because what is pinned must not be asked of the database later.
  const pins = await once(home.at('pins.json'), () => pinsOf(home));
  const configs = writeConfigs(home, ports, server, witnessVkey(home), { acts: pins, contour });
  say('The outside world …');
  await startTheOutside(home, ports, database, inhabitants);
  say('The registry …');
  const supervisor = new Supervisor(home.at('logs'), say);
  closers.unshift(() => supervisor.stop());
  const children = [
    ...apps.map((app) => childOf(app, ports, configs[app] ?? '')),
    witnessChild(home, ports),
    ...(await bureauChildren(home, ports, database.bureaus)),
  ];
  await Promise.all(children.map((child) => supervisor.start(child)));
  const content = await sandboxContent(home, ports, inhabitants);
  await seed(home, content, say);
  writeSandboxFile(home, content);
  say(banner(home, ports, database.described));
}

/** @throws Error in words for the person at the terminal: a word that nobody knows must not start a registry. */
function words(): { readonly fresh?: boolean; readonly help?: boolean } {
  const options = { fresh: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Error(`${inWords(error)}\n\n${usage}`);
  }
}

/** A new beginning takes away everything the sandbox made, and nothing else. */
async function beginAnew(home: Home, held: HeldServer | undefined): Promise<void> {
  await freeCluster(home);
  await held?.drop();
  for (const part of [
    'pg',
    'keys',
    'secrets',
    'config',
    'nca',
    'people',
    'parties',
    'tls',
    'logs',
    'outside',
    'witness',
    'tiles',
    'pins.json',
    'sandbox.json',
    'base.json',
    'seeded.json',
  ])
    rmSync(home.at(part), { recursive: true, force: true });
}

/** Addresses stand in the parties' entries, so a home keeps its ports. */
async function assertSameBase(home: Home, ports: Ports): Promise<void> {
  mkdirSync(home.dir, { recursive: true, mode: 0o700 });
  chmodSync(home.dir, 0o700);
  const { base } = await once(home.at('base.json'), () => ({ base: ports.citizen }));
  if (base !== ports.citizen)
    throw new Error(
      `${home.dir} was made with TYIYM_PORT_BASE=${base}, and its parties know it by these addresses. Use that, another TYIYM_HOME, or npm start -- --fresh.`,
    );
}

async function startTheOutside(
  home: Home,
  ports: Ports,
  database: SandboxDatabase,
  { authority, people }: Inhabitants,
): Promise<void> {
  const owner = new pg.Pool({ ...clientConfig(database.target('tyiym_owner')), max: 2 });
  owner.on('error', () => undefined);
  closers.unshift(() => owner.end());
  const instant = async (sql: string, values: unknown[] = []): Promise<number> => {
    const { rows } = await owner.query<{ at: Date }>(sql, values);
    return rows[0]?.at.getTime() ?? Number.NaN;
  };
  const urls = urlsOf(ports);
  const outside = await startOutside({
    host,
    port: ports.outside,
    base: urls.outside,
    citizenBase: urls.citizen,
    registryNow: () => instant('SELECT registry_now() AS at'),
    advanceClock: (hours) => instant('SELECT advance_clock($1) AS at', [hours]),
    authority,
    people: people.map((person, place) => ({
      ...person,
      ...credentialOf(home, person.name),
      otherCertPems: [credentialOf(home, person.name, 'ec').certPem],
      // A prefix that no operator of mobile networks uses.
      phone: `+7000${String(place).padStart(7, '0')}`,
    })),
    stateDir: home.at('outside'),
    witnessBase: urls.witness,
    egovIdp: await idpClient(home, urls.citizen),
  });
  closers.unshift(() => outside.close());
}

/** Our citizen pages as a client of eGov's sign-in; the secret is the sandbox's own. */
async function idpClient(home: Home, citizen: string): Promise<IdpClient> {
  const { clientId, clientSecret } = await once(home.at('secrets', 'egov-idp.json'), () => ({
    clientId: 'tyiym',
    clientSecret: randomBytes(24).toString('base64url'),
  }));
  return { clientId, clientSecret, redirectUris: [`${citizen}/session/callback`] };
}

function childOf(app: AppName, ports: Ports, config: string): Child {
  const port: Record<AppName, number> = {
    access: ports.access,
    lender: ports.lender,
    bureau: ports.bureau,
    citizen: ports.citizen,
    log: ports.log,
    'clerk-worker': ports.clerkWorkerMetrics,
    'clerk-signer': ports.clerkSignerMetrics,
  };
  const folder = app.startsWith('clerk') ? 'clerk' : app;
  return {
    name: app,
    module: join(import.meta.dirname, '..', folder, 'main.js'),
    args: ['--config', config],
    ...(app in nodeOptions && { nodeOptions: nodeOptions[app] }),
    readyUrl: `http://${host}:${port[app]}/readyz`,
  };
}

function onSignals(): void {
  const end = (): void => {
    if (isStopping) return;
    say('\nStopping …');
    void stop(0);
  };
  process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', end);
}

async function stop(code: number): Promise<void> {
  isStopping = true;
  for (let close = closers.shift(); close !== undefined; close = closers.shift())
    await close().catch(() => undefined);
  process.exit(code);
}
