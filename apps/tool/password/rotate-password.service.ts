/**
 * Exchanges the password of one process's role, old and new side by side: the next one is written beside the file, the
 * database takes it, and it takes the place of the old one. Cut short anywhere, the next run goes on from what files and
 * database say. Only a connection that is being made in the very moment of the change is refused, and once.
 */
import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { readSecretFile, type DatabaseConfig } from '#libs/platform/config.js';
import {
  entersWith,
  nextPasswordFile,
  roleClient,
  waitingPassword,
} from '#libs/platform/database-password.js';

export interface PasswordRotation {
  /** Whether connections made with the old password are ended; needed when it leaked. */
  readonly endsSessions: boolean;
  onStep(text: string): void;
}

/**
 * @returns how many sessions were ended.
 * @throws Error when the database knows neither password, or cannot be asked.
 */
export async function rotatePassword(config: DatabaseConfig, rotation: PasswordRotation): Promise<number> {
  const { passwordFile, user } = config;
  const { endsSessions, onStep } = rotation;
  const next = waitingPassword(passwordFile) ?? writeNext(passwordFile);
  onStep(`${user}: the next password waits beside the old one`);
  if (!(await entersWith(config, next))) {
    const inUse = readSecretFile(passwordFile).trim();
    if (!(await entersWith(config, inUse)))
      throw new Error(
        `${user}: the database takes neither password of ${passwordFile}; set it as the server's administrator, then delete ${nextPasswordFile(passwordFile)}`,
      );
    await changePassword(config, inUse, next);
    onStep(`${user}: the database takes the next password`);
  }
  renameSync(nextPasswordFile(passwordFile), passwordFile);
  onStep(`${user}: the old password is gone`);
  return endsSessions ? endSessions(config, next) : 0;
}

function writeNext(passwordFile: string): string {
  const password = randomBytes(32).toString('base64url');
  writeFileSync(nextPasswordFile(passwordFile), password, { flag: 'wx', mode: 0o600, flush: true });
  return password;
}

/** A role may change its own password and needs nobody for it. */
async function changePassword(config: DatabaseConfig, inUse: string, next: string): Promise<void> {
  const client = roleClient(config, inUse);
  await client.connect();
  try {
    await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${client.escapeLiteral(next)}`);
  } finally {
    await client.end();
  }
}

/** Processes connect anew by themselves. */
async function endSessions(config: DatabaseConfig, password: string): Promise<number> {
  const client = roleClient(config, password);
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()`,
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}
