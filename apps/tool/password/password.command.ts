/** `tool password rotate`: another password for the database role of each process whose configuration is named. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { progressBar } from '../progress.command.js';

interface RotateOptions {
  readonly endSessions?: boolean;
  readonly json?: boolean;
}

const words = `
Run it where the process runs, once for each configuration or for several together. The process goes on: while both
passwords stand side by side, each new connection takes the one that the database knows. Call it again when it was cut
short. --end-sessions also ends the connections that were made with the old password; the process makes new ones, and
answers 503 for a moment.`;

export function register(program: Command): void {
  program
    .command('password')
    .description('exchange the passwords of database roles')
    .command('rotate')
    .description('write the next password beside the old one, tell the database, and put it in its place')
    .argument('<config...>', 'configuration of a process; its passwordFile is exchanged')
    .option('--end-sessions', 'end the connections that were made with the old password')
    .option('--json', 'print JSON in place of text')
    .addHelpText('after', words)
    .action(rotate);
}

async function rotate(files: readonly string[], { endSessions, json }: RotateOptions): Promise<void> {
  const { loadConfig } = await import('#libs/platform/config.js');
  const { rotatePassword } = await import('./rotate-password.service.js');
  // All are read before one is changed, because a configuration that is wrong changes nothing.
  const databases = files.map((file) => loadConfig(resolve(file)).database);
  const bar = progressBar();
  const rotated: { readonly role: string; readonly endedSessions: number }[] = [];
  bar.begin('roles', databases.length);
  try {
    for (const database of databases) {
      const endedSessions = await rotatePassword(database, {
        endsSessions: endSessions === true,
        onStep: (text) => (json === true ? undefined : console.log(`· ${text}`)),
      });
      rotated.push({ role: database.user, endedSessions });
      bar.show(rotated.length);
    }
  } finally {
    bar.stop();
  }
  if (json === true) console.log(JSON.stringify({ rotated }));
}
