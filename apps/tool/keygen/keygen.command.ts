/** `tool keygen`: the keys of a whole registry, each process its own directory. */
import { resolve } from 'node:path';
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('keygen')
    .description('make the keys of every process, offline; existing keys are never overwritten')
    .requiredOption('--out <dir>', 'gets <process>/… and publicKeys.json; must be empty or missing')
    .action(async ({ out }: { out: string }) => {
      const { writeKeys } = await import('./keygen.service.js');
      const { machineClock } = await import('#libs/platform/clock.js');
      const keys = await writeKeys(resolve(out), machineClock());
      for (const { purpose, kid } of keys) console.log(`${purpose.padEnd(14)} ${kid}`);
      console.log(
        `Move each directory to its process's machine. Next: tool migrate, then publish publicKeys.json.`,
      );
    });
}
