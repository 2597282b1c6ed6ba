/** `tool party …`: who takes part, with which keys, and which officials sign acts. */
import type { Command } from 'commander';
import { acting } from '../acts/act-options.command.js';
import { readJsonFile } from '#libs/platform/json-file.js';

const partyExample = `
The file holds {"party": {"clientId","kind","bin","names":{"kk","ru","en"},"scopes":[…],"resource","keys":[
  {"kid","use":"sig"|"enc","jwk","certSha256"?,"notBefore","expiresAt"?}]}}
or {"official": {"officialId","name","role":"operator"|"regulator"|"judge","clientId"?,"certSha256":[…]}}.`;

export function register(program: Command): void {
  const party = program
    .command('party')
    .description('admit and suspend parties and officials, change their keys');
  const read = (file: string): Record<string, unknown> => readJsonFile(file) as Record<string, unknown>;

  acting<{ file: string }>(
    party
      .command('admit')
      .description('admit a party or an official, or admit it again with other particulars')
      .option('--file <file>', 'whom; not needed with --apply')
      .addHelpText('after', partyExample),
    'party.admitted',
    (_, { file }) => [{ kind: 'party.admitted', body: read(file) }],
  );

  acting<{ official?: boolean }>(
    party
      .command('suspend')
      .description('suspend a party, or with --official an official')
      .argument('[name]', 'client id or official id; not needed with --apply')
      .option('--official', 'the name is an official’s'),
    'party.suspended',
    ([name], { official }) => [
      { kind: 'party.suspended', body: official === true ? { officialId: name } : { clientId: name } },
    ],
  );

  acting<{ file: string }>(
    party
      .command('add-key')
      .description('add a public key; the ones before go on counting')
      .argument('[clientId]', 'whose; not needed with --apply')
      .option('--file <file>', '{"kid","use","jwk","certSha256"?,"notBefore","expiresAt"?}'),
    'party.key-changed',
    ([clientId], { file }) => [{ kind: 'party.key-changed', body: { clientId, added: read(file) } }],
  );

  acting(
    party
      .command('retire-key')
      .description('retire a key from now on')
      .argument('[clientId]', 'whose; not needed with --apply')
      .argument('[kid]', 'which'),
    'party.key-changed',
    ([clientId, kid]) => [{ kind: 'party.key-changed', body: { clientId, retired: kid } }],
  );
}
