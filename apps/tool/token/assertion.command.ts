/**
 * `tool assertion <channel> <citizen>`: a `citizenAssertion` for one call. The citizen is a name of the sandbox, or `-`
 * to read the IIN from standard input: never an argument, because shells and npm write those down.
 */
import { text } from 'node:stream/consumers';
import { Option, type Command } from 'commander';

const methods = ['eds', 'sms', 'biometrics', 'qr'];

export function register(program: Command): void {
  program
    .command('assertion')
    .description("a channel's word that a citizen is present, good for one call within 300 s")
    .argument('<channel>', 'name of a channel in sandbox.json')
    .argument('<citizen>', 'name of a citizen in sandbox.json, or - to read an IIN from standard input')
    .addOption(new Option('--method <method>', 'how the citizen signed in').choices(methods).default('eds'))
    .action(async (name: string, citizen: string, { method }: { method: string }) => {
      const { randomUUID } = await import('node:crypto');
      const { readFileSync } = await import('node:fs');
      const { importPKCS8 } = await import('jose');
      const { makeCitizenAssertion } = await import('./citizen-assertion.js');
      const { readSandboxHome } = await import('./sandbox-home.client.js');
      const { citizenNamed, partyNamed } = await import('./sandbox-home.js');
      const { machineClock } = await import('#libs/platform/clock.js');
      const home = readSandboxHome();
      const { clientId, kid, resource, keyFile } = partyNamed(home, name);
      const iin = citizen === '-' ? (await text(process.stdin)).trim() : citizenNamed(home, citizen).iin;
      const key = await importPKCS8(readFileSync(keyFile, 'utf8'), 'ES256');
      const nowS = Math.floor(machineClock() / 1000);
      const of = { clientId, kid, audience: resource, iin, method, nowS, jti: randomUUID() };
      console.log(await makeCitizenAssertion(of, key));
    });
}
