import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { controlDigitOf } from './control-digit.js';
import { IinSearch, looksLikeIin, twelves } from './holds-iin.js';
import { parseIin } from './iin.js';

const iin = parseIin(`87010130012${controlDigitOf('87010130012') ?? ''}`);
const search = new IinSearch([iin]);
const each = (of: (digit: string) => string): string => [...iin].map(of).join('');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a number of the same request is found', () => {
  it.each([
    ['as it is', iin],
    ['within letters', `A${iin}b`],
    ['within more digits', `42${iin}7`],
    ['with separators', `${iin.slice(0, 6)}-${iin.slice(6)}`],
    ['with a separator behind each digit', each((digit) => `${digit}.`)],
    ['with letters between', each((digit) => `${digit}x`)],
    ['with spaces', `№ ${iin.slice(0, 3)} ${iin.slice(3, 8)} ${iin.slice(8)}`],
    ['with zero-width characters between', each((digit) => `${digit}\u200b\u2060`)],
    ['in full-width digits', each((digit) => String.fromCodePoint(0xff10 + Number(digit)))],
    ['in Arabic-Indic digits', each((digit) => String.fromCodePoint(0x0660 + Number(digit)))],
    ['in mathematical digits', each((digit) => String.fromCodePoint(0x1d7d8 + Number(digit)))],
    [
      'in digits of two scripts',
      `${iin.slice(0, 6)}${each((d) => String.fromCodePoint(0x0966 + Number(d))).slice(6)}`,
    ],
    ['in superscript', each((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? '')],
    ['in circles', each((digit) => '⓪①②③④⑤⑥⑦⑧⑨'[Number(digit)] ?? '')],
    ['backwards', [...iin].reverse().join('')],
    ['backwards with dashes', [...iin].reverse().join('-')],
    ['as hexadecimal', Buffer.from(iin).toString('hex')],
    ['as percent escapes', each((digit) => `%3${digit}`)],
    ['as \\u escapes', each((digit) => `\\u003${digit}`)],
    ['as decimal escapes', each((digit) => `&#${digit.charCodeAt(0)};`)],
    ['as base64', base64(iin)],
    ['as base64 from its second byte', base64(`A${iin}`)],
    ['as base64 from its third byte', base64(`AB${iin}C`)],
    ['as base64url behind other letters', `ref_${base64(iin)}`],
  ])('%s', (_, text) => {
    expect(search.finds(text)).toBe(true);
    expect(twelves(text)).toContain(iin);
  });

  it('of any item of the request', () => {
    const other = parseIin(`90020245678${controlDigitOf('90020245678') ?? ''}`);
    const both = new IinSearch([other, iin]);
    expect([both.finds(`x${iin}`), both.finds(`x${other}`), search.finds(`x${other}`)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('and another is not, nor one with a digit missing or another at its end', () => {
    const last = (Number(iin[11]) + 1) % 10;
    for (const text of [
      '',
      'A-117',
      iin.slice(1),
      `${iin.slice(0, 11)}x${last}`,
      base64(iin.slice(0, 11)),
      randomUUID(),
    ])
      expect(search.finds(text)).toBe(false);
  });
});

describe('a number that may be a stranger’s', () => {
  it.each([
    ['alone', iin, true],
    ['between punctuation', `loan/${iin}#2`, true],
    ['behind a space', `№ ${iin}`, true],
    ['with month 13, as the sandbox’s people', `87130130012${controlDigitOf('87130130012') ?? ''}`, true],
    ['with a letter in front', `A${iin}`, false],
    ['with a digit more', `${iin}0`, false],
    ['with another control digit', `${iin.slice(0, 11)}${(Number(iin[11]) + 1) % 10}`, false],
    ['with month 14', `87140130012${controlDigitOf('87140130012') ?? ''}`, false],
    ['with month 00', `87000130012${controlDigitOf('87000130012') ?? ''}`, false],
    ['with day 32', `87013230012${controlDigitOf('87013230012') ?? ''}`, false],
    ['with a seventh digit of 7', `87010170012${controlDigitOf('87010170012') ?? ''}`, false],
    ['as the end of a UUID', `a1b2c3d4-0000-4000-8000-${iin}`, false],
    ['as the end of a UUID in capitals', `A1B2C3D4-0000-4000-8000-${iin}`, false],
    ['behind less than a UUID', `0000-4000-8000-${iin}`, true],
  ])('%s', (_, text, isSuspected) => {
    expect(looksLikeIin(text)).toBe(isSuspected);
  });

  // The figures are printed for the documentation: what a lender that changes nothing has to expect.
  it('is seen in one of eleven counters and times of twelve digits at most, and in nothing else', () => {
    const many = Number(process.env['RATES_OVER'] ?? 20_000);
    const start = Date.parse('2026-01-01T00:00:00Z');
    const digits = (at: number): string => new Date(at).toISOString().replaceAll(/\D/g, '');
    const numbers: Record<string, (n: number) => string> = {
      'UUIDs of version 4': () => randomUUID(),
      'UUIDs that end in twelve digits': (n) =>
        `${randomUUID().slice(0, 24)}${String(n * 4_999_999).padStart(12, '0')}`,
      'milliseconds since 1970': (n) => String(start + n * 157_679),
      'instants of ISO 8601': (n) => new Date(start + n * 157_679).toISOString(),
      'times as yyyymmddHHMM': (n) => digits(start + n * 157_679).slice(0, 12),
      'times as yyyymmddHHMMSS': (n) => digits(start + n * 157_679).slice(0, 14),
      'times as yymmddHHMMSS': (n) => digits(start + n * 157_679).slice(2, 14),
      'counters of ten digits': (n) => String(1_000_000_000 + n),
      'counters of twelve digits from 1': (n) => String(n).padStart(12, '0'),
      'counters of twelve digits from 202600000001': (n) => String(202_600_000_001 + n),
      'numbers like 2026-001234567': (n) => `2026-${String(n).padStart(9, '0')}`,
      'random numbers of twelve digits': () => String(Math.floor(Math.random() * 1e12)).padStart(12, '0'),
      'the same behind a letter': () => `A${String(Math.floor(Math.random() * 1e12)).padStart(12, '0')}`,
    };
    const seen = Object.entries(numbers).map(([name, numberOf]) => {
      let hits = 0;
      for (let n = 0; n < many; n += 1) if (looksLikeIin(numberOf(n))) hits += 1;
      return [name, hits / many] as const;
    });
    if (process.env['RATES_OVER'] !== undefined) process.stdout.write(`${JSON.stringify(seen, null, 1)}\n`);
    const mayLookAlike = new Set(['times as yymmddHHMMSS', 'random numbers of twelve digits']);
    for (const [name, rate] of seen)
      if (mayLookAlike.has(name)) expect(rate).toBeLessThan(0.1);
      else expect([name, rate]).toEqual([name, 0]);
  });
});
