/** `tool token <party> [<METHOD> <url>]`: what a party of the sandbox needs to call an app by hand. */
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('token')
    .description('headers of one call as a party of the sandbox, or a token bound to its certificate')
    .argument('<party>', 'name of a party in sandbox.json')
    .argument('[method]', 'HTTP method of the call')
    .argument('[url]', 'URL of the call')
    .addHelpText(
      'after',
      `
Examples:
  tool token bank-alpha POST http://127.0.0.1:8081/v1/checks | curl -H @- …
  curl --cert … --key … --cacert … -H "Authorization: Bearer $(tool token bank-alpha)" …`,
    )
    .action(async (name: string, method?: string, url?: string) => {
      // Loaded only now, because help must not wait for it.
      const { PartyClient } = await import('./party.client.js');
      const { readSandboxHome } = await import('./sandbox-home.client.js');
      const { partyNamed } = await import('./sandbox-home.js');
      const { machineClock } = await import('#libs/platform/clock.js');
      const home = readSandboxHome();
      const client = await PartyClient.of(home, partyNamed(home, name), machineClock);
      if (method === undefined) {
        console.log(await client.certificateToken());
        return;
      }
      if (url === undefined || !URL.canParse(url)) throw new Error('say the URL of the call, too');
      const headers = await client.prove(method.toUpperCase(), url);
      for (const [header, value] of Object.entries(headers)) console.log(`${header}: ${String(value)}`);
    });
}
