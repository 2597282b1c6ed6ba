import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { leafOf, personOf, personSaltOf, saltOf } from './commitment.js';
import { canonical } from './canonical.js';

const seed = Buffer.alloc(32);
const entry = canonical({ v: 1, kind: 'check.made', text: 'қарыз' });
/** HMAC-SHA-256 by another program, with the command the documentation gives. */
const openssl = (key: Buffer, text: string) =>
  execFileSync(
    'openssl',
    ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`, '-binary'],
    { input: text },
  );

describe('a commitment', () => {
  it('can be made by hand with openssl', () => {
    expect(saltOf(seed)).toEqual(openssl(seed, 'entry'));
    expect(personSaltOf(seed)).toEqual(openssl(seed, 'person'));
    const c = openssl(saltOf(seed), entry).toString('base64url');
    expect(leafOf(entry, saltOf(seed)).toString()).toBe(canonical({ v: 1, c }));
    // No person has this number.
    const nobody = '000000000000';
    expect(personOf(personSaltOf(seed), nobody)).toBe(
      openssl(personSaltOf(seed), `kz.iin:${nobody}`).toString('base64url'),
    );
  });

  it('of an entry differs with every seed, so that the same words twice cannot be seen', () => {
    expect(leafOf(entry, saltOf(seed))).not.toEqual(leafOf(entry, saltOf(Buffer.alloc(32, 1))));
  });

  it.each([0, 31, 33, 64])(
    'takes no salt of %i bytes, because padding would give two salts one leaf',
    (length) => {
      expect(() => leafOf(entry, Buffer.alloc(length))).toThrow('32 bytes');
      expect(() => saltOf(Buffer.alloc(length))).toThrow('32 bytes');
      expect(() => personOf(Buffer.alloc(length), '000000000000')).toThrow('32 bytes');
    },
  );
});
