/** Names of rows in findings: a UUID that the registry never made has no name on the wire, and stands as it is. */
import { uuidToId, type IdKind } from '#libs/journal/id.js';

/** Never throws, because what was tampered with must be named, too. */
export function idText(kind: IdKind, uuid: string): string {
  try {
    return uuidToId(kind, uuid);
  } catch {
    return uuid;
  }
}
