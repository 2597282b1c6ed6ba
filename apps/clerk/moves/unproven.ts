/**
 * Why a move that a row demands is not borne out by entries, heads and signatures. Each fault is proven from what is
 * stored; a service that did not answer is a Problem and never stands here.
 */
import type { EntryFault } from '#libs/journal/proven-entry.js';

/** Every fault of a move beside those of its entry, with what it means to the operator who reads the alarm. */
export const moveFaults = {
  'no-document': 'no signed document is kept for the entry',
  'document-not-opened': 'the kept document does not open in its place',
  'document-differs': 'the signed document says something else than the entry',
  'person-differs': 'the document, the entry and the refusal are not about one person',
  'signature-refused': 'the signature does not verify as of the request',
  'signer-differs': 'another certificate or another person signed',
  'application-used': 'the same signed document was under an earlier request',
  'not-pending': 'a later entry has ended the request that the row calls pending',
  'row-differs': 'the row says another hour, lock or return than entries and signatures do',
  'return-not-signed': 'the row demands a return that the signed lift does not ask for',
} as const;
export type MoveFault = keyof typeof moveFaults | EntryFault;

/** A move that must not be made, because what is stored contradicts it. */
export class Unproven extends Error {
  constructor(
    readonly fault: MoveFault,
    cause?: unknown,
  ) {
    super(fault, cause === undefined ? undefined : { cause });
    this.name = 'Unproven';
  }
}

/** @throws Unproven with this fault unless the condition holds. */
export function mustBeProven(condition: unknown, fault: MoveFault): asserts condition {
  if (!condition) throw new Unproven(fault);
}
