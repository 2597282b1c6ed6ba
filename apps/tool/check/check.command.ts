/** `tool check <party> <citizen>`: one check as a lender of the sandbox makes it, told in plain words. */
import { randomUUID } from 'node:crypto';
import { openSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import { products, stages } from '#libs/check/check.js';
import { PartyClient } from '#libs/platform/access/party.client.js';
import { machineClock } from '#libs/platform/clock.js';
import { readSandboxHome } from '../token/sandbox-home.client.js';
import { citizenNamed, partyNamed, type SandboxHome } from '../token/sandbox-home.js';
import { orUsage } from '../token/usage.command.js';

interface Options {
  readonly json?: boolean;
  readonly stage: string;
  readonly product: string;
  readonly loanRef?: string;
  readonly key?: string;
  readonly receipt?: string;
}

interface Answer {
  readonly checkId: string;
  readonly verdict: 'clear' | 'refused';
  readonly asOf: string;
  readonly validUntil?: string;
  readonly receipt: object;
}

export function register(program: Command): void {
  program
    .command('check')
    .description('make a check as a lender of the sandbox: exit code 0 is clear, 1 refused, 3 no answer')
    .argument('<party>', 'name of a lender in sandbox.json')
    .argument('<citizen>', 'name of a citizen in sandbox.json, or - to read the IIN from standard input')
    .addOption(new Option('--stage <stage>').choices(stages).default('decision'))
    .addOption(new Option('--product <product>').choices(products).default('bank-loan'))
    .option('--loan-ref <text>', "the lender's own number of the application; made up if not given")
    .option('--key <text>', 'idempotency key; made up if not given')
    .option('--receipt <file>', 'write the receipt there, for `tool verify`')
    .action(async (partyName: string, citizenName: string, options: Options, command: Command) => {
      const home = readSandboxHome();
      const party = orUsage(command, () => partyNamed(home, partyName, 'checks'));
      const iin =
        citizenName === '-' ? (await text(process.stdin)).trim() : iinOf(home, citizenName, command);
      // Asked before the check is made, because an answer that cannot be kept is still an answer given.
      const receiptFile = options.receipt === undefined ? undefined : openSync(options.receipt, 'w');
      const client = await PartyClient.of(home, party, machineClock);
      const response = await client.call('POST', `${party.resource}/v1/checks`, {
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': options.key ?? randomUUID() },
        body: JSON.stringify({
          iin,
          product: options.product,
          stage: options.stage,
          loanRef: options.loanRef ?? `loan-${randomUUID()}`,
        }),
      });
      const answer = (await response.json()) as Answer & { readonly code?: string; readonly detail?: string };
      if (!response.ok) throw new Error(`${answer.code ?? response.status}: ${answer.detail ?? 'no answer'}`);
      if (receiptFile !== undefined) writeFileSync(receiptFile, JSON.stringify(answer.receipt));
      console.log(options.json ? JSON.stringify(answer) : inWords(answer));
      process.exitCode = answer.verdict === 'clear' ? 0 : 1;
    });
}

function iinOf(home: SandboxHome, name: string, command: Command): string {
  return orUsage(command, () => citizenNamed(home, name)).iin;
}

function inWords({ checkId, verdict, asOf, validUntil }: Answer): string {
  const meaning =
    verdict === 'clear'
      ? `No refusal was in force. Lend on it until ${validUntil ?? ''}.`
      : 'A refusal is in force: do not lend.';
  return `${verdict}\n${meaning}\n  check  ${checkId}\n  as of  ${asOf}`;
}
