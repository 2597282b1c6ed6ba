/**
 * What is to be verified: a receipt alone, or a whole answer of the registry that carries one. The members of an answer
 * are not signed, so each that its entry also states must say the same.
 */
import type { Entry } from '#libs/journal/entry.js';

/** A member the entry must have, as text. */
export interface Expected {
  readonly member: string;
  readonly value: string;
}

/** Members of an answer → members of its entry. */
const stated: Readonly<Record<string, string>> = {
  checkId: 'checkId',
  verdict: 'verdict',
  validUntil: 'validUntil',
  asOf: 'at',
};

/** The receipt in a value, and what the answer around it claims. */
export function questionOf(value: unknown): { receipt: unknown; claims: readonly Expected[] } {
  if (typeof value !== 'object' || value === null || !('receipt' in value) || 'entry' in value)
    return { receipt: value, claims: [] };
  const claims = Object.entries(value).flatMap(([name, claim]) => {
    const member = Object.hasOwn(stated, name) ? stated[name] : undefined;
    return member === undefined ? [] : [{ member, value: String(claim) }];
  });
  return { receipt: value.receipt, claims };
}

/** Where a receipt says that it lies, and the size of the head it came with; neither is verified. */
export function placeOf(text: string): { readonly index: number; readonly headSize: number } {
  const { receipt } = questionOf(readJson(text));
  const { index, head } = (receipt ?? {}) as { index?: unknown; head?: unknown };
  const payload = readJson(Buffer.from(String(head).split('.')[1] ?? '', 'base64url').toString());
  const size = (payload as { size?: unknown } | undefined)?.size;
  return { index: countOf(index), headSize: countOf(size) };
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** What is not JSON is no receipt either, so it is judged as one. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `verdict=clear` read; undefined when there is no name before the sign. */
export function readExpected(text: string): Expected | undefined {
  const at = text.indexOf('=');
  return at < 1 ? undefined : { member: text.slice(0, at), value: text.slice(at + 1) };
}

/** The members that the entry does not have or has otherwise. */
export function differing(entry: Entry, expected: readonly Expected[]): readonly string[] {
  return expected
    .filter(({ member, value }) => !Object.hasOwn(entry, member) || String(entry[member]) !== value)
    .map(({ member }) => member);
}
