/** The cosignatures of published checkpoints beside the instants of the entries, both paged in the order of the Journal. */
import type { EntityManager } from 'typeorm';
import { verifyNote, type Vkey } from '#libs/tlog/note.js';
import type { Finding } from './finding.js';
import { checkpointsBetween, instantsBetween } from './fsck.store.js';
import { WitnessedTimes, type Seen } from './witnessed-time.js';

export interface WitnessedTimeOptions {
  readonly tx: EntityManager;
  /** Entries below which the Journal is judged. */
  readonly size: number;
  /** Keys of the witnesses whose clocks are believed; without any nothing is judged. */
  readonly witnesses: readonly Vkey[];
  readonly pageSize?: number;
}

/** Entries that are dated when no witness can have seen them. */
export async function fsckWitnessedTime(options: WitnessedTimeOptions): Promise<readonly Finding[]> {
  const { tx, size, witnesses, pageSize = 10_000 } = options;
  if (witnesses.length === 0) return [];
  const times = new WitnessedTimes();
  const findings: Finding[] = [];
  for (let from = 0; from < size; from += pageSize) {
    const to = Math.min(size, from + pageSize);
    const entries = await instantsBetween(tx, from, to);
    const trees = (await checkpointsBetween(tx, from, to)).flatMap((row) => seenIn(row, witnesses));
    let next = 0;
    for (const entry of entries) {
      for (; trees[next] !== undefined && (trees[next]?.size ?? 0) <= entry.index; next += 1)
        findings.push(...times.readTree(trees[next] as Seen));
      findings.push(...times.readEntry(entry));
    }
    for (const tree of trees.slice(next)) findings.push(...times.readTree(tree));
  }
  return findings;
}

/** When the first of these witnesses signed it; one whose line does not verify is a finding of the checkpoints. */
function seenIn(
  { size, note }: { readonly size: number; readonly note: string },
  witnesses: readonly Vkey[],
): readonly Seen[] {
  try {
    const times = verifyNote(note, witnesses).cosignatures.map(({ time }) => time * 1000);
    return times.length === 0 ? [] : [{ size, at: Math.min(...times) }];
  } catch {
    return [];
  }
}
