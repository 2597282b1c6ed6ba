/** Published checkpoints: the note verifies with a key of the log, and says what the tree says of its size. */
import { createPublicKey } from 'node:crypto';
import { makeVkey, parseCheckpoint, parseVkey, verifyNote, type Vkey } from '#libs/tlog/note.js';
import type { Registry } from '../acts/registry.js';
import type { Finding } from './finding.js';

/** A row of `checkpoints`. */
export interface CheckpointRow {
  readonly size: number;
  readonly origin: string;
  readonly root: Buffer;
  readonly note: string;
}

/** @param rootAt the root of the tree at this size, as far as a head ends there. */
export function checkCheckpoint(
  row: CheckpointRow,
  rootAt: Buffer | undefined,
  registry: Registry,
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
  try {
    const { origin, size, root } = parseCheckpoint(verifyNote(row.note, vkeysOf(registry, row.origin)).text);
    if (origin !== row.origin || size !== row.size || !root.equals(row.root))
      found.push(say('the note signs another checkpoint'));
  } catch {
    found.push(say('the note does not verify with a published key of the log'));
  }
  return found;
}

function vkeysOf(registry: Registry, origin: string): readonly Vkey[] {
  return [...registry.signingKeys.values()]
    .filter(({ purpose }) => purpose === 'log')
    .map(({ jwk }) => parseVkey(makeVkey(origin, createPublicKey({ key: { ...jwk }, format: 'jwk' }))));
}
