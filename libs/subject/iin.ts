/**
 * The twelve-digit number of a person (ИИН, ЖСН). Only its control digit is judged: since a decree of 2013 the other
 * digits promise neither birth date nor sex. Lives at the edge and in sealed columns, nowhere else.
 */
import { problemAt } from '#libs/problem/problem.js';
import { hasControlDigit } from './control-digit.js';

declare const iinBrand: unique symbol;
export type Iin = string & { readonly [iinBrand]: true };

/** Whether a text is an IIN that could have been issued: twelve ASCII digits, control digit right, not all zero. */
export function isIin(value: unknown): value is Iin {
  return (
    typeof value === 'string' && /^\d{12}$/.test(value) && value !== '000000000000' && hasControlDigit(value)
  );
}

/**
 * The same, for a member of a request.
 * @throws Problem `iin-malformed` at `pointer`; the value is never repeated.
 */
export function parseIin(value: unknown, pointer = '/iin'): Iin {
  if (!isIin(value)) throw problemAt(pointer, 'iin-malformed');
  return value;
}
