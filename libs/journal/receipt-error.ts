/**
 * Why a receipt does not hold: a table of codes, each with a sentence for people. Outside programs branch on the codes,
 * so none changes its meaning. A sentence never repeats a value of the receipt.
 */

const reasons = {
  'receipt-malformed': 'The receipt is not an object with entry, salt, index, proof and head.',
  'entry-not-canonical': 'The entry is not the canonical form (RFC 8785) of a JSON object.',
  'entry-malformed': 'The entry is canonical JSON but not an entry of the Journal.',
  'salt-malformed': 'The salt is not 32 bytes in strict base64url.',
  'person-salt-malformed': 'The person salt is not 32 bytes in strict base64url, or belongs to no person.',
  'index-out-of-range': 'The index is not a whole number below the size of the head.',
  'proof-malformed': 'The proof is not a row of 32-byte hashes in strict base64url.',
  'proof-length': 'The proof has not exactly the length that index and size demand.',
  'head-malformed': 'The head is not a compact JWS with the header and the members of a head.',
  'head-key-unknown': 'No key of the key set has the identifier that the head names.',
  'head-key-malformed':
    'The key that the head names is not one EC P-256 key with its thumbprint as identifier, its life and its kinds.',
  'head-key-revoked':
    'The key of the head is revoked. Only a published checkpoint can still bear this receipt out.',
  'head-key-expired':
    'The key of the head has expired. Only a published checkpoint can still bear this receipt out.',
  'head-key-not-for-kind': 'The key of the head may not vouch for this kind of entry.',
  'head-outside-key-life': 'The head is dated outside the life of its key.',
  'head-signature': 'The signature of the head does not verify.',
  'head-before-entry': 'The entry is dated later than the head that is to hold it.',
  'issuer-differs': 'The head was issued by another log than the one expected.',
  'origin-differs': 'The head is of another Journal than the one expected.',
  'inclusion-differs': 'Entry, salt and proof do not lead to the root of the head.',
  'person-not-shown': 'An IIN was given, but the receipt does not show any person.',
  'person-differs': 'The entry is about another person than the one with this IIN.',
} as const satisfies Record<string, string>;

export type ReceiptErrorCode = keyof typeof reasons;

/** Every code, for the documentation and its tests. */
export const receiptErrorCodes = Object.keys(reasons) as readonly ReceiptErrorCode[];

/** A receipt that does not hold. */
export class ReceiptError extends Error {
  readonly code: ReceiptErrorCode;

  constructor(code: ReceiptErrorCode, cause?: unknown) {
    super(reasons[code], cause === undefined ? undefined : { cause });
    this.name = 'ReceiptError';
    this.code = code;
  }
}

/** @throws ReceiptError with this code unless the condition holds. */
export function ensure(condition: unknown, code: ReceiptErrorCode): asserts condition {
  if (!condition) throw new ReceiptError(code);
}
