/**
 * The end of a log that had published more than a restored database holds. It is closed, never repaired: what it
 * published stays, and the registry goes on under the next number with the entries that were left.
 */
import { createPublicKey } from 'node:crypto';
import { makeVkey, parseCheckpoint, parseVkey, verifyNote, type Vkey } from '#libs/tlog/note.js';
import { ActRefused, objectOf, textOf, type Body } from './members.js';
import type { ClosedLogRow, Place, Registry, RegistryRows } from './registry.js';

/** `tyiym.kz/journal/1` → `tyiym.kz/journal/2`. */
export function successorOf(origin: string): string {
  const [, name, number] = /^(.+\/)([1-9]\d*)$/.exec(origin) ?? [];
  if (name === undefined) throw new ActRefused('the name of the log ends with no number');
  return `${name}${Number(number) + 1}`;
}

/** The keys this registry has published for its log, under a name of the log. */
export function logKeys(registry: Registry, origin: string): readonly Vkey[] {
  return [...registry.signingKeys.values()]
    .filter(({ purpose }) => purpose === 'log')
    .map(({ jwk }) => parseVkey(makeVkey(origin, createPublicKey({ key: { ...jwk }, format: 'jwk' }))));
}

/** `{origin, closed: {origin, checkpoint}, lost: {from, to}}`: the last checkpoint, and the entries only it remembers. */
export function brokenRows(registry: Registry, body: Body, { index, origin }: Place): RegistryRows {
  const act = objectOf(body, 'the act', ['origin', 'closed', 'lost']);
  const closed = objectOf(act['closed'], 'closed', ['origin', 'checkpoint']);
  const lost = objectOf(act['lost'], 'lost', ['from', 'to']);
  if (!registry.isOpen) throw new ActRefused('open the registry first');
  if (closed['origin'] !== origin) throw new ActRefused('the act closes another log');
  const successor = successorOf(origin);
  if (act['origin'] !== successor) throw new ActRefused(`the next log is ${successor}`);
  const { size, root } = checkpointOf(closed['checkpoint'], logKeys(registry, origin));
  if (lost['from'] !== index || lost['to'] !== size)
    throw new ActRefused('the database holds other entries than the act says; draft it again');
  if (size <= index) throw new ActRefused('nothing that was published is lost');
  return { closedLogs: [{ origin, successor, size, root, entryIndex: index }] };
}

/**
 * The log that an entry was appended to.
 * @param closed logs that were closed, in any order.
 * @param newest the log that goes on.
 */
export function originAt(closed: Iterable<ClosedLogRow>, newest: string, index: number): string {
  const later = [...closed].filter(({ entryIndex }) => entryIndex > index);
  return later.toSorted((a, b) => a.entryIndex - b.entryIndex)[0]?.origin ?? newest;
}

function checkpointOf(note: unknown, keys: readonly Vkey[]): { size: number; root: Buffer } {
  const text = textOf(note, 'checkpoint', /^[^]{1,20000}$/);
  try {
    const verified = verifyNote(text, keys);
    if (verified.signedBy.length > 0) return parseCheckpoint(verified.text);
  } catch {
    // Falls through: who signed it is all that is asked.
  }
  throw new ActRefused('the checkpoint is not signed with a key of the log');
}
