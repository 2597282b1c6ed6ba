/** One entry by itself: its text is canonical, its columns and its leaf hash follow from it. */
import { readCanonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafWith, saltOf } from '#libs/journal/commitment.js';
import { isEntryKind, type EntryKind } from '#libs/journal/entry.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { leafHash } from '#libs/tlog/tree.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import { idText } from './id-text.js';
import type { Finding } from './finding.js';

/** A row of `entries`. */
export interface EntryRow {
  readonly index: number;
  readonly uuid: string;
  readonly kind: string;
  readonly at: Instant;
  /** Null only where the owner of the database took it away: nothing erases an entry. */
  readonly text: string | null;
  readonly seed: Buffer | null;
  readonly leafHash: Buffer;
  /** What the leaf holds. */
  readonly commitment: Buffer;
  readonly subject?: SubjectKey;
  readonly version: number | null;
  /** Client id of the party that acted. */
  readonly party: string | null;
}

/** An entry that could be read. */
export interface ReadEntry {
  readonly row: EntryRow;
  readonly kind: EntryKind;
  readonly members: Readonly<Record<string, unknown>>;
}

export interface EntryChecked {
  readonly findings: readonly Finding[];
  /** Absent when taken away or unreadable. */
  readonly read?: ReadEntry;
}

/** @param before the row before it, absent for index 0. */
export function checkEntryRow(row: EntryRow, before: EntryRow | undefined): EntryChecked {
  const { index, text, seed } = row;
  const findings: Finding[] = [];
  const expected = before === undefined ? 0 : before.index + 1;
  if (index !== expected)
    findings.push({ code: 'index-gap', index, what: `entry ${expected} is missing before ${index}` });
  if (before !== undefined && row.at < before.at)
    findings.push({ code: 'clock-went-back', index, what: 'older than the entry before it' });
  const hash = leafHash(leafWith(row.commitment));
  if (!hash.equals(row.leafHash))
    findings.push({ code: 'leaf-differs', index, what: differs('the commitment gives', hash, row.leafHash) });
  if (text === null || seed === null) {
    const what = `${row.kind}: ${text === null ? 'its text' : 'its seed'} is gone, and nothing in the Journal allows that`;
    findings.push({ code: 'entry-blanked', index, what });
    return { findings };
  }
  const members = readCanonical(text);
  if (members === undefined) {
    findings.push({ code: 'entry-malformed', index, what: 'the text cannot be read' });
    return { findings };
  }
  const commitment = commitmentOf(text, saltOf(seed));
  // The same commitment gives the leaf hash that was compared above.
  const own = commitment.equals(row.commitment) ? hash : leafHash(leafWith(commitment));
  if (!own.equals(row.leafHash))
    findings.push({ code: 'leaf-differs', index, what: differs('entry and seed give', own, row.leafHash) });
  for (const column of differingColumns(row, members))
    findings.push({ code: 'column-differs', index, what: `column ${column} differs from the text` });
  if (!isEntryKind(members['kind'])) return { findings };
  return { findings, read: { row, kind: members['kind'], members } };
}

/** Both values, because a court is shown which of them a checkpoint holds; neither tells anything of the entry. */
function differs(whose: string, gives: Buffer, stands: Buffer): string {
  return `${whose} the leaf hash ${gives.toString('base64')}, the row has ${stands.toString('base64')}`;
}

function differingColumns(row: EntryRow, members: Readonly<Record<string, unknown>>): readonly string[] {
  const found: string[] = [];
  if (row.kind !== members['kind']) found.push('kind');
  if (idText('ent', row.uuid) !== members['id']) found.push('id');
  if (formatInstant(row.at) !== members['at']) found.push('at');
  if ((row.version ?? undefined) !== members['version']) found.push('version');
  // What follows up an entry of a person has his subject for the index of his trail, and no person of its own.
  const isAbout = (row.subject !== undefined) === (members['person'] !== undefined);
  if (members['about'] === undefined && !isAbout) found.push('subject');
  return found;
}
