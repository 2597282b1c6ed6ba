/** `tool load`: a sandbox's registry filled to the size of a country, for measuring. Nothing outside a sandbox can. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import pg from 'pg';
import { withConfig } from '../config.js';
import { progressBar } from '../progress.command.js';
import { mostPeople } from './order.js';

interface LoadFlags {
  readonly config?: string;
  readonly ownerConfig?: string;
  readonly refusals: number;
  readonly entries: number;
  readonly days: number;
  readonly seed: number;
  readonly threads: number;
}

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new Error(`a whole number from ${String(least)} to ${String(most)}, please`);
    return value;
  };

export function register(program: Command): void {
  withConfig(
    program
      .command('load')
      .description(
        "fill a sandbox's registry with inherited refusals and checks about people who do not exist",
      ),
  )
    .requiredOption('--refusals <number>', 'people with a refusal', whole(1, mostPeople))
    .requiredOption(
      '--entries <number>',
      'entries in all: the refusals, and checks after them',
      whole(1, 1e9),
    )
    .option('--owner-config <file>', "configuration of the database's owner (default: the sandbox's)")
    .option('--days <number>', 'put the clock forward so many days meanwhile', whole(0, 90), 0)
    .option('--seed <number>', 'other people for another number', whole(0, 1e8), 0)
    .option('--threads <number>', 'threads that make entries', whole(1, 64), 2)
    .addHelpText(
      'after',
      '\nAn interrupted load goes on where it stopped, with the same numbers. Whoever appends meanwhile may be told 503.',
    )
    .action(async (flags: LoadFlags, command: Command) => {
      if (flags.entries < flags.refusals)
        command.error('error: --entries counts the refusals, too, so it cannot be less', { exitCode: 2 });
      const appended = await run(flags);
      console.log(
        command.optsWithGlobals()['json'] === true
          ? JSON.stringify({ appended })
          : `${String(appended)} entries were appended.`,
      );
    });
}

async function run(flags: LoadFlags): Promise<number> {
  const { toolConfig } = await import('../config.js');
  const { sandboxDir } = await import('../home.client.js');
  const { loadConfig } = await import('#libs/platform/config.js');
  const { clientOptions, databaseTarget, openDatabase } = await import('#libs/platform/database.js');
  const { machineClock } = await import('#libs/platform/clock.js');
  const { readSigningKey } = await import('#libs/platform/keys.js');
  const { readSandboxHome } = await import('../token/sandbox-home.client.js');
  const { loadRegistry } = await import('./load.service.js');
  const { putClockForward } = await import('./sandbox-clock.client.js');
  const { ChunkThreads } = await import('./threads.worker.js');
  const { groundOf } = await import('./ground.service.js');

  const config = await toolConfig(flags);
  const owner = loadConfig(resolve(flags.ownerConfig ?? join(sandboxDir(), 'config', 'owner.json')), [
    'tool',
  ]);
  if (!config.origin.startsWith('sandbox.') || !owner.sandbox || owner.origin !== config.origin)
    throw new Error('only the registry of a sandbox can be loaded: its log is called sandbox.…');
  const target = databaseTarget(owner.database);
  const dataSource = await openDatabase(target, { poolSize: 3 });
  const client = new pg.Client(clientOptions(target));
  const progress = progressBar();
  try {
    await client.connect();
    const ground = await groundOf(dataSource, config, flags, machineClock());
    const threads = new ChunkThreads(ground, flags.threads);
    try {
      return await loadRegistry({
        ...{ dataSource, client, ground, origin: config.origin, iss: config.logBase, chunkSize: 20_000 },
        ...{ entries: flags.entries, days: flags.days, clock: machineClock },
        headKeys: {
          'refusal.inherited': readSigningKey(config.keysDir, 'head.jwk.json'),
          // In a sandbox all keys lie side by side; nowhere else has the operator's machine the lender's.
          'check.made': readSigningKey(resolve(config.keysDir, '..', 'lender'), 'head.jwk.json'),
        },
        makeChunk: (plan) => threads.make(plan),
        orderKeys: (part) => threads.keys(part),
        putClockForward: (hours) => putClockForward(readSandboxHome().urls['outside'] ?? '', hours),
        onStep: progress.begin,
        onProgress: progress.show,
      });
    } finally {
      await threads.stop();
    }
  } finally {
    progress.stop();
    await client.end();
    await dataSource.destroy();
  }
}
