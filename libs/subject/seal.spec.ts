import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { seal, unseal } from './seal.js';

const key = { keyId: randomBytes(4), secret: randomBytes(32) };
const place = { table: 'people', column: 'iin', row: '1' };
const plain = Buffer.from('what only the person may see');
const sealed = seal(key, place, plain, randomBytes);

describe('a sealed value', () => {
  it.each([
    ['another table', { ...place, table: 'applications' }],
    ['another column', { ...place, column: 'cms' }],
    ['another row', { ...place, row: '2' }],
  ])('does not open in %s', (_, elsewhere) => {
    expect(() => unseal(key, elsewhere, sealed)).toThrow();
  });

  it('does not open with another key of the same name', () => {
    expect(() => unseal({ ...key, secret: randomBytes(32) }, place, sealed)).toThrow();
    expect(() => unseal({ ...key, keyId: randomBytes(4) }, place, sealed)).toThrow('another key');
  });

  it('does not open with any byte changed', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => unseal(key, place, changed)).toThrow();
    }
  });

  it('has an IV of its own each time, also for the same text in the same place', () => {
    const ivs = [1, 2, 3].map(() => seal(key, place, plain, randomBytes).toString('hex', 5, 17));
    expect(new Set(ivs).size).toBe(3);
  });

  it('opens where it was sealed', () => {
    expect(unseal(key, place, sealed)).toEqual(plain);
  });
});
