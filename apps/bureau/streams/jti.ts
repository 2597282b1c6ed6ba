/** The name of a SET, read back: `<entryId>.<streamId>`. */
import { idToUuid, isId } from '#libs/journal/id.js';

/** Whose item a jti names; `foreign`: of another stream, `unknown`: of nothing that has an entry. */
export type NamedItem = { readonly entryUuid: string } | 'foreign' | 'unknown';

/** @param streamId `str_…` of the stream that may be spoken of */
export function itemNamedBy(jti: string, streamId: string): NamedItem {
  const [entryId = '', stream = '', ...rest] = jti.split('.');
  if (rest.length > 0 || !isId('str', stream)) return 'unknown';
  if (stream !== streamId) return 'foreign';
  try {
    return { entryUuid: idToUuid('ent', entryId) };
  } catch {
    return 'unknown';
  }
}
