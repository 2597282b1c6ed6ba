/** `tool import --refusals <file>`: going live, before `tool open`. */
import type { Command } from 'commander';
import pg from 'pg';
import { toolConfig, withConfig } from '../config.js';
import { progressBar } from '../progress.command.js';
import type { ImportSums } from './import.service.js';

interface ImportFlags {
  readonly config?: string;
  readonly refusals: readonly string[];
  readonly report: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  withConfig(
    program
      .command('import')
      .description('take over the refusals that eGov and the bureaus hold, until the registry is open'),
  )
    .requiredOption('--refusals <file>', 'what a source delivered; once for each source', collect, [])
    .option('--report <file>', 'what was left out, and where sources differ', 'import-report.ndjson')
    .option('--dry-run', 'append nothing: read, compare and report')
    .addHelpText(
      'after',
      '\nFormats: docs/going-live.md. Killed or interrupted it is run again with the same files; nobody is inherited twice.\nEnds with 1 when lines were left out, a file has none, or something was delivered that is not carried out; everybody else was taken over.',
    )
    .action(async (flags: ImportFlags, command: Command) => {
      if (flags.refusals.length === 0)
        command.error('error: name at least one file with --refusals', { exitCode: 2 });
      const sums = await run(flags);
      const leftOut = Object.values(sums.sources).reduce((sum, { leftOut: some }) => sum + some, 0);
      console.log(
        command.optsWithGlobals()['json'] === true
          ? JSON.stringify({ ...sums, report: flags.report })
          : inWords(sums, leftOut, flags),
      );
      if (leftOut + sums.notCarriedOut + sums.withoutLines.length > 0) process.exitCode = 1;
    });
}

function inWords(sums: ImportSums, leftOut: number, { dryRun, report }: ImportFlags): string {
  const { people, inForce, inherited, alreadyHere, differing, saidTwice, withoutLines, notGiven } = sums;
  const names = (of: readonly string[]): string => of.join(' and ');
  return [
    `${String(people)} people, ${String(inForce)} with a refusal in force.`,
    `${String(inherited)} ${dryRun === true ? 'would be' : 'were'} inherited, ${String(alreadyHere)} were here already.`,
    `${String(leftOut)} lines were left out, ${String(saidTwice)} said somebody twice, sources differ about ${String(differing)}: ${report}`,
    ...(sums.notCarriedOut > 0
      ? [
          `${String(sums.notCarriedOut)} were taken over before, and the delivery says otherwise now: nothing was changed.`,
        ]
      : []),
    ...(withoutLines.length > 0 ? [`The file of ${names(withoutLines)} has no line but its header.`] : []),
    ...(notGiven.length > 0 ? [`No file of ${names(notGiven)} was given.`] : []),
  ].join('\n');
}

async function run({ refusals, report, dryRun, config: named }: ImportFlags): Promise<ImportSums> {
  const { clientOptions, databaseTarget, openDatabase } = await import('#libs/platform/database.js');
  const { readIdentityKey, readLookupKeys, readSigningKey } = await import('#libs/platform/keys.js');
  const { journalOver } = await import('../registry.module.js');
  const { ImportRefused } = await import('./import-refused.js');
  const { importRefusals } = await import('./import.service.js');
  const { assertClosed } = await import('./inheriting.service.js');
  const { importTables } = await import('./tables.store.js');

  const config = await toolConfig(named === undefined ? {} : { config: named });
  const target = databaseTarget(config.database);
  const dataSource = await openDatabase(target, { poolSize: 3 });
  // Nobody else appends yet, so a batch may be as large as the lender's and need not pause.
  const journal = journalOver(config, dataSource, importTables, 512);
  const client = new pg.Client(clientOptions(target));
  const progress = progressBar();
  try {
    await client.connect();
    const registry = await journal.refreshRules();
    assertClosed(registry);
    if (!registry.signingKeys.has(readSigningKey(config.keysDir, 'head.jwk.json').kid))
      throw new ImportRefused('the key of this tool is not published yet: tool key publish --founding');
    return await importRefusals({
      ...{ client, journal, files: refusals, report, isDryRun: dryRun === true },
      at: journal.registryNow(),
      keys: readLookupKeys(config.keysDir),
      identity: readIdentityKey(config.keysDir),
      onStep: progress.begin,
      onProgress: progress.show,
    });
  } finally {
    progress.stop();
    await client.end();
    await journal.stop();
    await dataSource.destroy();
  }
}
