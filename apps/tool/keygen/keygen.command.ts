/** `tool keygen`: the keys of a whole registry, each process its own directory, and the next key of one purpose. */
import { resolve } from 'node:path';
import type { Command } from 'commander';

interface KeygenOptions {
  readonly out: string;
  readonly rotate?: string;
  readonly activate?: string;
}

const rotation = `
Rotating a key (head/citizen, head/lender, head/bureau, head/clerk, head/tool, access, log, set):
  tool keygen --out keys --rotate head/lender      makes the next key beside the one in use
  tool key publish <kid> --file keys/publicKeys.json --draft …   pins it with two officials' signatures
  tool keygen --out keys --activate head/lender    puts it in place; restart the process
  tool key retire <old kid> --draft …              the old one signs no more

The next lookup key, beside those in use (docs/operations.md says why in this order):
  tool keygen --out keys --rotate lookup           adds an epoch to each lookup.json; carry them to their machines
  tool migrate --owner-config …                    from now on processes without it answer 503, never "clear"
  then restart citizen, lender, bureau and clerk-worker`;

export function register(program: Command): void {
  program
    .command('keygen')
    .description('make the keys of every process, offline; existing keys are never overwritten')
    .requiredOption('--out <dir>', 'gets <process>/… and publicKeys.json; must be empty or missing')
    .option(
      '--rotate <purpose>',
      'make the next key of one purpose, or of lookup, in a directory that is there',
    )
    .option('--activate <purpose>', 'use the next key from now on')
    .addHelpText('after', rotation)
    .action(async ({ out, rotate, activate }: KeygenOptions) => {
      const { writeKeys } = await import('./keygen.service.js');
      const { makeNextKey, useNextKey } = await import('./rotation.service.js');
      const { machineClock } = await import('#libs/platform/clock.js');
      if (rotate === 'lookup') {
        const { addLookupEpoch } = await import('./lookup-epochs.service.js');
        const { randomBytes } = await import('node:crypto');
        console.log(`lookup/${addLookupEpoch(resolve(out), randomBytes(32))}`);
        console.log('Next: carry each lookup.json to its machine, tool migrate, then restart the processes.');
      } else if (rotate !== undefined) {
        const { kid } = await makeNextKey(resolve(out), rotate, machineClock());
        console.log(`${rotate.padEnd(14)} ${kid}\nNext: publish it, then --activate ${rotate}.`);
      } else if (activate !== undefined) {
        useNextKey(resolve(out), activate);
        console.log(`Restart the process that holds ${activate}, then retire the old key.`);
      } else {
        const keys = await writeKeys(resolve(out), machineClock());
        for (const { purpose, kid } of keys) console.log(`${purpose.padEnd(14)} ${kid}`);
        console.log(
          "Move each directory to its process's machine. Next: tool migrate, then publish the keys.",
        );
      }
    });
}
