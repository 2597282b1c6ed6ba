/**
 * A batch as it came, item by item: one bad item spoils only itself. An item whose `ref` cannot be repeated (none, not
 * printable, or it holds an IIN) is answered with `ref: null` in its place; two that share one are both refused,
 * because the caller could not tell their answers apart.
 */
import type { Question } from '#libs/check/check.js';
import { Problem, problemAt, type ProblemPointer } from '#libs/problem/problem.js';
import { IinSearch, looksLikeIin } from '#libs/subject/holds-iin.js';
import { isReference, parseQuestion } from '../checks/question.js';

export const maxItems = 10_000;

export interface BatchItem {
  readonly ref: string | null;
  /** The check to make, or why none is. */
  readonly asked: Question | Problem;
}

/** Maps a list in its order, and may let others be heard in between: ten thousand items take tens of milliseconds. */
type MapsAll = <T, R>(list: readonly T[], map: (item: T) => R) => Promise<readonly R[]>;

/**
 * What is asked about, in its order.
 * @param values as `itemsOf` gives them
 * @param key the Idempotency-Key, which must not hold the IIN of any item either
 * @throws Problem `reference-holds-iin` at the key
 */
export async function parseBatch(
  values: readonly Item[],
  key: string,
  mapAll: MapsAll,
): Promise<readonly BatchItem[]> {
  const uses = new Map<unknown, number>();
  for (const { ref } of values) uses.set(ref, (uses.get(ref) ?? 0) + 1);
  const items = await mapAll(values, (value) => parseItem(value, (uses.get(value.ref) ?? 0) > 1));
  const search = new IinSearch(items.flatMap(({ asked }) => (asked instanceof Problem ? [] : [asked.iin])));
  if (search.finds(key)) throw problemAt('Idempotency-Key', 'reference-holds-iin');
  return mapAll(items, (item) => withoutIin(item, search));
}

/** An item as it came. */
export type Item = Readonly<Record<string, unknown>> & { readonly ref?: unknown };

/** The items of a body. @throws Problem `request-malformed` when it is no batch */
export function itemsOf(body: unknown): readonly Item[] {
  const { items, ...others } = (typeof body === 'object' ? (body ?? {}) : {}) as Readonly<
    Record<string, unknown>
  >;
  const wrong = (pointer: string, code: string) =>
    new Problem('request-malformed', { errors: [{ pointer, code }] });
  const [stranger] = Object.keys(others);
  if (stranger !== undefined)
    throw wrong(/^[A-Za-z]{1,40}$/.test(stranger) ? `/${stranger}` : '', 'member-unknown');
  if (items === undefined) throw wrong('/items', 'member-missing');
  if (!Array.isArray(items)) throw wrong('/items', 'member-malformed');
  if (items.length === 0) throw wrong('/items', 'list-empty');
  if (items.length > maxItems) throw wrong('/items', 'list-too-long');
  return items.map((item: unknown) => (typeof item === 'object' && item !== null ? (item as Item) : {}));
}

function parseItem(value: Item, isShared: boolean): BatchItem {
  const { ref } = value;
  const errors = refErrors(ref, isShared);
  try {
    const question = parseQuestion(value, 'ref');
    const asked = errors.length > 0 ? new Problem('request-malformed', { errors }) : question;
    return { ref: isReference(ref) ? ref : null, asked };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const code = errors.length > 0 ? 'request-malformed' : error.code;
    const asked = new Problem(code, { errors: [...errors, ...error.errors] });
    return { ref: isReference(ref) ? ref : null, asked };
  }
}

function refErrors(ref: unknown, isShared: boolean): readonly ProblemPointer[] {
  if (ref === undefined) return [{ pointer: '/ref', code: 'member-missing' }];
  if (!isReference(ref)) return [{ pointer: '/ref', code: 'member-malformed' }];
  return isShared ? [{ pointer: '/ref', code: 'ref-not-unique' }] : [];
}

/** References must not hold the IIN of the same request, and the request is the whole batch. */
function withoutIin({ ref, asked }: BatchItem, search: IinSearch): BatchItem {
  if (ref !== null && search.finds(ref))
    return { ref: null, asked: problemAt('/ref', 'reference-holds-iin') };
  if (!(asked instanceof Problem) && (search.finds(asked.loanRef) || looksLikeIin(asked.loanRef)))
    return { ref, asked: problemAt('/loanRef', 'reference-holds-iin') };
  return { ref, asked };
}
