/** The configuration file of each process, written anew at every start because ports and homes move. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { ActPins } from '#libs/acts/belief.js';
import { watchdogId } from '#libs/party/party.js';
import { checkConfig, type Config } from '#libs/platform/config.js';
import type { Contour } from './contour.js';
import { watchdogIinFile } from './inhabitants.js';
import { host, organisation, origin, urlsOf, type Home, type Ports } from './plan.js';

export const apps = ['access', 'lender', 'bureau', 'citizen', 'log', 'clerk-worker', 'clerk-signer'] as const;
export type AppName = (typeof apps)[number];

/** Where PostgreSQL listens. */
export interface DatabaseServer {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** PEM of the authority that its certificate leads to; absent: no TLS. */
  readonly caFile?: string;
}

/** What the processes are told to believe. */
export interface Believed {
  readonly acts?: ActPins;
  readonly contour?: Contour | undefined;
}

/** Writes `config/<process>.json` for every process, the tool's and the owner's too; returns the files by name. */
export function writeConfigs(
  home: Home,
  ports: Ports,
  database: DatabaseServer,
  witnessVkey: string,
  believed: Believed = {},
): Readonly<Record<string, string>> {
  mkdirSync(home.at('config'), { recursive: true, mode: 0o700 });
  return Object.fromEntries(
    Object.entries(configsOf(home, ports, database, witnessVkey, believed)).map(([name, config]) => {
      const file = home.at('config', `${name}.json`);
      checkConfig(config, file);
      writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
      return [name, file];
    }),
  );
}

function configsOf(
  home: Home,
  ports: Ports,
  database: DatabaseServer,
  witnessVkey: string,
  { acts, contour }: Believed,
): Readonly<Record<string, object>> {
  const urls = urlsOf(ports);
  const { citizen, log, access, nca } = urls;
  const common = (app: Config['app'], role = `tyiym_${app.replace('-', '_')}`): object => ({
    ...{ app, sandbox: true, origin },
    database: databaseOf(database, role),
    keysDir: `../keys/${app}`,
    issuer: access,
    logBase: log,
    ...(acts !== undefined && app !== 'clerk-signer' && { acts }),
    ...(contour !== undefined && { testContour: { numbers: contour.numbers } }),
  });
  const listen = (port: number): object => ({ host, port });
  const tls = (port: number, publicBase: string): object => ({
    ...listen(port),
    publicBase,
    certFile: '../tls/server.pem',
    keyFile: '../tls/server.key',
  });
  // Partners reach these in both ways.
  const partners = (app: 'lender' | 'bureau' | 'access'): object => ({
    ...common(app),
    publicBase: urls[app],
    listen: listen(ports[app]),
    listenTls: tls(ports[`${app}Tls`], urls[`${app}Tls`]),
    metrics: listen(ports[`${app}Metrics`]),
  });
  const theLog = { witnesses: [{ vkey: witnessVkey, url: urls.witness }], tilesDir: '../tiles' };
  const authority = {
    rootFiles: ['../nca/root.pem', ...(contour?.rootFiles ?? [])],
    intermediateFiles: ['../nca/ca.pem', ...(contour?.intermediateFiles ?? [])],
    crlUrls: { ...contour?.crlUrls, '*': `${nca}/crl/ca.crl` },
    ncanodeUrl: contour?.ncanodeUrl ?? null,
  };
  return {
    citizen: {
      ...common('citizen'),
      publicBase: citizen,
      listen: listen(ports.citizen),
      metrics: listen(ports.citizenMetrics),
      nca: authority,
      egovMobile: { organisation },
    },
    lender: partners('lender'),
    bureau: partners('bureau'),
    access: partners('access'),
    log: {
      ...common('log'),
      publicBase: log,
      listen: listen(ports.log),
      metrics: listen(ports.logMetrics),
      ...theLog,
    },
    'clerk-worker': {
      ...common('clerk-worker'),
      metrics: listen(ports.clerkWorkerMetrics),
      nca: authority,
      ...(existsSync(home.at('parties', watchdogIinFile)) && { watchdog: watchdogOf(urls.lender) }),
    },
    'clerk-signer': { ...common('clerk-signer'), metrics: listen(ports.clerkSignerMetrics), ...theLog },
    tool: { ...common('tool'), nca: authority, witnesses: theLog.witnesses },
    owner: { ...common('tool', 'tyiym_owner'), nca: authority, witnesses: theLog.witnesses },
  };
}

function databaseOf({ caFile, ...server }: DatabaseServer, user: string): object {
  const tls = caFile === undefined ? {} : { tls: { caFile } };
  return { ...server, ...tls, user, passwordFile: `../secrets/${user}` };
}

function watchdogOf(lender: string): object {
  return {
    keyFile: `../parties/${watchdogId}.key`,
    iinFile: `../parties/${watchdogIinFile}`,
    ...{ lender, caFile: '../tls/ca.pem' },
  };
}
