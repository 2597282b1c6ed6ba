/** Corrections beside their entries: each row says what its entry says, and each entry has its row. */
import type { EntityManager } from 'typeorm';
import { idToUuid, isId } from '#libs/journal/id.js';
import { readInstant } from '#libs/journal/instant.js';
import { correctionsBetween, correctionsWithoutEntry, type CorrectionRow } from './corrections.store.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import { compareRow } from './projections.js';

/** The rows that the entries of this page demand. */
export async function compareCorrectionsOf(
  tx: EntityManager,
  entries: readonly ReadEntry[],
): Promise<readonly Finding[]> {
  const demanded = entries.filter(({ kind }) => kind === 'correction.reported').map(demandedBy);
  const [first, last] = [demanded[0], demanded.at(-1)];
  if (first === undefined || last === undefined) return [];
  const found = await correctionsBetween(tx, first.entryIndex, last.entryIndex + 1);
  const rows = new Map(found.map((row) => [row.entryIndex, row]));
  return demanded.flatMap((row) =>
    compareRow('corrections', String(row.entryIndex), row, rows.get(row.entryIndex)),
  );
}

/** Rows that no entry stands behind. */
export async function compareCorrections(tx: EntityManager, size: number): Promise<readonly Finding[]> {
  return (await correctionsWithoutEntry(tx, size)).flatMap(({ entryIndex }) =>
    compareRow('corrections', String(entryIndex), undefined, {}),
  );
}

function demandedBy({ row, members }: ReadEntry): CorrectionRow {
  const { id, breachId, bureau, number, historyRef } = members;
  return {
    entryIndex: row.index,
    entryUuid: isId('ent', id) ? idToUuid('ent', id) : '',
    clientId: row.party ?? '',
    bureau: String(bureau),
    breachUuid: isId('brc', breachId) ? idToUuid('brc', breachId) : '',
    removedAt: readInstant(members['removedAt']) ?? 0,
    at: row.at,
    ...(number !== undefined && { number: String(number) }),
    ...(historyRef !== undefined && { historyRef: String(historyRef) }),
  };
}
