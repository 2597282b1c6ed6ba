/** Stamps beside their entries: each row says what its entry says, and each entry of a stamp has its row. */
import { idToUuid, isId } from '#libs/journal/id.js';
import { readInstant } from '#libs/journal/instant.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import { compareRow } from './projections.js';

interface Stamp {
  readonly entryIndex: number;
  readonly kind: string;
  readonly party: string;
  readonly at: number;
  readonly about: string;
  readonly bureau: string;
  readonly recordedAt?: number;
  readonly historyRef?: string;
  readonly subject?: SubjectKey;
}

/** @param entries a page of the Journal. @param rows the stamps that name entries of it. */
export function compareStamps(entries: readonly ReadEntry[], rows: readonly Stamp[]): readonly Finding[] {
  const known = new Map(rows.map((row) => [row.entryIndex, row]));
  const demanded = new Map(
    entries.filter(({ kind }) => isStamp(kind)).map((entry) => [entry.row.index, stampOfEntry(entry)]),
  );
  return [...new Set([...known.keys(), ...demanded.keys()])].flatMap((index) =>
    compareRow('stamps', String(index), demanded.get(index), known.get(index)),
  );
}

function isStamp(kind: string): boolean {
  return kind === 'refusal.stamped' || kind === 'stamp.lost';
}

function stampOfEntry({ row, kind, members }: ReadEntry): Stamp {
  const { about, bureau, historyRef } = members;
  const recordedAt = readInstant(members['recordedAt']);
  return {
    entryIndex: row.index,
    kind,
    party: row.party ?? '',
    at: row.at,
    about: isId('ent', about) ? idToUuid('ent', about) : '',
    bureau: String(bureau),
    ...(recordedAt !== undefined && { recordedAt }),
    ...(historyRef !== undefined && { historyRef: String(historyRef) }),
    ...(row.subject !== undefined && { subject: row.subject }),
  };
}
