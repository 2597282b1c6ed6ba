/** The one digest by which documents, signatures, certificates and evidence are named in entries. */
import { createHash } from 'node:crypto';

/** base64url SHA-256. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
