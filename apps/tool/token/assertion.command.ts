/**
 * `tool assertion <channel> <citizen>`: a `citizenAssertion` for one call. The citizen is a name of the sandbox, or `-`
 * to read the IIN from standard input: never an argument, because shells and npm write those down.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import { importPKCS8 } from 'jose';
import { machineClock } from '#libs/platform/clock.js';
import { makeCitizenAssertion } from './citizen-assertion.js';
import { readSandboxHome } from './sandbox-home.client.js';
import { citizenNamed, partyNamed } from './sandbox-home.js';
import { orUsage } from './usage.command.js';

interface Options {
  readonly method: string;
  readonly json?: boolean;
}

const methods = ['eds', 'sms', 'biometrics', 'qr'];

export function register(program: Command): void {
  program
    .command('assertion')
    .description("a channel's word that a citizen is present, good for one call within 300 s")
    .argument('<channel>', 'name of a channel in sandbox.json')
    .argument('<citizen>', 'name of a citizen in sandbox.json, or - to read an IIN from standard input')
    .addOption(new Option('--method <method>', 'how the citizen signed in').choices(methods).default('eds'))
    .action(async (name: string, citizen: string, options: Options, command: Command) => {
      const home = readSandboxHome();
      const channel = orUsage(command, () => partyNamed(home, name, 'citizen'));
      const iin =
        citizen === '-'
          ? (await text(process.stdin)).trim()
          : orUsage(command, () => citizenNamed(home, citizen)).iin;
      const { clientId, kid, resource: audience, keyFile } = channel;
      const { method } = options;
      const nowS = Math.floor(machineClock() / 1000);
      const of = { clientId, kid, audience, iin, method, nowS, jti: randomUUID() };
      const key = await importPKCS8(readFileSync(keyFile, 'utf8'), 'ES256');
      const citizenAssertion = await makeCitizenAssertion(of, key);
      console.log(options.json ? JSON.stringify({ citizenAssertion }) : citizenAssertion);
    });
}
