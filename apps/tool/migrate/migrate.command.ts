/** `tool migrate`: the database as the code needs it; run by its owner, safely twice. */
import { resolve } from 'node:path';
import type { Command } from 'commander';

interface MigrateOptions {
  readonly ownerConfig: string;
  readonly printSchema?: boolean;
  readonly printGrants?: boolean;
}

export function register(program: Command): void {
  program
    .command('migrate')
    .description('bring the database to the state of the code, under an advisory lock')
    .requiredOption('--owner-config <file>', 'configuration of app tool whose database user is the owner')
    .option('--print-schema', 'print the schema as migrations/schema.sql has it, and change nothing')
    .option('--print-grants', 'print who may do what as docs/grants.md has it, and change nothing')
    .action(async ({ ownerConfig, printSchema, printGrants }: MigrateOptions) => {
      const { loadConfig } = await import('#libs/platform/config.js');
      const owner = loadConfig(resolve(ownerConfig), ['tool']);
      if (printSchema === true || printGrants === true) {
        const { readSchemaTexts } = await import('./schema.service.js');
        const { schema, grants } = await readSchemaTexts(owner);
        process.stdout.write(printSchema === true ? schema : grants);
        return;
      }
      const { migrateRegistry } = await import('./migrate.service.js');
      const ran = await migrateRegistry(owner, (step) => console.log(`· ${step}`));
      console.log(ran.length === 0 ? 'Nothing was missing.' : `${ran.length} migrations ran.`);
    });
}
