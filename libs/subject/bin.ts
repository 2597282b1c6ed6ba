/** The twelve-digit number of an organisation (БИН, БСН): the control digit of an IIN, and 4, 5 or 6 as fifth digit. */
import { Problem } from '#libs/problem/problem.js';
import { hasControlDigit } from './control-digit.js';

declare const binBrand: unique symbol;
export type Bin = string & { readonly [binBrand]: true };

/** Whether a text is a BIN that could have been issued. */
export function isBin(value: unknown): value is Bin {
  return typeof value === 'string' && /^\d{4}[456]\d{7}$/.test(value) && hasControlDigit(value);
}

/** @throws Problem `request-malformed` at `pointer`. */
export function parseBin(value: unknown, pointer = '/bin'): Bin {
  if (!isBin(value)) throw new Problem('request-malformed', { errors: [{ pointer, code: 'bin-malformed' }] });
  return value;
}
