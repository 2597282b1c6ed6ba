/**
 * The data directory: made in a draft and moved into place when whole, so that a start killed half way leaves nothing
 * half made; and the superuser's password, which exists in PostgreSQL before it exists in a file.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Binaries } from './binaries.js';
import { giveTo, spawnIdentity, type ServerUser } from './run-as.js';

export interface Place {
  readonly data: string;
  readonly binaries: Binaries;
  /** Undefined: ourselves. */
  readonly user: ServerUser | undefined;
}

/** Makes the directory unless it exists; what exists must be of the version we have. */
export function ensureDataDirectory({ data, binaries, user }: Place): void {
  if (!existsSync(data)) {
    const draft = `${data}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    giveTo(user, draft);
    const locale = ['--locale-provider=builtin', '--locale=C.UTF-8', '--encoding=UTF8'];
    const drafted: Place = { data: draft, binaries, user };
    const access = ['--username=postgres', '--auth=reject'];
    runIn(drafted, 'initdb', [...locale, ...access, ...dataArguments(drafted)]);
    writeFileSync(join(draft, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
    renameSync(draft, data);
  }
  giveTo(user, data);
  const major = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (major === String(binaries.major)) return;
  throw new Error(
    `${data} was made by PostgreSQL ${major}, this is ${String(binaries.major)}. Begin anew with --fresh, or set DATABASE_URL.`,
  );
}

/**
 * The superuser's password from its file. Without the file PostgreSQL gets a new one, through the standard input of
 * single-user mode because arguments can be seen by everybody; the file follows, so a crash between makes another.
 */
export function ensureSuperuserPassword(place: Place, file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(32).toString('base64url');
  const singleUser = ['--single', ...dataArguments(place), 'postgres'];
  runIn(place, 'postgres', singleUser, `ALTER ROLE postgres PASSWORD '${password}'\n`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, password, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return password;
}

/** How the server's programs are spawned: in the data directory, as the user, with nothing of our environment. */
export function spawnOptions({ data, user }: Place) {
  // Our environment may hold secrets, and PG… variables would change what the server does.
  return { cwd: data, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, ...spawnIdentity(user) };
}

/**
 * The `-D` of the server's programs. Root may keep the directory below a folder that the server's user cannot enter;
 * then only the directory the program was started in leads there, and Linux has a name for it.
 */
export function dataArguments({ data, user }: Place): string[] {
  return ['-D', user !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : data];
}

function runIn(place: Place, program: 'initdb' | 'postgres', args: string[], input = ''): void {
  const options = { ...spawnOptions(place), input, encoding: 'utf8' } as const;
  const done = spawnSync(place.binaries[program], args, options);
  // Single-user mode ends with 0 also when its statement failed.
  if (done.status === 0 && !/(ERROR|FATAL): /.test(done.stderr)) return;
  throw new Error(`${program} failed in ${place.data}: ${done.error?.message ?? done.stderr.trim()}`);
}
