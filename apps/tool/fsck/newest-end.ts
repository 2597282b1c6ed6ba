/**
 * The newest end of the Journal beside what the log publishes: rows that were taken off the end leave a database that is
 * right in itself, and only outsiders remember that there was more.
 */
import { parseCheckpoint, verifyNote, type Vkey } from '#libs/tlog/note.js';
import { logKeys } from '#libs/acts/log-changes.js';
import type { Registry } from '#libs/acts/registry.js';
import type { Finding } from './finding.js';

/** What the database says of the published size. */
export interface KeptCheckpoint {
  readonly note: string;
  readonly isPublished: boolean;
  readonly cosignatures: number;
}

export interface NewestEnd {
  /** The checkpoint as the log serves it. */
  readonly note: string;
  readonly origin: string;
  /** Entries that the database has. */
  readonly size: number;
  readonly registry: Registry;
  readonly witnesses: readonly Vkey[];
  /** Root of the tree at this size; undefined when no head ends there. */
  rootAt(size: number): Buffer | undefined;
  /** The row of this size; undefined when there is none. */
  keptAt(size: number): Promise<KeptCheckpoint | undefined>;
}

/** What the published checkpoint shows to be wrong. */
export async function compareNewestEnd(end: NewestEnd): Promise<readonly Finding[]> {
  const say = (row: string, what: string): Finding => ({
    ...{ code: 'published-differs', table: 'checkpoints', row, what },
  });
  let published: ReturnType<typeof parseCheckpoint>;
  try {
    published = parseCheckpoint(verifyNote(end.note, logKeys(end.registry, end.origin)).text);
  } catch {
    return [say('published', 'what the log serves does not verify with a key of this registry')];
  }
  const { origin, size, root } = published;
  const row = String(size);
  if (origin !== end.origin) return [say(row, 'the log serves a checkpoint of another log')];
  if (size > end.size)
    return [say(row, `the log published ${size} entries and the database has ${end.size}: its end is gone`)];
  const found: Finding[] = [];
  const own = end.rootAt(size);
  if (own?.equals(root) !== true)
    found.push(
      say(
        row,
        `the log published the root ${root.toString('base64')}, the entries give ${own?.toString('base64') ?? 'none'} at this size`,
      ),
    );
  const kept = await end.keptAt(size);
  if (kept === undefined)
    return [...found, say(row, 'the checkpoint that the log serves is not in the database')];
  if (!kept.isPublished)
    found.push(say(row, 'the log serves it, the database says that it was not published'));
  const lost = cosignatures(end.note, end.witnesses).filter((line) => !kept.note.includes(line));
  if (lost.length > 0) found.push(say(row, `the row lacks ${lost.length} cosignatures that the log serves`));
  return found;
}

/** Lines of a note that are no signature of its log; only those of these witnesses, if any are known. */
function cosignatures(note: string, witnesses: readonly Vkey[]): readonly string[] {
  const names = witnesses.map(({ name }) => `— ${name} `);
  const [, signatures = ''] = note.split('\n\n');
  const [, ...others] = signatures.split('\n').filter((line) => line !== '');
  return names.length === 0 ? others : others.filter((line) => names.some((name) => line.startsWith(name)));
}
