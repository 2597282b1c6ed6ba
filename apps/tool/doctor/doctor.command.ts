/** `tool doctor`: is everything there that the registry needs, and if not, what next. Exit code 1 when something is not. */
import type { Command } from 'commander';
import { toolConfig, withConfig } from '../config.js';

export function register(program: Command): void {
  withConfig(
    program.command('doctor').description('ask everything the registry needs, and say what to do next'),
  )
    .option('--json', 'print the answers as JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const config = await toolConfig(options);
      const { examine } = await import('./doctor.service.js');
      const { toolJournal } = await import('../registry.module.js');
      const lines = await examine(config, toolJournal);
      if (options.json === true) console.log(JSON.stringify(lines, null, 2));
      else
        for (const { question, answer, found, next } of lines) {
          const mark = { good: 'ok     ', warning: 'warning', bad: 'BAD    ' }[answer];
          console.log(`${mark} ${question}: ${found}${next === undefined ? '' : `\n        → ${next}`}`);
        }
      if (lines.some(({ answer }) => answer === 'bad')) process.exitCode = 1;
    });
}
