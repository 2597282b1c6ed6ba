/** SQL of the entries that are open to everybody, through a view that holds nothing else. */
import type { EntityManager } from 'typeorm';

export interface OpenEntry {
  /** The exact text. */
  readonly entry: string;
  readonly seed: Buffer;
}

/** The entry at this index, if its kind is public. */
export async function openEntry(tx: EntityManager, index: number): Promise<OpenEntry | undefined> {
  const rows: OpenEntry[] = await tx.query('SELECT entry, seed FROM public_openings WHERE index = $1', [
    index,
  ]);
  return rows[0];
}
