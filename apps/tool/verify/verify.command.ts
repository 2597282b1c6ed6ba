/** `tool verify`: whether a receipt, a proof or a checkpoint holds, and how far. Offline when everything is in files. */
import { writeFileSync } from 'node:fs';
import { buffer as bytesOf } from 'node:stream/consumers';
import { InvalidArgumentError, type Command } from 'commander';
import { machineClock } from '#libs/platform/clock.js';
import { isIin } from '#libs/subject/iin.js';
import {
  PublishedError,
  verifyCheckpoint,
  type Policy,
  type Published,
} from '#libs/tlog/verify-tlog-proof.js';
import { readJwks } from './jwks.client.js';
import { judge, type NotProven, type Proven, type Question } from './judge.js';
import { LogClient } from './log.client.js';
import { checkpointWords, plainWords } from './plain-words.js';
import { policyOf, type PolicyOptions } from './policy.client.js';
import { awaitPublication, NotPublished, type Publication } from './publication.client.js';
import {
  doubleMeaning,
  EncodingFault,
  plainText,
  readPlainText,
  withPlainLines,
} from './plain-text.client.js';
import { placeOf, readExpected, type Expected } from './question.js';

interface Options extends PolicyOptions {
  readonly receipt?: string;
  readonly jwks?: string;
  readonly proof?: string;
  readonly upgrade?: string;
  readonly wait: number;
  readonly iinStdin?: boolean;
  readonly expect?: readonly Expected[];
  readonly issuer?: string;
  readonly origin?: string;
  readonly json?: boolean;
}

const example = `
Levels: signed (a key of the registry says so), logged (the public log has it), witnessed (so have its witnesses).
With --log or --proof at least logged is asked for, with --quorum witnessed.

Examples:
  tool verify answer.json --jwks jwks.json --expect verdict=clear --expect stage=disbursement --expect loanRef=A-117
  tool verify --receipt answer.json --log http://127.0.0.1:8084 --quorum 1 --upgrade answer.tlog-proof
  tool verify answer.json --proof answer.tlog-proof --log-key <vkey> --witness <vkey> --quorum 1
  tool verify checkpoint.txt --log-key <vkey>
  tool verify answer.json --jwks jwks.json --iin-stdin < iin.txt`;

export function register(program: Command): void {
  program
    .command('verify')
    .description('verify a receipt, a proof or a checkpoint, and say how far it is proven')
    .argument('[file]', 'receipt, answer that carries one, or checkpoint; - for standard input')
    .option('--receipt <file>', 'the same, by name')
    .option('--jwks <source>', "the registry's public keys: a file or an address (default: those of --log)")
    .option('--log <url>', 'the public log or a mirror of it; waited for until it covers the receipt')
    .option('--proof <file>', 'a .tlog-proof of the receipt, in place of --log')
    .option(
      '--log-key <vkey>',
      "the log's key, pinned; may be repeated (default: the sandbox's)",
      collectText,
    )
    .option(
      '--witness <vkey>',
      "a witness's key, pinned; may be repeated (default: the sandbox's)",
      collectText,
    )
    .option('--quorum <n>', 'so many of the pinned witnesses must have signed', wholeNumber)
    .option('--wait <seconds>', 'how long to wait for the log', wholeNumber, 30)
    .option('--upgrade <file>', 'write a .tlog-proof of the receipt, which outlasts the key of its head')
    .option('--iin-stdin', 'read the IIN of the person it must be about from standard input')
    .option('--expect <member=value>', 'what the entry must state; may be repeated', collect)
    .option('--issuer <url>', 'the log that must have issued it')
    .option('--origin <name>', 'the Journal it must be of')
    .option('--json', 'print JSON in place of text')
    .addHelpText('after', example)
    .action(verifyAndTell);
}

/** Files that are saved otherwise than in UTF-8 are an outcome like others. */
async function verifyAndTell(file: string | undefined, options: Options, command: Command): Promise<void> {
  try {
    await verify(file, options, command);
  } catch (error) {
    if (!(error instanceof EncodingFault)) throw error;
    tell({ valid: false, level: 'none', code: error.code, reason: error.message }, options);
  }
}

async function verify(file: string | undefined, options: Options, command: Command): Promise<void> {
  const fail = (text: string): never => command.error(text, { exitCode: 2 });
  const source = file ?? options.receipt ?? fail('say what to verify: a file, or - for standard input');
  if (file !== undefined && options.receipt !== undefined) fail('one file is verified at a time');
  if (source === '-' && options.iinStdin === true) fail('standard input gives either the receipt or the IIN');
  const input = async (): Promise<string> => plainText(await bytesOf(process.stdin), 'standard input');
  const iin = options.iinStdin === true ? (await input()).trim() : undefined;
  if (iin !== undefined && !isIin(iin)) fail('standard input holds no IIN');
  const text = source === '-' ? await input() : readPlainText(source);
  if (text.startsWith('c2sp.org/tlog-proof@'))
    fail('a proof is about a receipt: give the receipt, and this as --proof');
  const policy = await policyOf(options, fail);
  if (/^— /m.test(text) && !text.startsWith('{'))
    return tellCheckpoint(withPlainLines(text, source), policy, options);
  if (options.jwks === undefined && options.log === undefined && options.proof === undefined)
    fail('say by what to judge: --jwks, --log or --proof');
  if (options.upgrade !== undefined && options.log === undefined) fail('--upgrade asks the log: give --log');
  const doubled = doubleMeaning(text);
  if (doubled !== undefined) return tell({ ...doubled, valid: false, level: 'none' }, options);
  await verifyReceipt(text, policy, options, iin);
}

async function verifyReceipt(text: string, policy: Policy, options: Options, iin?: string): Promise<void> {
  const { issuer, origin, expect = [], log, proof, upgrade } = options;
  const client = log === undefined ? undefined : new LogClient(log);
  const jwks = options.jwks === undefined ? await client?.jwks() : await readJwks(options.jwks);
  const question: Question = {
    ...(jwks && { jwks }),
    expectations: {
      now: Math.floor(machineClock() / 1000),
      ...(iin !== undefined && { iin }),
      ...(issuer !== undefined && { issuer }),
      ...(origin !== undefined && { origin }),
    },
    members: expect,
    policy,
  };
  const first = client ? await judge(text, question) : undefined;
  const published = client
    ? await publishedBy(client, text, first, policy, options)
    : proof === undefined
      ? undefined
      : { proof: withPlainLines(readPlainText(proof), proof) };
  if (published !== undefined && 'code' in published) return tell(published, options);
  const outcome = await judge(text, { ...question, ...(published && { published }) });
  if (outcome.valid && upgrade !== undefined && published) writeFileSync(upgrade, published.proof);
  tell(outcome, options);
}

/** What the log shows of it, or why nothing more can be learnt. */
async function publishedBy(
  log: LogClient,
  text: string,
  first: Proven | NotProven | undefined,
  policy: Policy,
  { wait }: Options,
): Promise<Publication | NotProven> {
  // A receipt that is wrong in itself is not worth the wait; one whose key counts no more may be borne out by the log.
  const isOpen =
    first?.valid === true || ['no-keys', 'head-key-revoked', 'head-key-expired'].includes(first?.code ?? '');
  if (!isOpen && first?.valid === false) return first;
  const level = first?.valid === true ? first.level : 'none';
  const { index, headSize } = placeOf(text);
  const wanted = { index, headSize: first?.valid === true ? headSize : 0 };
  try {
    const say = (line: string): void => console.error(line);
    return await awaitPublication(log, policy, wanted, { waitMs: wait * 1000, say });
  } catch (error) {
    if (error instanceof NotPublished)
      return { valid: false, level, code: 'not-published', reason: error.message };
    if (error instanceof PublishedError)
      return { valid: false, level, code: error.code, reason: error.message };
    throw error;
  }
}

function tell(outcome: Proven | NotProven, { json }: Pick<Options, 'json'>): void {
  if (!outcome.valid) process.exitCode = 1;
  if (json === true) console.log(JSON.stringify(outcome.valid ? provenJson(outcome) : outcome));
  else if (outcome.valid) console.log([`valid: ${outcome.level}`, ...plainWords(outcome)].join('\n  '));
  else {
    const only = outcome.level === 'none' ? '' : `, only ${outcome.level}`;
    console.log(`not valid${only}: ${outcome.reason} (${outcome.code})`);
  }
}

function provenJson({ published, ...proven }: Proven): object {
  const words = plainWords({ ...proven, ...(published && { published }) });
  return { ...proven, ...(published && { published: jsonOf(published) }), words };
}

function jsonOf({ level, checkpoint, cosignatures }: Published): object {
  const { origin, size, root } = checkpoint;
  return { level, origin, size, root: root.toString('base64'), cosignatures };
}

function tellCheckpoint(note: string, policy: Policy, { json }: Pick<Options, 'json'>): void {
  try {
    const published = verifyCheckpoint(note, policy);
    if (json === true) console.log(JSON.stringify({ valid: true, ...jsonOf(published) }));
    else console.log([`valid: ${published.level}`, ...checkpointWords(published)].join('\n  '));
  } catch (error) {
    if (!(error instanceof PublishedError)) throw error;
    tell({ valid: false, level: 'none', code: error.code, reason: error.message }, { json });
  }
}

function collect(text: string, before: readonly Expected[] = []): readonly Expected[] {
  const expected = readExpected(text);
  if (!expected) throw new InvalidArgumentError('Say it as member=value.');
  return [...before, expected];
}

function collectText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Say a whole number.');
  return Number(text);
}
