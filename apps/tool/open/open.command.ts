/** `tool open`: the registry begins. From this entry on every act needs two officials. */
import type { Command } from 'commander';
import { acting } from '../acts/act-options.command.js';
import { toolConfig } from '../config.js';
import { readJsonFile } from '#libs/platform/json-file.js';

export function register(program: Command): void {
  acting<{ regime?: string; config?: string }>(
    program
      .command('open')
      .description('open the registry with its law; two officials must have been admitted')
      .option('--regime <file>', 'a list of rules (default: the ones built in)'),
    'registry.opened',
    async (_, { regime, ...options }) => {
      const { defaultRules } = await import('#libs/regime/defaults.js');
      const { ruleToJson } = await import('#libs/regime/rule-json.js');
      const rules: unknown = regime === undefined ? defaultRules.map(ruleToJson) : readJsonFile(regime);
      const { origin } = await toolConfig(options);
      return [{ kind: 'registry.opened', body: { origin, regime: rules } }];
    },
  );
}
