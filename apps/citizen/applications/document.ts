/**
 * The document a citizen signs: RFC 8785 bytes that say everything the act does, so that the signature alone proves
 * what was wanted. These bytes are made once, stored, and never made again.
 */
import { canonical } from '#libs/journal/canonical.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { Iin } from '#libs/subject/iin.js';
import type { Ask, Language } from './application.js';
import { statementOf } from './statement.js';

export interface DocumentParts {
  /** `app_…` */
  readonly applicationId: string;
  readonly ask: Ask;
  readonly iin: Iin;
  /** 32 random bytes: nobody can have signed this document before it was opened. */
  readonly nonce: Buffer;
  readonly openedAt: number;
  readonly expiresAt: number;
  /** Client id of the channel. */
  readonly channel: string;
  readonly language: Language;
  /** Hours the lift will wait; only for the statement. */
  readonly waitHours: number;
}

/** The exact bytes to sign: `{v, applicationId, kind, iin, lockHours, placeAgainAfterHours?, nonce, …, statement}`. */
export function documentOf(parts: DocumentParts): Buffer {
  const { applicationId, ask, iin, nonce, openedAt, expiresAt, channel, language, waitHours } = parts;
  const text = canonical({
    v: 1,
    applicationId,
    kind: ask.kind,
    iin,
    lockHours: ask.lockHours,
    ...(ask.placeAgainAfterHours !== undefined && { placeAgainAfterHours: ask.placeAgainAfterHours }),
    nonce: nonce.toString('base64url'),
    openedAt: formatInstant(openedAt),
    expiresAt: formatInstant(expiresAt),
    channel,
    statement: statementOf(ask, language, waitHours),
  });
  return Buffer.from(text, 'utf8');
}
