/**
 * The operator's command line: `tool <command> …`. Exit codes: 0 done, or the answer is yes · 1 the answer is no, or the
 * registry refused · 2 the command was called wrongly · 3 it could not be done (not reachable, not readable, failed).
 *
 * A command is a line of the table below and a file `<noun>/<name>.command.ts` that exports `register(program)`, which
 * adds the command with its arguments, options and action. The file is loaded only when its command is called, so it
 * may import what it needs at its top. Every command is given `--json` here and prints one JSON value under it; it
 * throws what fails, calls `command.error(text, { exitCode: 2 })` for usage, and sets `process.exitCode = 1` for a no.
 */
import { Command, CommanderError } from 'commander';

interface CommandLine {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<{ register(program: Command): void }>;
}

const commands: readonly CommandLine[] = [
  {
    name: 'migrate',
    description: 'bring the database to the state of the code',
    load: () => import('./migrate/migrate.command.js'),
  },
  {
    name: 'keygen',
    description: 'make the keys of every process, offline',
    load: () => import('./keygen/keygen.command.js'),
  },
  {
    name: 'key',
    description: 'publish, retire or revoke keys of the registry',
    load: () => import('./key/key.command.js'),
  },
  {
    name: 'password',
    description: 'exchange the passwords of database roles',
    load: () => import('./password/password.command.js'),
  },
  {
    name: 'party',
    description: 'admit and suspend parties and officials, change their keys',
    load: () => import('./party/party.command.js'),
  },
  {
    name: 'regime',
    description: 'change the dated table of law',
    load: () => import('./regime/regime.command.js'),
  },
  {
    name: 'open',
    description: 'open the registry with its law',
    load: () => import('./open/open.command.js'),
  },
  {
    name: 'pins',
    description: 'print what the configurations pin of the founding and of the clerk',
    load: () => import('./pins/pins.command.js'),
  },
  {
    name: 'import',
    description: 'take over the refusals of the time before, until the registry is open',
    load: () => import('./import/import.command.js'),
  },
  {
    name: 'bureau-diff',
    description: 'how far each bureau is, and whether it holds what the registry holds',
    load: () => import('./bureau-diff/bureau-diff.command.js'),
  },
  {
    name: 'doctor',
    description: 'ask everything the registry needs, and say what to do next',
    load: () => import('./doctor/doctor.command.js'),
  },
  {
    name: 'token',
    description: 'headers of one call as a party of the sandbox',
    load: () => import('./token/token.command.js'),
  },
  {
    name: 'assertion',
    description: "a channel's word that a citizen is present",
    load: () => import('./token/assertion.command.js'),
  },
  {
    name: 'check',
    description: 'one check as a lender of the sandbox',
    load: () => import('./check/check.command.js'),
  },
  {
    name: 'verify',
    description: 'verify a receipt, a proof or a checkpoint, and say how far it is proven',
    load: () => import('./verify/verify.command.js'),
  },
  {
    name: 'recover',
    description: 'close the log that lost entries with a restored database, and go on under the next number',
    load: () => import('./recover/recover.command.js'),
  },
  {
    name: 'load',
    description: "fill a sandbox's registry to the size of a country, for measuring",
    load: () => import('./load/load.command.js'),
  },
  {
    name: 'fsck',
    description: 'rebuild everything from the Journal and name every row that differs',
    load: () => import('./fsck/fsck.command.js'),
  },
];

process.exitCode = await run(process.argv.slice(2));

/** Runs one command and says how it ended. */
async function run(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const program = new Command('tool')
    .description("The operator's command line of the registry of refusals.")
    .addHelpText('after', '\nExit codes: 0 done or yes, 1 no or refused, 2 wrong usage, 3 could not be done.')
    .configureOutput({ outputError: (text, write) => (json ? undefined : write(text)) })
    .exitOverride();
  try {
    await addCommands(program, args);
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, json);
    // Commander says its text itself; help as an answer to nothing has no message.
    if (json && error.exitCode !== 0 && error.code !== 'commander.help')
      console.log(
        JSON.stringify({ error: { code: 'wrong-usage', message: error.message.replace(/^error: /, '') } }),
      );
    return codeOf(error);
  }
}

/** The command that is called, whole; of the others only what the overview needs. */
async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const called = words[0] === 'help' ? words[1] : words[0];
  for (const { name, description, load } of commands) {
    if (name === called) (await load()).register(program);
    else program.command(name).description(description);
  }
  for (const command of program.commands) offerJson(command);
}

/** `--json` on every command that does something itself. */
function offerJson(command: Command): void {
  for (const inner of command.commands) offerJson(inner);
  const isOffered = command.options.some(({ long }) => long === '--json');
  if (command.commands.length === 0 && !isOffered) command.option('--json', 'print JSON in place of text');
}

/** Help that was asked for is no failure; what commander says itself is about usage; `command.error` chose its code. */
function codeOf({ code, exitCode }: CommanderError): number {
  return exitCode === 0 || code === 'commander.error' ? exitCode : 2;
}

/** Says what failed. A Problem or a refused act is the registry's own no; its code is what scripts branch on. */
async function report(error: unknown, json: boolean): Promise<number> {
  const { ActRefused } = await import('#libs/acts/members.js');
  const { Problem } = await import('#libs/problem/problem.js');
  const { inWords } = await import('#libs/platform/failure-words.js');
  const { problemKinds } = await import('#libs/problem/catalogue.js');
  const said =
    error instanceof Problem
      ? { code: error.code, message: problemKinds[error.code].title, errors: error.errors }
      : { code: error instanceof ActRefused ? 'act-refused' : 'failed', message: inWords(error) };
  if (json) console.log(JSON.stringify({ error: said }));
  else console.error(`${said.code}: ${said.message}`);
  return error instanceof Problem || error instanceof ActRefused ? 1 : 3;
}
