/**
 * The twelve-digit number of a person (ИИН, ЖСН). Only its control digit is judged: since a decree of 2013 the other
 * digits promise neither birth date nor sex. Lives at the edge and in sealed columns, nowhere else.
 */
import { problemAt } from '#libs/problem/problem.js';
import { hasControlDigit } from './control-digit.js';

declare const iinBrand: unique symbol;
export type Iin = string & { readonly [iinBrand]: true };

/** Numbers without a right control digit that the authority gave its own test people; none outside of a sandbox. */
const testNumbers = new Set<string>();

/**
 * Takes the numbers of the authority's test contour for issued ones in this process, from its configuration (ADR 76).
 * @throws Error for what is not twelve digits, or nobody's number
 */
export function admitTestNumbers(numbers: readonly string[]): void {
  for (const number of numbers) {
    if (!/^\d{12}$/.test(number) || number === nobody) throw new Error('a test number is twelve digits');
    testNumbers.add(number);
  }
}

/** The sentinel of every look, which must never be anybody's. */
const nobody = '000000000000';

/** Whether a text is an IIN that could have been issued: twelve ASCII digits, control digit right, not all zero. */
export function isIin(value: unknown): value is Iin {
  if (typeof value !== 'string' || !/^\d{12}$/.test(value) || value === nobody) return false;
  return hasControlDigit(value) || testNumbers.has(value);
}

/**
 * The same, for a member of a request.
 * @throws Problem `iin-malformed` at `pointer`; the value is never repeated.
 */
export function parseIin(value: unknown, pointer = '/iin'): Iin {
  if (!isIin(value)) throw problemAt(pointer, 'iin-malformed');
  return value;
}
