/**
 * A credit bureau of the sandbox: a program of its own, with its own database and keys, written against the documents
 * alone. It could as well be in another language: of the registry it knows addresses and nothing else.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Book } from './book.js';
import { Follower } from './follower.js';
import { RegistryCalls, type Credentials, type RegistryAddress } from './registry-calls.js';
import { serveReports, type ReportSource } from './report-page.js';

/** The configuration file; paths in it are relative to the file. */
export interface BureauProcessConfig {
  readonly names: ReportSource['names'];
  readonly listen: { readonly host: string; readonly port: number };
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    /** PEM of the authority that the server's certificate must lead to; absent: no TLS. */
    readonly caFile?: string;
  };
  readonly passwordFile: string;
  readonly registry: RegistryAddress;
  readonly own: Credentials;
  readonly encKeyFile: string;
  /** 32 bytes in base64url, under which histories are found. */
  readonly historyKeyFile: string;
  readonly digestEveryMs: number;
}

const place = process.argv[process.argv.indexOf('--config') + 1];
if (place === undefined) throw new Error('say which configuration: --config <file.json>');
const config = JSON.parse(readFileSync(place, 'utf8')) as BureauProcessConfig;
const at = (file: string): string => resolve(dirname(place), file);
const { registry, own } = config;
const { caFile, ...database } = config.database;

const log = (line: object): void =>
  void process.stdout.write(
    `${JSON.stringify({ time: new Date().toISOString(), app: own.clientId, ...line })}\n`,
  );
process.on('uncaughtException', (error) => {
  log({ level: 60, msg: `the process ends: ${error.message}` });
  process.exit(1);
});
const secret = (file: string): string => readFileSync(at(file), 'utf8').trim();
const book = await Book.open(
  {
    ...{ ...database, password: secret(config.passwordFile) },
    ...(caFile !== undefined && { ssl: { ca: readFileSync(at(caFile), 'utf8'), host: database.host } }),
  },
  Buffer.from(secret(config.historyKeyFile), 'base64url'),
);
const calls = await RegistryCalls.of(
  { ...registry, tlsCaFile: at(registry.tlsCaFile) },
  { ...own, keyFile: at(own.keyFile), certFile: at(own.certFile) },
);
const server = await serveReports(
  { names: config.names, markOf: (iin) => book.markOf(iin), position: () => book.position() },
  config.listen,
);
const stopping = new AbortController();
const following = new Follower({
  ...{ calls, book, log, clientId: own.clientId, issuer: registry.resource, jwksUrl: registry.jwksUrl },
  ...{ encKeyFile: at(config.encKeyFile), digestEveryMs: config.digestEveryMs },
}).run(stopping.signal);

let isStopping = false;
const stop = (): void => {
  if (isStopping) process.exit(1);
  isStopping = true;
  stopping.abort();
  server.close();
  server.closeAllConnections();
  // A long poll is broken off: what was not acknowledged comes again.
  void calls
    .close()
    .then(() => following)
    .then(() => book.close())
    .finally(() => process.exit(0));
};
process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
if (process.connected === false) stop();
