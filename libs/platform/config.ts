/**
 * The configuration file of a process: JSON, checked whole before anything starts. Paths in it are relative to the
 * file itself. Secrets are never in it: it names the files that hold them.
 */
import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { plainToInstance, Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import { admitTestNumbers } from '#libs/subject/iin.js';
import { isAddressEntry } from './address-list.js';
import { unsafeMembers } from './outside-the-sandbox.js';
import { faultOf } from './strict-json.js';

export const processNames = [
  'citizen',
  'lender',
  'bureau',
  'access',
  'log',
  'clerk-worker',
  'clerk-signer',
  'tool',
] as const;
export type ConfiguredProcess = (typeof processNames)[number];

/** How the database proves that it is the one meant: its certificate leads to this authority and names its host. */
export class DatabaseTlsConfig {
  /** PEM of the authority, or of the server's own certificate. */
  @IsString() readonly caFile: string;
}

export class DatabaseConfig {
  @IsString() readonly host: string;
  @IsInt() @Min(1) @Max(65535) readonly port: number;
  @IsString() readonly name: string;
  @IsString() readonly user: string;
  @IsString() readonly passwordFile: string;
  /** Absent: without TLS, which only a database on this machine may be. */
  @IsOptional() @ValidateNested() @Type(() => DatabaseTlsConfig) readonly tls?: DatabaseTlsConfig;
}

/** Bounds of a listener's connections; what is left out is as in `usualBounds` of server.ts. Times in milliseconds. */
export class ConnectionsConfig {
  @IsOptional() @IsInt() @Min(1) readonly total?: number;
  @IsOptional() @IsInt() @Min(1) readonly perAddress?: number;
  @IsOptional() @IsInt() @Min(1) readonly headersMs?: number;
  @IsOptional() @IsInt() @Min(1) readonly requestMs?: number;
  @IsOptional() @IsInt() @Min(1) readonly idleMs?: number;
  /** Longer than a poll may wait, 25 s. */
  @IsOptional() @IsInt() @Min(30_000) readonly silenceMs?: number;
  @IsOptional() @IsInt() @Min(1) readonly handshakeMs?: number;
}

export class ListenConfig {
  @IsString() readonly host: string;
  @IsInt() @Min(0) @Max(65535) readonly port: number;
  /**
   * Addresses or networks of the proxies in front that end TLS. What they say of a caller is believed, `Client-Cert`
   * (RFC 9440) and the last of `X-Forwarded-For`, and of nobody else.
   */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ValidateBy(
    {
      name: 'isAddressEntry',
      validator: {
        validate: isAddressEntry,
        defaultMessage: () => 'each is an address or a network, 10.0.0.7 or 10.1.0.0/16',
      },
    },
    { each: true },
  )
  readonly proxies?: string[];
  @IsOptional() @ValidateNested() @Type(() => ConnectionsConfig) readonly connections?: ConnectionsConfig;
}

export class ListenTlsConfig extends ListenConfig {
  @IsString() @Matches(/^https:\/\/[^/]+$/) readonly publicBase: string;
  @IsString() readonly certFile: string;
  @IsString() readonly keyFile: string;
}

export class NcaConfig {
  @IsArray() @IsString({ each: true }) readonly rootFiles: string[];
  @IsArray() @IsString({ each: true }) readonly intermediateFiles: string[];
  /** Common name of an issuer, or `*`, → the address of its CRL. */
  @IsObject() readonly crlUrls: Record<string, string>;
  @IsOptional() @IsString() readonly ncanodeUrl?: string | null;
}

/** The authority's test contour, whose people have numbers without a right control digit. Of a sandbox only. */
export class TestContourConfig {
  @IsArray() @Matches(/^(?!0{12}$)\d{12}$/, { each: true }) readonly numbers: string[];
}

export class OrganisationConfig {
  @IsString() readonly nameRu: string;
  @IsString() readonly nameKz: string;
  @IsString() readonly nameEn: string;
  @Matches(/^\d{12}$/) readonly bin: string;
}

export class EgovMobileConfig {
  @ValidateNested() @Type(() => OrganisationConfig) readonly organisation: OrganisationConfig;
  /** Where a link opens the app on a phone; `?link=<API №1>` is put behind it. Absent: where it does today. */
  @IsOptional() @Matches(/^https:\/\/[^\s?#]+$/) readonly launchUrl?: string;
}

/** Who the clerk is when it asks, as a bank would, whether checks are answered. */
export class WatchdogConfig {
  /** PKCS#8 PEM of the key with which the party `watchdog` was admitted. */
  @IsString() readonly keyFile: string;
  /** Twelve digits in a file only this process may read: of somebody who agreed, or of nobody. */
  @IsString() readonly iinFile: string;
  /** The lender's app as banks reach it, and the audience of the token. */
  @Matches(/^https?:\/\/[^/]+$/) readonly lender: string;
  /** Authority of the servers' certificates, when the machine does not know it. */
  @IsOptional() @IsString() readonly caFile?: string;
}

/** Somebody outside who cosigns checkpoints. */
export class WitnessConfig {
  /** Name and key: `name+hex+base64` of C2SP signed-note, type 0x04. */
  @Matches(/^[^\s+]+\+[0-9a-f]{8}\+B[A-P][A-Za-z0-9+/]{42}$/, {
    message: 'vkey must be a key of a witness, type 0x04',
  })
  readonly vkey: string;
  /** Submission prefix: the signer posts to `<url>/add-checkpoint`. */
  @Matches(/^https?:\/\/\S+[^/\s]$/) readonly url: string;
}

/** A log that was closed with `log.broken`, and the folder it left. */
export class ClosedLogConfig {
  @Matches(/^(sandbox\.)?tyiym\.kz\/journal\/[1-9]\d*$/) readonly origin: string;
  @IsString() readonly tilesDir: string;
}

/** What this process believes about the registry's acts before it has read any. `tool pins` says both. */
export class ActsConfig {
  /** The chain over the founding acts, after `registry.opened`. */
  @Matches(/^[A-Za-z0-9_-]{43}$/) readonly founding: string;
  /** Thumbprint of the clerk's key for records of verified acts. */
  @Matches(/^[A-Za-z0-9_-]{43}$/) readonly kid: string;
}

export class Config {
  @IsIn(processNames) readonly app: ConfiguredProcess;
  @IsBoolean() readonly sandbox: boolean;
  /** Name of the log, `tyiym.kz/journal/<n>`; the sandbox's begins with `sandbox.`. */
  @Matches(/^(sandbox\.)?tyiym\.kz\/journal\/[1-9]\d*$/) readonly origin: string;
  @IsObject() @ValidateNested() @Type(() => DatabaseConfig) readonly database: DatabaseConfig;
  @IsString() readonly keysDir: string;
  /** Where the signer keeps the files of the public log, and the log serves them from. */
  @IsOptional() @IsString() readonly tilesDir?: string;
  /** Of the log: those that were closed, served under `/closed/<number>/`. */
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ClosedLogConfig)
  readonly closedLogs?: ClosedLogConfig[];
  /** Public base URL of this app without a final slash: the audience of its tokens. */
  @IsOptional() @Matches(/^https?:\/\/[^/]+$/) readonly publicBase?: string;
  @IsOptional() @ValidateNested() @Type(() => ListenConfig) readonly listen?: ListenConfig;
  @IsOptional() @ValidateNested() @Type(() => ListenTlsConfig) readonly listenTls?: ListenTlsConfig;
  @IsOptional() @ValidateNested() @Type(() => ListenConfig) readonly metrics?: ListenConfig;
  @Matches(/^https?:\/\/[^/]+$/) readonly issuer: string;
  /** Of all but the signer, and of the tool once the registry is open. */
  @IsOptional() @ValidateNested() @Type(() => ActsConfig) readonly acts?: ActsConfig;
  /** Public base URL of the log: `iss` of heads, base of the problem pages. */
  @Matches(/^https?:\/\/[^/]+$/) readonly logBase: string;
  /** Where this process reaches the log, when that is not its public address. */
  @IsOptional() @Matches(/^https?:\/\/[^/]+$/) readonly logUrl?: string;
  @IsOptional() @ValidateNested() @Type(() => NcaConfig) readonly nca?: NcaConfig;
  /** Absent: no roots of a test authority and no numbers but right ones. */
  @IsOptional() @ValidateNested() @Type(() => TestContourConfig) readonly testContour?: TestContourConfig;
  /** Of the signer, who asks them, of the log, which shows their keys, and of the tool, which believes their clocks. */
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => WitnessConfig)
  readonly witnesses?: WitnessConfig[];
  @IsOptional() @ValidateNested() @Type(() => EgovMobileConfig) readonly egovMobile?: EgovMobileConfig;
  /** Of the clerk's worker; without it nobody asks, and the public uptime is unknown. */
  @IsOptional() @ValidateNested() @Type(() => WatchdogConfig) readonly watchdog?: WatchdogConfig;
  /** Calls of a minute from one network address, where nobody is known yet. */
  @IsOptional() @IsInt() @Min(1) readonly callsPerAddress?: number;
}

/**
 * Twenty a second, because thousands of phones share the address of one operator's network and all placings of a
 * country's busiest minute must pass through one.
 */
export function callsPerAddress({ callsPerAddress: said }: Pick<Config, 'callsPerAddress'>): number {
  return said ?? 1200;
}

/** What was wrong with a configuration file, a line each. */
export class ConfigError extends Error {}

/**
 * Reads and checks a configuration file; every path in the answer is absolute.
 * @throws ConfigError naming each member that is missing, wrong or unknown.
 */
export function loadConfig(file: string, expected?: readonly ConfiguredProcess[]): Config {
  const config = checkConfig(parse(file), file);
  if (expected !== undefined && !expected.includes(config.app))
    throw new ConfigError(`${file}: app is "${config.app}", this program is ${expected.join(' or ')}`);
  const at = (path: string): string => resolve(dirname(file), path);
  const nca = config.nca && {
    ...config.nca,
    rootFiles: config.nca.rootFiles.map(at),
    intermediateFiles: config.nca.intermediateFiles.map(at),
  };
  if (nca?.rootFiles.some((root) => !holdsOnly(sidesOf(config), root)))
    throw new ConfigError(
      `${file}:\n  nca.rootFiles: the sandbox has roots of its own, and only the sandbox; those of a test authority belong to a sandbox with a testContour`,
    );
  admitTestNumbers(config.testContour?.numbers ?? []);
  const tls = config.listenTls && {
    ...config.listenTls,
    certFile: at(config.listenTls.certFile),
    keyFile: at(config.listenTls.keyFile),
  };
  const watchdog = config.watchdog && {
    ...config.watchdog,
    keyFile: at(config.watchdog.keyFile),
    iinFile: at(config.watchdog.iinFile),
    ...(config.watchdog.caFile !== undefined && { caFile: at(config.watchdog.caFile) }),
  };
  return {
    ...config,
    keysDir: at(config.keysDir),
    database: {
      ...config.database,
      passwordFile: at(config.database.passwordFile),
      ...(config.database.tls && { tls: { caFile: at(config.database.tls.caFile) } }),
    },
    ...(config.tilesDir !== undefined && { tilesDir: at(config.tilesDir) }),
    ...(config.closedLogs && {
      closedLogs: config.closedLogs.map((log) => ({ ...log, tilesDir: at(log.tilesDir) })),
    }),
    ...(nca && { nca }),
    ...(tls && { listenTls: tls }),
    ...(watchdog && { watchdog }),
  };
}

/** Whose roots they are: the sandbox's and those of the authority's test contour are named so. */
type Side = 'sandbox' | 'test' | 'national';

function sidesOf({ sandbox, testContour }: Config): readonly Side[] {
  if (!sandbox) return ['national'];
  return testContour === undefined ? ['sandbox'] : ['sandbox', 'test'];
}

/** Whether every root in the file is of one of these sides. A file that is not there trusts nobody. */
function holdsOnly(sides: readonly Side[], file: string): boolean {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.every((block) => sides.includes(sideOf(new X509Certificate(block).subject)));
}

function sideOf(subject: string): Side {
  if (/^CN=Sandbox /m.test(subject)) return 'sandbox';
  return /^CN=.*\bTEST\b/m.test(subject) ? 'test' : 'national';
}

/** @throws ConfigError */
export function checkConfig(value: unknown, name: string): Config {
  const config = plainToInstance(Config, value);
  const errors = validateSync(config, { whitelist: true, forbidNonWhitelisted: true });
  const lines = errors.flatMap((error) => linesOf(error, ''));
  if (config.sandbox !== config.origin?.startsWith('sandbox.'))
    lines.push('origin: the sandbox has an origin of its own, and only the sandbox');
  if (!config.sandbox && config.acts === undefined && config.app !== 'tool' && config.app !== 'clerk-signer')
    lines.push('acts: outside the sandbox the founding is pinned; `tool pins` says by what');
  if (errors.length === 0) lines.push(...unsafeMembers(config));
  if (lines.length > 0) throw new ConfigError(`${name}:\n  ${lines.join('\n  ')}`);
  return config;
}

/** The configuration named by `--config <file>` on the command line of an app. */
export function configFromArguments(expected: readonly ConfiguredProcess[]): Config {
  const at = process.argv.indexOf('--config');
  const file = at === -1 ? undefined : process.argv[at + 1];
  if (file === undefined) throw new ConfigError('say which configuration: --config <file.json>');
  return loadConfig(resolve(file), expected);
}

/**
 * Reads a secret that only this program's user may read.
 * @throws ConfigError when others can read it.
 */
export function readSecretFile(file: string): string {
  const mode = statSync(file).mode & 0o077;
  if (mode !== 0) throw new ConfigError(`${file}: others can read it; chmod 600`);
  return readFileSync(file, 'utf8');
}

function parse(file: string): unknown {
  let fault: string | undefined;
  try {
    const bytes = readFileSync(file);
    // Of a member that stands twice one reader would take the first, and JSON.parse takes the last.
    fault = faultOf(bytes);
    if (fault === undefined) return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new ConfigError(`${file}: cannot be read as JSON (in UTF-8, without a byte-order mark)`, { cause });
  }
  throw new ConfigError(`${file}: cannot be read as JSON: ${fault}`);
}

function linesOf(error: ValidationError, path: string): string[] {
  const here = `${path}${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((text) => `${here}: ${text}`);
  return [...own, ...(error.children ?? []).flatMap((child) => linesOf(child, `${here}.`))];
}
