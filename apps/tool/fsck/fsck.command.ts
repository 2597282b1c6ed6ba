/** `tool fsck`: whether the registry is what its Journal says. Exit code 1 when anything is found. */
import type { Command } from 'commander';
import type { FeedRoots } from '#libs/feed/feed-roots.js';
import { machineClock } from '#libs/platform/clock.js';
import { toolConfig, withConfig } from '../config.js';
import { progressBar } from '../progress.command.js';
import type { PolicyOptions } from '../verify/policy.client.js';
import { findingCodes } from './finding.js';
import type { FsckReport } from './fsck.service.js';
import type { LogReport } from './log-fsck.client.js';

interface Options extends PolicyOptions {
  readonly config?: string;
  readonly state?: string;
  readonly published?: string;
  readonly json?: boolean;
}

const meanings = Object.entries(findingCodes)
  .map(([code, meaning]) => `  ${code.padEnd(24)}${meaning}`)
  .join('\n');

export function register(program: Command): void {
  withConfig(
    program
      .command('fsck')
      .description(
        'rebuild everything from the Journal and name every row that differs; exit code 1 when one does',
      ),
  )
    .option('--log <url>', 'judge a public log, or a mirror of it, from what it publishes; needs no database')
    .option(
      '--published <source>',
      "compare the newest end with this checkpoint: the log's address, a mirror's, or a file (default: the log)",
    )
    .option('--state <file>', 'of --log: go on where the last run ended, and notice a log that changed since')
    .option(
      '--log-key <vkey>',
      "of --log: the log's key, pinned; may be repeated (default: the sandbox's)",
      collect,
    )
    .option(
      '--witness <vkey>',
      "of --log: a witness's key, pinned; may be repeated (default: the sandbox's)",
      collect,
    )
    .option('--quorum <n>', 'of --log: so many of the pinned witnesses must have signed', Number)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nWhat it can find:\n${meanings}`)
    .action(async (options: Options, command: Command) => {
      if (options.log !== undefined) return judgeLog({ ...options, log: options.log }, command);
      const config = await toolConfig(options);
      const { fsck } = await import('./fsck.service.js');
      const { openRegistry, trustOf } = await import('../registry.module.js');
      const { readIdentityKey, readLookupKeys } = await import('#libs/platform/keys.js');
      const { parseVkey } = await import('#libs/tlog/note.js');
      const witnesses = config.witnesses?.map(({ vkey }) => parseVkey(vkey)) ?? [];
      // Before the database, which may only have more than what was published before it was read.
      const note = await publishedBy(options.published ?? config.logBase);
      const feedRoots = await feedRootsOf(config.keysDir);
      const registry = await openRegistry(config);
      const progress = progressBar();
      try {
        const report = await fsck({
          tx: registry.dataSource.manager,
          ...(config.acts && { pins: config.acts }),
          origin: config.origin,
          identityKey: readIdentityKey(config.keysDir),
          lookupKeys: readLookupKeys(config.keysDir),
          trust: trustOf(config),
          ...(feedRoots && { feedRoots }),
          ...(note !== undefined && { published: { note, witnesses } }),
          onStep: progress.begin,
          onProgress: progress.show,
        });
        const { fsckWitnessedTime } = await import('./witnessed-time.service.js');
        const { size } = report;
        const late = await fsckWitnessedTime({ tx: registry.dataSource.manager, size, witnesses });
        progress.stop();
        print({ ...report, findings: [...report.findings, ...late] }, options.json === true);
        if (late.length > 0) process.exitCode = 1;
        if (report.findings.length > 0) process.exitCode = 1;
      } finally {
        progress.stop();
        await registry.close();
      }
    });
}

/** What the log serves, from its address or from a file; that it was not asked is said, because then nobody looked there. */
async function publishedBy(source: string): Promise<string | undefined> {
  const { readFileSync } = await import('node:fs');
  const { LogClient } = await import('../verify/log.client.js');
  try {
    const note = /^https?:/.test(source)
      ? await new LogClient(source).checkpoint()
      : readFileSync(source, 'utf8');
    if (note !== undefined) return note;
    console.error(
      `${source} serves no checkpoint: the newest end was compared with nothing that was published.`,
    );
  } catch (error) {
    console.error(
      `${source} did not say what was published (${(error as Error).message}): the newest end was compared with nothing.`,
    );
  }
  return undefined;
}

/** Undefined where the keys were made before the tool got this one. */
async function feedRootsOf(keysDir: string): Promise<FeedRoots | undefined> {
  const { existsSync } = await import('node:fs');
  const { readFeedRoots } = await import('#libs/platform/keys.js');
  if (existsSync(`${keysDir}/feed.json`)) return readFeedRoots(keysDir);
  console.error(
    'The tool’s keys lack feed.json, a copy of the clerk’s: what bureaus were sent was not opened.',
  );
  return undefined;
}

/** `--log`: nothing of the registry is opened. */
async function judgeLog(options: Options & { readonly log: string }, command: Command): Promise<void> {
  const { fsckLog } = await import('./log-fsck.client.js');
  const { LogClient } = await import('../verify/log.client.js');
  const { policyOf } = await import('../verify/policy.client.js');
  const { PublishedError } = await import('#libs/tlog/verify-tlog-proof.js');
  const policy = await policyOf(options, (text) => command.error(text, { exitCode: 2 }));
  const progress = progressBar();
  try {
    const startedAt = machineClock();
    const report = await fsckLog(new LogClient(options.log), {
      policy,
      ...(options.state !== undefined && { stateFile: options.state }),
      onProgress: progress.show,
    });
    progress.stop();
    printLog(report, (machineClock() - startedAt) / 1000, options.json === true);
    if (report.findings.length > 0) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof PublishedError)) throw error;
    progress.stop();
    const finding = { code: error.code, path: 'checkpoint', what: error.message };
    console.log(
      options.json === true
        ? JSON.stringify({ findings: [finding] })
        : `${error.code} · checkpoint · ${error.message}`,
    );
    process.exitCode = 1;
  } finally {
    progress.stop();
  }
}

function printLog(
  { published, from, openings, findings }: LogReport,
  seconds: number,
  isJson: boolean,
): void {
  const { level, checkpoint } = published;
  const { origin, size } = checkpoint;
  if (isJson)
    return console.log(JSON.stringify({ origin, size, level, from, openings, seconds, findings }, null, 2));
  for (const { code, path, what } of findings) console.log(`${code} · ${path} · ${what}`);
  const read = from === 0 ? '' : `, ${size - from} of them since the last run`;
  const outcome = findings.length === 0 ? 'clean' : `${findings.length} findings`;
  console.log(`${origin}: ${size} entries hashed${read}, ${openings} of them open, ${level}: ${outcome}.`);
  console.log(`${Math.round((size - from) / seconds)} entries a second.`);
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function print({ size, closed, findings }: FsckReport, isJson: boolean): void {
  if (isJson) {
    const logs = closed.map(({ root, ...log }) => ({ ...log, root: root.toString('base64') }));
    console.log(JSON.stringify({ size, ...(logs.length > 0 && { closed: logs }), findings }, null, 2));
    return;
  }
  for (const { code, index, table, row, what } of findings)
    console.log(
      `${code} · ${index === undefined ? `${table ?? ''} ${row ?? ''}` : `entry ${index}`} · ${what}`,
    );
  for (const { origin, successor, size: published, entryIndex } of closed)
    console.log(
      `${origin} was closed with entry ${entryIndex}: it had published ${published} entries, those from ${entryIndex} on are lost; ${successor} goes on.`,
    );
  console.log(`${size} entries read: ${findings.length === 0 ? 'clean' : `${findings.length} findings`}.`);
}
