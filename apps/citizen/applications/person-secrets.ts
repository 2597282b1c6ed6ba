/** Where what is kept of a person lies sealed, under his data key. */
import type { SealedPlace } from '#libs/subject/seal.js';

/** Where the document of an open application lies. */
export function documentPlace(applicationUuid: string): SealedPlace {
  return { table: 'applications', column: 'document', row: applicationUuid };
}

/** Where what an act rests on lies. */
export function signedPlace(column: 'document' | 'cms' | 'revocation', applicationUuid: string): SealedPlace {
  return { table: 'signed_documents', column, row: applicationUuid };
}

/** Where an answer kept under an Idempotency-Key lies. @param name `idempotencyName` */
export function answerPlace(name: string): SealedPlace {
  return { table: 'idempotency_keys', column: 'answer', row: name };
}
