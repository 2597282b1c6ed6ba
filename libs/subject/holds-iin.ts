/**
 * References (a party's own numbers) are kept and must hold no IIN. Two rules look for leaks and judge no person:
 * a number of the same request is found in any spelling a program writes by itself, and a stranger's number is looked
 * for where it stands alone. A party that wants to hide a number can always encipher it; this is no guard against that.
 *
 * A spelling is: the decimal digits of any script, full-width ones too, with anything but digits between them; the same
 * backwards; and the digits' ASCII codes in hexadecimal, as decimal or `\u` escapes, or in base64.
 */
import { hasControlDigit } from './control-digit.js';
import type { Iin } from './iin.js';

/** A group of base64 that stands for three digits; twelve digits fill three of them, wherever they begin. */
const digitsInBase64 = /(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){3}/;
/** Twelve codes of digits in hexadecimal (30…39) or in decimal (48…57), or nearly. */
const codesOfDigits = /(?:(?:3\d|4[89]|5[0-7])\D*(?:0\D*0\D*)?){12}/;
/** Twelve digits that nothing alphanumeric touches. */
const alone = /(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z])/g;
/** What stands before the last group of a UUID, whose twelve characters may all be digits. */
const uuidBeforeItsEnd = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-$/i;
const looksLikeDate = /^\d\d(?:0[1-9]|1[0-3])(?:0[1-9]|[12]\d|3[01])[0-6]/;

/**
 * Looks for the numbers of one request. It lies on the path of every check: ASCII costs one pass and makes no string, and
 * twelve digits are kept in two halves, because whole numbers of 31 bits are the cheapest to reckon with.
 */
export class IinSearch {
  private readonly iins: readonly Iin[];
  /** Second halves → first halves, of each number and of each backwards. */
  private readonly halves = new Map<number, number | Set<number>>();

  constructor(iins: readonly Iin[]) {
    this.iins = iins;
    for (const iin of iins) {
      this.add(halfOf(iin, 0, 1), halfOf(iin, 6, 1));
      this.add(halfOf(iin, 11, -1), halfOf(iin, 5, -1));
    }
  }

  /** Whether a text holds one of these numbers, in any spelling. */
  finds(text: string): boolean {
    let [high, low, count] = [0, 0, 0];
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code > 0x7f) return this.findsSlowly(text);
      if (code < 0x30 || code > 0x39) continue;
      high = (high * 10 + ((low / 100_000) | 0)) % 1_000_000;
      low = (low * 10 + code - 0x30) % 1_000_000;
      count += 1;
      if (count < 12) continue;
      const highs = this.halves.get(low);
      if (highs === high || (typeof highs === 'object' && highs.has(high))) return true;
    }
    const mayBeCoded = (count >= 24 && codesOfDigits.test(text)) || digitsInBase64.test(text);
    return mayBeCoded && this.findsSlowly(text);
  }

  private add(high: number, low: number): void {
    const others = this.halves.get(low);
    if (others === undefined) this.halves.set(low, high);
    else if (typeof others === 'object') others.add(high);
    else this.halves.set(low, new Set([others, high]));
  }

  private findsSlowly(text: string): boolean {
    const iins = new Set<string>(this.iins);
    return twelves(text).some((twelve) => iins.has(twelve));
  }
}

/** Six digits as a number, from one place on in one direction. */
function halfOf(iin: Iin, from: number, step: 1 | -1): number {
  let half = 0;
  for (let place = 0; place < 6; place += 1) half = half * 10 + iin.charCodeAt(from + place * step) - 0x30;
  return half;
}

/** Every twelve digits in a row within a text, in any spelling. */
export function twelves(text: string): readonly string[] {
  const digits = digitsOf(text);
  const runs = [digits, ...decoded(digits), ...unpacked(text)].flatMap((run) => run.match(/\d{12,}/g) ?? []);
  return runs.flatMap((run) => [...windowsOf(run), ...windowsOf(reversed(run))]);
}

/**
 * Whether a text holds what may be the number of a person whom the request does not name: twelve digits alone, with a
 * date in front, a seventh digit that is given out and a right control digit. Never the end of a UUID.
 */
export function looksLikeIin(text: string): boolean {
  if (!/\d{12}/.test(text)) return false;
  return [...text.matchAll(alone)].some(
    ({ 0: twelve, index }) =>
      looksLikeDate.test(twelve) &&
      hasControlDigit(twelve) &&
      !uuidBeforeItsEnd.test(text.slice(Math.max(0, index - 24), index)),
  );
}

/** The decimal digits of a text in ASCII, whatever their script, and nothing else. */
function digitsOf(text: string): string {
  let digits = '';
  for (const letter of text.normalize('NFKC').match(/\p{Nd}/gu) ?? []) digits += valueOf(letter);
  return digits;
}

/** Unicode keeps the ten digits of a script in a row, and after NFKC no two rows touch. */
function valueOf(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  let zero = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((code - zero) % 10);
}

/** What a row of digits says when it is read as codes of digits, two by two; a space where it says nothing. */
function decoded(digits: string): readonly string[] {
  return [0, 1].flatMap((from) => {
    const pairs = digits.slice(from).match(/\d\d/g) ?? [];
    const read = (first: number): string =>
      pairs
        .map((pair) => {
          const value = Number(pair) - first;
          if (pair === '00') return '';
          return value >= 0 && value <= 9 ? String(value) : ' ';
        })
        .join('');
    return [read(30), read(48)];
  });
}

/** What the text says when it is read as base64 of either alphabet, wherever a group begins. */
function unpacked(text: string): readonly string[] {
  const runs = text.match(/[A-Za-z0-9+/_-]{16,}/g) ?? [];
  return runs.flatMap((run) =>
    [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString('latin1')),
  );
}

function windowsOf(run: string): readonly string[] {
  return Array.from({ length: run.length - 11 }, (_, from) => run.slice(from, from + 12));
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}
