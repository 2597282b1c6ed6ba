/** `tool fsck`: whether the registry is what its Journal says. Exit code 1 when anything is found. */
import type { Command } from 'commander';
import { toolConfig, withConfig } from '../config.js';
import { progressBar } from '../progress.command.js';
import { findingCodes } from './finding.js';
import type { FsckReport } from './fsck.service.js';

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
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nWhat it can find:\n${meanings}`)
    .action(async (options: { config?: string; json?: boolean }) => {
      const config = await toolConfig(options);
      const { fsck } = await import('./fsck.service.js');
      const { openRegistry, trustOf } = await import('../registry.module.js');
      const { readIdentityKey, readLookupKeys } = await import('#libs/platform/keys.js');
      const registry = await openRegistry(config);
      const progress = progressBar();
      try {
        const report = await fsck({
          tx: registry.dataSource.manager,
          origin: config.origin,
          identityKey: readIdentityKey(config.keysDir),
          lookupKeys: readLookupKeys(config.keysDir),
          trust: trustOf(config),
          onStep: progress.begin,
          onProgress: progress.show,
        });
        progress.stop();
        print(report, options.json === true);
        if (report.findings.length > 0) process.exitCode = 1;
      } finally {
        progress.stop();
        await registry.close();
      }
    });
}

function print({ size, erased, findings }: FsckReport, isJson: boolean): void {
  if (isJson) {
    console.log(JSON.stringify({ size, erased, findings }, null, 2));
    return;
  }
  for (const { code, index, table, row, what } of findings)
    console.log(
      `${code} · ${index === undefined ? `${table ?? ''} ${row ?? ''}` : `entry ${index}`} · ${what}`,
    );
  const gone = erased > 0 ? `, ${erased} of them of erased persons` : '';
  console.log(
    `${size} entries read${gone}: ${findings.length === 0 ? 'clean' : `${findings.length} findings`}.`,
  );
}
