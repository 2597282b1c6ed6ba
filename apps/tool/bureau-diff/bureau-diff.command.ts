/** `tool bureau-diff`: whether each bureau holds what the registry holds. Exit code 1 when one does not. */
import type { Command } from 'commander';
import { toolConfig, withConfig } from '../config.js';
import type { BureauStanding } from './bureau-diff.store.js';

export function register(program: Command): void {
  withConfig(
    program
      .command('bureau-diff')
      .description(
        'how far each bureau is, and whether its newest digest agrees; exit code 1 when one does not',
      ),
  )
    .option('--json', 'print the standings as JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { openRegistry } = await import('../registry.module.js');
      const { standings } = await import('./bureau-diff.store.js');
      const registry = await openRegistry(await toolConfig(options));
      try {
        const all = await standings(registry.dataSource.manager);
        if (options.json === true) console.log(JSON.stringify(all, null, 2));
        else for (const one of all) console.log(inWords(one));
        if (all.some(({ agrees }) => agrees === false)) process.exitCode = 1;
      } finally {
        await registry.close();
      }
    });
}

function inWords(one: BureauStanding): string {
  const { bureau, headSeq, sealedSeq, ackedSeq, inForce, unstamped, agrees } = one;
  return [
    `${bureau}: ${ackedSeq} of ${headSeq} items acknowledged, ${headSeq - sealedSeq} not yet sealed`,
    `  in force ${inForce}, of which not stamped ${unstamped}`,
    agrees === null
      ? '  has posted no digest yet'
      : `  digest at ${one.atSeq ?? 0}, ${one.postedAt?.toISOString() ?? ''}: ${agrees ? 'agrees' : differenceOf(one)}`,
  ].join('\n');
}

function differenceOf({ differing, theirInForce }: BureauStanding): string {
  return `differs in buckets ${differing?.join(', ') || 'none'}; it counts ${theirInForce ?? 0} in force`;
}
