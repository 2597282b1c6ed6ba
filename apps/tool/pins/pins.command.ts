/** `tool pins`: what every configuration names as `acts`, so that a process believes this founding and this clerk. */
import type { Command } from 'commander';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { toolConfig, withConfig } from '../config.js';
import { pinsOf } from './pins.service.js';

const help = `
Run it once, right after tool open, and put what it prints into the configuration of every process. It says what stands in
the database: compare the founding with what the officials saw, before anybody else could have written there.`;

export function register(program: Command): void {
  withConfig(program.command('pins').description('print what the configurations pin: "acts"'))
    .addHelpText('after', help)
    .action(async (options: { readonly config?: string }) => {
      const { database } = await toolConfig(options);
      const dataSource = await openDatabase(databaseTarget(database), { poolSize: 1 });
      try {
        console.log(JSON.stringify({ acts: await pinsOf(dataSource.manager) }, null, 2));
      } finally {
        await dataSource.destroy();
      }
    });
}
