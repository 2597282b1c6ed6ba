/**
 * A registry with one channel beside the usual parties, its citizen app and clerk in this process, and an authority
 * whose list of revoked certificates is served over HTTP: what specs of the citizen's path start from.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLocalJWKSet, SignJWT } from 'jose';
import { pino, type Logger } from 'pino';
import request, { type Response } from 'supertest';
import { formatInstant } from '#libs/journal/instant.js';
import { verifyReceipt, type VerifiedReceipt } from '#libs/journal/verify-receipt.js';
import type { Config } from '#libs/platform/config.js';
import { createApp } from '#libs/platform/http.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import { BureauModule } from '../../apps/bureau/bureau.module.js';
import { CitizenModule } from '../../apps/citizen/citizen.module.js';
import { ClerkWorkerModule } from '../../apps/clerk/worker.module.js';
import { LenderModule } from '../../apps/lender/lender.module.js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { createAuthority, issuePerson, type Authority } from '../../apps/sandbox/nca/nca.js';
import { signDocument } from '../../apps/sandbox/nca/sign.js';
import type { Role } from '../../apps/sandbox/postgres/provision.js';
import { writeKeys } from '../../apps/tool/keygen/keygen.service.js';
import { migrateRegistry } from '../../apps/tool/migrate/migrate.service.js';
import { foundRegistry, openRegistry, type Foundation } from '../../apps/tool/registry.module.js';
import type { Change } from '#libs/acts/change.js';
import { keepAnswers, type Answer } from './answers.js';
import { trustOf } from './cover.js';
import { testDatabase, type TestDatabase } from './database.js';
import { iss, origin } from './journals.js';
import { actsOver, thumbprint } from './operator.js';
import { listServer } from './list-server.js';
import { nextSecond } from './next-second.js';
import { accessToken, dpopProof, newKeyPair, type KeyPair } from './machine-client.js';
import { foundUnopened } from './unopened.js';
import { validIins } from './vectors.js';

export const publicBase = 'http://127.0.0.1:8080';
const lenderBase = 'http://127.0.0.1:8081';
export const bureauBase = 'http://127.0.0.1:8082';
const issuer = 'http://127.0.0.1:8085';
const dayMs = 86_400_000;
const name = { surname: 'СЫНАҚ', given: 'ӘДІЛ' };

/** A channel with its key, as the access server and the citizen app know it. */
export interface Channel {
  readonly clientId: string;
  /** The app it calls. */
  readonly resource: string;
  readonly key: KeyPair;
  /** A bureau's, to open what is sealed for it. */
  readonly enc?: KeyPair;
}

export interface World {
  readonly database: TestDatabase;
  readonly authority: Authority;
  readonly portal: Channel;
  readonly mobile: Channel;
  readonly bank: Channel;
  /** Parties of every other kind, by client id: each with every scope of its kind, at the lender's app. */
  readonly others: readonly Channel[];
  /** Everything the app and the clerk logged. */
  readonly logged: string[];
  /** Everything the apps answered. */
  readonly answers: readonly Answer[];
  readonly app: NestFastifyApplication;
  /** The operator's configuration. */
  readonly tool: Config;
  /** The keys directory of a process. */
  keysDir(process: string): string;
  /** Machine time plus the offset. */
  registryNow(): number;
  /** Raises registry time for everybody. */
  advanceHours(hours: number): Promise<void>;
  /** Puts the certificate into the list. */
  revoke(person: Credential): void;
  /** Whether the list's address answers. */
  serveList(serves: boolean): void;
  issue(iin: string): Promise<Credential>;
  /** An act of the operator, signed by two officials. */
  operate(change: Change): Promise<void>;
  startClerk(): Promise<INestApplicationContext>;
  /** A second citizen app of this registry; needs a `publicBase` of its own, as passport knows one strategy for each. */
  startCitizen(changes: Partial<Config>): Promise<NestFastifyApplication>;
  /** The lender's app, which `bank` calls; a second one needs a `publicBase` of its own. */
  startLender(changes?: Partial<Config>): Promise<NestFastifyApplication>;
  /** The bureaus' app, which `bureau('gkb')` calls. */
  startBureau(): Promise<NestFastifyApplication>;
  /** Closes whatever it started and is still running, and drops the database. */
  close(): Promise<void>;
}

/** @param opens false: keys are published, parties and officials admitted, and nothing more. */
export async function newWorld({ opens = true } = {}): Promise<World> {
  const now = Date.now();
  const home = mkdtempSync(join(tmpdir(), 'tyiym-citizen-'));
  const database = await testDatabase();
  const keysRoot = join(home, 'keys');
  const publicKeys = await writeKeys(keysRoot, now);
  const authority = await createAuthority({ at: now - 30 * dayMs });
  writeFileSync(join(home, 'root.pem'), authority.root.certPem);
  writeFileSync(join(home, 'ca.pem'), authority.issuing.certPem);
  let offsetMs = 0;
  const registryNow = (): number => Date.now() + offsetMs;
  const list = await listServer(authority, registryNow);
  const configOf = (app: Config['app'], role: Role, keys: string): Config =>
    configIn(home, {
      app,
      database: loginOf(database, role),
      keysDir: join(keysRoot, keys),
      crlUrl: list.url,
    });
  const tool = configOf('tool', 'tyiym_tool', 'tool');
  await migrateRegistry({ ...tool, database: loginOf(database, 'tyiym_owner') });
  const issue = (iin: string): Promise<Credential> =>
    issuePerson(authority, { iin, keyKind: 'ec', at: now - dayMs, name });
  const officials = await Promise.all(iins.slice(-3, -1).map(issue));
  const channels = await foundWith(tool, { publicKeys, officials, opens });
  const issuerKey = await newKeyPair();
  const logged: string[] = [];
  const answers: Answer[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) });
  const config = configOf('citizen', 'tyiym_citizen', 'citizen');
  const overrides = { logger, keys: jwksOf(issuerKey) };
  const run = { logger, answers, issuerKey };
  const keep = keeper();
  const serve = (
    module: typeof LenderModule | typeof BureauModule,
    name: 'lender' | 'bureau',
    changes: Partial<Config>,
  ): Promise<NestFastifyApplication> => {
    const own = { ...configOf(name, `tyiym_${name}`, name), ...changes };
    return keep.running(start(module.register(own, overrides), own, run));
  };
  const app = await keep.running(start(CitizenModule.register(config, overrides), config, run));
  return {
    ...{ database, authority, logged, answers, app, tool, registryNow, ...channels },
    keysDir: (process) => join(keysRoot, process),
    revoke: list.revoke,
    serveList: list.serve,
    advanceHours: async (hours) => {
      await database.owner.query('SELECT advance_clock($1)', [hours]);
      offsetMs += hours * 3_600_000;
    },
    issue,
    operate: (change) => operate(tool, { officials, trust: trustOf(authority) }, change),
    startClerk: () =>
      keep.running(startWorker(configOf('clerk-worker', 'tyiym_clerk_worker', 'clerk-worker'), logger)),
    startCitizen: async (changes) => {
      const changed = { ...config, ...changes };
      return keep.running(start(CitizenModule.register(changed, overrides), changed, run));
    },
    startLender: async (changes = {}) =>
      serve(LenderModule, 'lender', { publicBase: lenderBase, ...changes }),
    startBureau: async () => serve(BureauModule, 'bureau', { publicBase: bureauBase }),
    close: async () => {
      await keep.closeAll();
      list.server.close();
      await database.drop();
      rmSync(home, { recursive: true });
    },
  };
}

interface Keeper {
  /** What is starting here is closed at the end, unless its spec has closed it before. */
  running<T extends INestApplicationContext>(starting: Promise<T>): Promise<T>;
  closeAll(): Promise<void>;
}

/** A process that a spec forgot would go on asking a database that is gone, in the middle of the next spec. */
function keeper(): Keeper {
  const running: INestApplicationContext[] = [];
  return {
    running: async (starting) => {
      const app = await starting;
      const close = app.close.bind(app);
      let closing: Promise<void> | undefined;
      app.close = () => (closing ??= close());
      running.unshift(app);
      return app;
    },
    closeAll: async () => {
      for (const app of running) await app.close();
    },
  };
}

/** The issuer's key of each running app; a spec needs it only through `call`. */
const tokenIssuers = new WeakMap<NestFastifyApplication, KeyPair>();

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the scope of the token. */
  readonly scope?: string;
  /** Another's key that makes the proof, as a thief of the token would. */
  readonly prover?: KeyPair;
  /** Cuts the connection, as a caller does who leaves. */
  readonly leave?: AbortSignal;
}

/** One request as the channel would make it: token, DPoP proof with the newest nonce. */
export async function call({ app }: Pick<World, 'app'>, channel: Channel, what: Call): Promise<Response> {
  const issuerKey = tokenIssuers.get(app);
  if (issuerKey === undefined) throw new Error('a world that does not run');
  const token = await accessToken(issuerKey, Date.now(), {
    claims: {
      ...{ iss: issuer, aud: channel.resource, client_id: channel.clientId, sub: channel.clientId },
      ...{ scope: what.scope ?? 'citizen', cnf: { jkt: channel.key.kid } },
    },
  });
  const server = app.getHttpServer();
  const nonce = String((await request(server).get('/livez')).headers['dpop-nonce']);
  const path = what.path.replace(/\?.*/s, '');
  const proof = await dpopProof(
    what.prover ?? channel.key,
    { method: what.method, url: `${channel.resource}${path}`, accessToken: token, nonce },
    Date.now(),
  );
  const sent = request(server)
    [what.method === 'GET' ? 'get' : what.method === 'PUT' ? 'put' : 'post'](what.path)
    .set({ Authorization: `DPoP ${token}`, DPoP: proof, ...what.headers });
  if (what.key !== undefined) void sent.set('Idempotency-Key', what.key);
  what.leave?.addEventListener('abort', () => void sent.abort());
  return what.body === undefined ? sent : sent.send(what.body as object);
}

/** A fresh citizen assertion by the channel; `changes` replaces claims. */
export async function assertionFor(
  channel: Channel,
  iin: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({
    ...{ iss: channel.clientId, aud: publicBase, iin, authTime: iat - 5, method: 'sms' },
    ...{ iat, exp: iat + 300, jti: randomUUID(), ...changes },
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'tyiym-citizen+jwt', kid: channel.key.kid })
    .sign(channel.key.privateKey);
}

/** Base64 of the person's CMS over the document of an opened application. */
export async function signatureOf(person: Credential, document: string, detached = false): Promise<string> {
  const bytes = Buffer.from(document, 'base64');
  return (await signDocument({ ...person, document: bytes, at: Date.now(), detached })).toString('base64');
}

function jwksOf(key: KeyPair): ReturnType<typeof createLocalJWKSet> {
  return createLocalJWKSet({ keys: [{ ...key.publicJwk, kid: key.kid, alg: 'ES256', use: 'sig' }] });
}

interface Place extends Pick<Config, 'app' | 'database' | 'keysDir'> {
  readonly crlUrl: string;
}

/** The configuration of a process whose registry lives in this folder. */
function configIn(home: string, { crlUrl, ...place }: Place): Config {
  return {
    ...{ sandbox: true, origin, issuer, logBase: iss, publicBase, ...place },
    nca: {
      rootFiles: [join(home, 'root.pem')],
      intermediateFiles: [join(home, 'ca.pem')],
      crlUrls: { '*': crlUrl },
    },
    egovMobile: {
      organisation: { nameRu: 'Реестр', nameKz: 'Тізілім', nameEn: 'Registry', bin: '010140000004' },
    },
  };
}

interface Run {
  readonly logger: Logger;
  readonly answers: Answer[];
  readonly issuerKey: KeyPair;
}

async function start(
  root: DynamicModule,
  config: Config,
  { logger, answers, issuerKey }: Run,
): Promise<NestFastifyApplication> {
  const app = await createApp(root, config, logger);
  keepAnswers(app, answers);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  tokenIssuers.set(app, issuerKey);
  return app;
}

/** What `tool … --draft` and `--apply` do, with the signatures between them; verified by hand, as no clerk need run. */
async function operate(
  tool: Config,
  { officials, trust }: { readonly officials: readonly Credential[]; readonly trust: TrustAnchors },
  change: Change,
): Promise<void> {
  const registry = await openRegistry(tool);
  try {
    const acts = actsOver(registry, tool, trust);
    const text = await acts.draft(change);
    const given = { document: Buffer.from(text), at: Date.now() };
    await acts.apply(text, await Promise.all(officials.map((each) => signDocument({ ...each, ...given }))));
    if (change.kind === 'party.suspended') await nextSecond();
  } finally {
    await registry.close();
  }
}

/** The clerk's worker, without a port. */
function startWorker(config: Config, logger: Logger): Promise<INestApplicationContext> {
  const root = ClerkWorkerModule.register(config, logger);
  return NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
}

interface Founders {
  readonly publicKeys: Foundation['publicKeys'];
  readonly officials: readonly Credential[];
  readonly opens: boolean;
}

async function foundWith(
  tool: Config,
  { publicKeys, officials, opens }: Founders,
): Promise<Pick<World, 'portal' | 'mobile' | 'bank' | 'others'>> {
  const channel = async (clientId: string, resource: string): Promise<Channel> => ({
    ...{ clientId, resource, key: await newKeyPair() },
  });
  const portal = await channel('egov-portal', publicBase);
  const mobile = await channel('egov-mobile', publicBase);
  const bank = await channel('bank-alpha', lenderBase);
  const otherKinds = [
    ['mfo-gamma', 'mfo', ['checks', 'loans']],
    ['gkb', 'bureau', ['feed', 'stamps', 'loans']],
    ['pkb', 'bureau', ['feed', 'stamps', 'loans']],
    ['regulator', 'regulator', []],
    ['court', 'court', []],
  ] as const;
  const others = await Promise.all(
    otherKinds.map(async ([clientId, kind]) => ({
      ...(await channel(clientId, kind === 'bureau' ? bureauBase : lenderBase)),
      ...(kind === 'bureau' && { enc: await newKeyPair() }),
    })),
  );
  const body = (
    { clientId, key, enc, resource }: Channel,
    kind: string,
    scopes: readonly string[],
  ): Record<string, unknown> => ({
    ...{ clientId, kind, scopes, bin: '010140000004', resource },
    names: { kk: 'Ұйым', ru: 'Организация', en: 'Organisation' },
    keys: [{ ...key, use: 'sig' }, ...(enc ? [{ ...enc, use: 'enc' }] : [])].map(
      ({ kid, use, publicJwk: jwk }) => ({ kid, use, jwk, notBefore: formatInstant(Date.now() - 60_000) }),
    ),
  });
  await (opens ? foundRegistry : foundUnopened)(tool, {
    publicKeys,
    parties: [
      body(portal, 'channel', ['citizen']),
      body(mobile, 'channel', ['citizen']),
      body(bank, 'bank', ['checks', 'loans']),
      ...others.map((other, place) =>
        body(other, otherKinds[place]?.[1] ?? '', otherKinds[place]?.[2] ?? []),
      ),
    ],
    officials: officials.map(({ certPem }, place) => ({
      ...{ officialId: `official-${place + 1}`, name: 'Сынақ Әділ', role: 'operator' },
      certSha256: [thumbprint(certPem)],
    })),
  });
  return { portal, mobile, bank, others };
}

function loginOf(database: TestDatabase, role: Role): Config['database'] {
  const { host, port, name, user } = database.target(role);
  return { host, port, name, user, passwordFile: database.passwordFile(role) };
}

/** IINs of the vectors: belong to nobody. */
export const iins = validIins;

/** Verifies a receipt as anybody could, with the keys this registry published. */
export async function verified(world: World, receipt: unknown, iin: string): Promise<VerifiedReceipt> {
  const { rows } = await world.database.superuser.query<{ key: unknown }>(
    `SELECT jwk || jsonb_build_object('kid', kid, 'purpose', purpose, 'kinds', to_jsonb(kinds),
       'nbf', floor(extract(epoch FROM not_before)), 'exp', floor(extract(epoch FROM expires_at))) AS key
     FROM signing_keys WHERE purpose LIKE 'head/%'`,
  );
  const now = Math.floor(world.registryNow() / 1000);
  return verifyReceipt(receipt, { keys: rows.map(({ key }) => key) }, { now, iin, issuer: iss, origin });
}
