import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { hasControlDigit } from '#libs/subject/control-digit.js';
import { contourFrom } from './contour.js';
import { syntheticIin } from './inhabitants.js';

const folder = mkdtempSync(join(tmpdir(), 'tyiym-contour-'));
afterAll(() => rmSync(folder, { recursive: true }));

const whole = {
  rootFiles: ['root_rsa_test.pem'],
  intermediateFiles: ['nca_rsa_test.pem'],
  crlUrls: { 'ҰКО 3.0 (RSA TEST)': 'http://127.0.0.1:1/nca_rsa_test.crl' },
  numbers: ['123456789011'],
};
function read(content: object): unknown {
  const file = join(folder, 'contour.json');
  writeFileSync(file, JSON.stringify(content));
  return contourFrom(file);
}

describe('the test contour of a sandbox', () => {
  it('is none without the setting', () => {
    expect([contourFrom(undefined), contourFrom('')]).toEqual([undefined, undefined]);
  });

  it('is what the file says, its files beside it', () => {
    expect(read(whole)).toEqual({
      ...whole,
      rootFiles: [join(folder, 'root_rsa_test.pem')],
      intermediateFiles: [join(folder, 'nca_rsa_test.pem')],
    });
    expect(read({ ...whole, ncanodeUrl: 'http://127.0.0.1:14579' })).toMatchObject({
      ncanodeUrl: 'http://127.0.0.1:14579',
    });
  });

  it.each([
    ['a file that is not there', undefined, 'cannot be read as JSON'],
    ['no roots', { ...whole, rootFiles: undefined }, 'rootFiles is a list'],
    ['a number that is none', { ...whole, numbers: [123456789011] }, 'numbers is a list'],
    ['lists without an issuer', { ...whole, crlUrls: undefined }, 'crlUrls gives'],
    ['the sandbox’s own list', { ...whole, crlUrls: { '*': 'http://x' } }, 'crlUrls names each'],
    ['a member nobody knows', { ...whole, roots: [] }, 'roots is no member'],
    ['a service that is no address', { ...whole, ncanodeUrl: 7 }, 'ncanodeUrl is an address'],
  ])('is refused with %s, and the file named', (_row, content, said) => {
    const reading = (): unknown =>
      content === undefined ? contourFrom(join(folder, 'nowhere.json')) : read(content);
    expect(reading).toThrow(said);
    expect(reading).toThrow(folder);
  });
});

/** What a bank's own validator asks of a number: a control digit, a day that the calendar has, a century of the table. */
function passesValidator(iin: string): boolean {
  const [year, month, day, century] = [iin.slice(0, 2), iin.slice(2, 4), iin.slice(4, 6), iin.slice(6, 7)];
  const hundred = { 1: '18', 2: '18', 3: '19', 4: '19', 5: '20', 6: '20' }[century];
  const date = new Date(`${hundred ?? ''}${year}-${month}-${day}T00:00:00Z`);
  const isDay = !Number.isNaN(date.getTime()) && date.toISOString().slice(8, 10) === day;
  return hasControlDigit(iin) && hundred !== undefined && isDay;
}

describe('the numbers of the people who live in a sandbox', () => {
  const made = (born?: 'month-13' | '1800s'): string[] =>
    Array.from({ length: 200 }, () => syntheticIin(born));

  it('are of month 13 unless said, which no validator takes for a birth', () => {
    expect(made().filter((iin) => !hasControlDigit(iin) || iin.slice(2, 4) !== '13')).toEqual([]);
    expect(made().filter(passesValidator)).toEqual([]);
  });

  it('are of a day that validators take, in a century in which nobody alive was born', () => {
    expect(made('1800s').filter((iin) => !passesValidator(iin))).toEqual([]);
    expect(made('1800s').filter((iin) => !/^[0-8]\d.{4}[12]/.test(iin))).toEqual([]);
  });
});
