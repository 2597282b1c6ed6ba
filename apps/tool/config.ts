/** Which registry a command is about: the configuration named by `--config`, else the one the sandbox wrote. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '#libs/platform/config.js';
import { sandboxDir } from './home.client.js';

export interface ConfigOption {
  readonly config?: string;
}

/** Adds `--config <file>` to a command. */
export function withConfig(command: Command): Command {
  return command.option('--config <file>', "configuration of app tool (default: the sandbox's)");
}

/** @throws Error when there is no such file, ConfigError when it is wrong. */
export async function toolConfig({ config }: ConfigOption): Promise<Config> {
  const { loadConfig } = await import('#libs/platform/config.js');
  const file = resolve(config ?? resolve(sandboxDir(), 'config', 'tool.json'));
  if (!existsSync(file))
    throw new Error(
      `${file} is not there: ` +
        (config === undefined
          ? 'start the sandbox (npm start), set TYIYM_HOME, or name a configuration with --config'
          : 'name the configuration of app tool'),
    );
  return loadConfig(file, ['tool']);
}
