/** `tool verify`: whether a receipt holds, and what it proves. Offline when the keys are in a file. */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { InvalidArgumentError, type Command } from 'commander';
import { machineClock } from '#libs/platform/clock.js';
import { isIin } from '#libs/subject/iin.js';
import { readJwks } from './jwks.client.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { plainWords } from './plain-words.js';
import { readExpected, type Expected } from './question.js';

interface Options {
  readonly jwks: string;
  readonly iinStdin?: boolean;
  readonly expect?: readonly Expected[];
  readonly issuer?: string;
  readonly origin?: string;
  readonly json?: boolean;
}

const example = `
Examples:
  tool verify answer.json --jwks jwks.json --expect verdict=clear --expect stage=disbursement --expect loanRef=A-117
  tool verify answer.json --jwks jwks.json --iin-stdin < iin.txt`;

export function register(program: Command): void {
  program
    .command('verify')
    .description('verify a receipt offline and say what it proves')
    .argument('<receipt>', 'file with a receipt, or with an answer that carries one; - for standard input')
    .requiredOption(
      '--jwks <source>',
      "the registry's public keys: a file, or the address of the log's jwks.json",
    )
    .option('--iin-stdin', 'read the IIN of the person it must be about from standard input')
    .option('--expect <member=value>', 'what the entry must state; may be repeated', collect)
    .option('--issuer <url>', 'the log that must have issued it')
    .option('--origin <name>', 'the Journal it must be of')
    .option('--json', 'print JSON in place of text')
    .addHelpText('after', example)
    .action(verify);
}

async function verify(source: string, options: Options, command: Command): Promise<void> {
  const { iinStdin, jwks, expect = [], issuer, origin, json } = options;
  if (source === '-' && iinStdin)
    command.error('standard input gives either the receipt or the IIN', { exitCode: 2 });
  const iin = iinStdin ? (await text(process.stdin)).trim() : undefined;
  if (iin !== undefined && !isIin(iin)) command.error('standard input holds no IIN', { exitCode: 2 });
  const expectations = {
    now: Math.floor(machineClock() / 1000),
    ...(iin !== undefined && { iin }),
    ...(issuer !== undefined && { issuer }),
    ...(origin !== undefined && { origin }),
  };
  const keys = await readJwks(jwks);
  const answer = source === '-' ? await text(process.stdin) : readFileSync(source, 'utf8');
  const outcome = await outcomeOf(answer, keys, expectations, expect);
  console.log(json ? JSON.stringify(jsonOf(outcome)) : textOf(outcome));
  if (!outcome.valid) process.exitCode = 1;
}

function textOf(outcome: Outcome): string {
  return outcome.valid
    ? [`valid: ${outcome.receipt.level}`, ...plainWords(outcome.receipt)].join('\n  ')
    : `not valid: ${outcome.reason} (${outcome.code})`;
}

function jsonOf(outcome: Outcome): object {
  return outcome.valid ? { valid: true, ...outcome.receipt, words: plainWords(outcome.receipt) } : outcome;
}

function collect(text: string, before: readonly Expected[] = []): readonly Expected[] {
  const expected = readExpected(text);
  if (!expected) throw new InvalidArgumentError('Say it as member=value.');
  return [...before, expected];
}
