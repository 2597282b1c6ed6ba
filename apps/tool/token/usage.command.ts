/** For the commands that name a party or a citizen: a name nobody has is a wrong call, not a failure. */
import type { Command } from 'commander';
import { UnknownName } from './sandbox-home.js';

/** What `find` finds; ends the command with exit code 2 when the name is unknown. */
export function orUsage<T>(command: Command, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (error instanceof UnknownName) command.error(error.message, { exitCode: 2 });
    throw error;
  }
}
