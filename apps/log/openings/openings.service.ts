/** Opens the leaves of public kinds, so that anybody can see which keys, parties and rules a verdict rested on. */
import type { EntityManager } from 'typeorm';
import { saltOf } from '#libs/journal/commitment.js';
import { Problem } from '#libs/problem/problem.js';
import { openEntry } from './openings.store.js';

/** What turns a leaf back into its entry. */
export interface Opening {
  readonly index: number;
  /** The exact text. */
  readonly entry: string;
  /** 32 bytes, base64url. */
  readonly salt: string;
}

export class OpeningsService {
  constructor(private readonly tx: EntityManager) {}

  /**
   * @param index decimal, as in the path
   * @throws Problem `not-found` for every other kind, index and spelling alike: a 403 would tell the kind.
   */
  async opening(index: string): Promise<Opening> {
    const number = /^(0|[1-9]\d{0,15})$/.test(index) ? Number(index) : NaN;
    const open = Number.isSafeInteger(number) ? await openEntry(this.tx, number) : undefined;
    if (open === undefined) throw new Problem('not-found');
    return { index: number, entry: open.entry, salt: saltOf(open.seed).toString('base64url') };
  }
}
