/** Published checkpoints: the note verifies with a key of the log, and says what the tree says of its size. */
import { parseCheckpoint, verifyNote } from '#libs/tlog/note.js';
import { logKeys } from '#libs/acts/log-changes.js';
import type { Registry } from '#libs/acts/registry.js';
import type { Finding } from './finding.js';

/** A row of `checkpoints`. */
export interface CheckpointRow {
  readonly size: number;
  readonly origin: string;
  readonly root: Buffer;
  readonly note: string;
}

/**
 * @param rootAt the root of the tree at this size, as far as a head ends there.
 * @param origin the log that this size was of.
 */
export function checkCheckpoint(
  row: CheckpointRow,
  rootAt: Buffer | undefined,
  registry: Registry,
  origin: string,
): readonly Finding[] {
  const say = (what: string): Finding => ({
    code: 'checkpoint-differs',
    table: 'checkpoints',
    row: String(row.size),
    what,
  });
  const found: Finding[] = [];
  const tree = rootAt?.toString('base64') ?? 'none';
  if (rootAt?.equals(row.root) !== true)
    found.push(say(`the root is ${row.root.toString('base64')}, the tree has ${tree} at this size`));
  if (row.origin !== origin) found.push(say('it is of another log than its entries'));
  try {
    const {
      origin: signed,
      size,
      root,
    } = parseCheckpoint(verifyNote(row.note, logKeys(registry, row.origin)).text);
    if (signed !== row.origin || size !== row.size || !root.equals(row.root))
      found.push(say('the note signs another checkpoint'));
  } catch {
    found.push(say('the note does not verify with a published key of the log'));
  }
  return found;
}
