/**
 * A receipt: the registry's proof of one entry, whole in itself. Whoever holds it and the public keys can check it
 * offline, without asking the registry. It discloses the entry and, through personSalt, the person to those who
 * know the IIN; it holds no IIN.
 */
import { personSaltOf, saltOf } from './commitment.js';

export interface Receipt {
  /** The exact canonical text of the entry. */
  readonly entry: string;
  /** 32 bytes, base64url: opens the leaf. */
  readonly salt: string;
  /** 32 bytes, base64url: shows the person; absent when the entry is about nobody. */
  readonly personSalt?: string;
  /** The entry's place in the Journal, from 0. */
  readonly index: number;
  /** The inclusion proof: hashes of 32 bytes one after the other, the leaf's sibling first, base64url. */
  readonly proof: string;
  /** The signed head: a compact JWS. */
  readonly head: string;
}

/** What the writer knows of an entry that is committed. */
export interface ReceiptParts {
  readonly entryText: string;
  readonly salt: Buffer;
  /** Undefined when the entry is about nobody. */
  readonly personSalt: Buffer | undefined;
  readonly index: number;
  readonly proof: readonly Buffer[];
  readonly head: string;
}

/** The receipt of one entry under one head. */
export function makeReceipt({ entryText, salt, personSalt, index, proof, head }: ReceiptParts): Receipt {
  return {
    entry: entryText,
    salt: salt.toString('base64url'),
    ...(personSalt && { personSalt: personSalt.toString('base64url') }),
    index,
    proof: Buffer.concat(proof).toString('base64url'),
    head,
  };
}

/** Both salts of an entry, from the 32 bytes that are never handed out themselves. */
export function saltsOf(entryText: string, seed: Buffer): Pick<ReceiptParts, 'salt' | 'personSalt'> {
  // Exact, because a canonical text escapes each quotation mark inside a value, and no kind nests a `person`.
  const isPersonal = entryText.includes('"person":"');
  return { salt: saltOf(seed), personSalt: isPersonal ? personSaltOf(seed) : undefined };
}
