/** A document as its signer sees it, made from the very bytes he signs. */
import type { DocumentToSign } from './registry-answers.js';

export interface ShownDocument extends Omit<DocumentToSign, 'document'> {
  /** The decoded JSON; undefined when the bytes are none. */
  readonly document: unknown;
}

/** The document with its bytes decoded. */
export function shown({ document, ...rest }: DocumentToSign): ShownDocument {
  return { ...rest, document: decoded(document.file.data) };
}

function decoded(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}
