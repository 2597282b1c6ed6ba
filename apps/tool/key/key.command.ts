/** `tool key …`: which public keys the registry signs with; each is pinned by an entry. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { acting } from '../acts/act-options.command.js';
import type { Change } from '../acts/change.js';

export function register(program: Command): void {
  const key = program.command('key').description('publish, retire or revoke keys of the registry');

  acting<{ file: string }>(
    key
      .command('publish')
      .description('publish keys made by tool keygen; signed acts publish one at a time')
      .argument('[kid]', 'which of the file; without it all of them')
      .option('--file <file>', 'publicKeys.json; not needed with --apply'),
    'key.published',
    ([kid], { file }) => {
      const keys = JSON.parse(readFileSync(file, 'utf8')) as { kid: string }[];
      const chosen = keys.filter((each) => kid === undefined || each.kid === kid);
      return chosen.map((each): Change => ({ kind: 'key.published', body: { ...each } }));
    },
  );

  acting(
    key
      .command('retire')
      .description('a key signs no more; what it signed stands')
      .argument('[kid]', 'which; not needed with --apply'),
    'key.retired',
    ([kid]) => [{ kind: 'key.retired', body: { kid } }],
  );

  acting<{ since?: string }>(
    key
      .command('compromise')
      .description('a key got into other hands: its signatures no longer count by themselves')
      .argument('[kid]', 'which; not needed with --apply')
      .option('--since <instant>', 'RFC 3339 with milliseconds and Z (default: now)'),
    'key.compromised',
    ([kid], { since }) => [{ kind: 'key.compromised', body: { kid, ...(since !== undefined && { since }) } }],
  );
}
