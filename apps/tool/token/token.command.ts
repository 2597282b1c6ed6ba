/** `tool token <party> [<METHOD> <url>]`: what a party of the sandbox needs to call an app by hand. */
import type { Command } from 'commander';
import { PartyClient } from '#libs/platform/access/party.client.js';
import { machineClock } from '#libs/platform/clock.js';
import { readSandboxHome } from './sandbox-home.client.js';
import { partyNamed } from './sandbox-home.js';
import { orUsage } from './usage.command.js';

interface Options {
  readonly json?: boolean;
}

const examples = `
Examples:
  tool token bank-alpha POST http://127.0.0.1:8081/v1/checks | curl -H @- …
  curl --cert … --key … --cacert … -H "Authorization: Bearer $(tool token bank-alpha)" …`;

export function register(program: Command): void {
  program
    .command('token')
    .description('headers of one call as a party of the sandbox, or a token bound to its certificate')
    .argument('<party>', 'name of a party in sandbox.json')
    .argument('[method]', 'HTTP method of the call')
    .argument('[url]', 'URL of the call')
    .addHelpText('after', examples)
    .action(
      async (
        name: string,
        method: string | undefined,
        url: string | undefined,
        options: Options,
        command: Command,
      ) => {
        const home = readSandboxHome();
        const party = orUsage(command, () => partyNamed(home, name));
        const client = await PartyClient.of(home, party, machineClock);
        if (method === undefined) {
          const token = await client.certificateToken();
          console.log(options.json ? JSON.stringify({ token }) : token);
          return;
        }
        if (url === undefined || !URL.canParse(url))
          command.error('say the URL of the call, too', { exitCode: 2 });
        const { Authorization, DPoP } = await client.prove(method.toUpperCase(), url);
        const lines = [`Authorization: ${Authorization}`, `DPoP: ${DPoP}`];
        console.log(options.json ? JSON.stringify({ Authorization, DPoP }) : lines.join('\n'));
      },
    );
}
