/** `tool regime set`: a dated row of law, enacted by an entry. */
import type { Command } from 'commander';
import { acting } from '../acts/act-options.command.js';
import { readJsonFile } from '#libs/platform/json-file.js';

export function register(program: Command): void {
  const regime = program.command('regime').description('change the dated table of law');
  acting<{ file: string }>(
    regime
      .command('set')
      .description('add a row; of two that apply the later entry wins')
      .option(
        '--file <file>',
        '{"name","subjectOfRule"?,"value","appliesBy","appliesFrom","appliesTo"?,"enactedOn"?,"source","certainty"}',
      ),
    'regime.changed',
    (_, { file }) => [{ kind: 'regime.changed', body: { rule: readJsonFile(file) as unknown } }],
  );
}
