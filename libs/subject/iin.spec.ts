import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { isBin } from './bin.js';
import { isIin, parseIin } from './iin.js';

const vectors = JSON.parse(readFileSync('test/vectors/iin-vectors.json', 'utf8')) as {
  valid: { iin: string }[];
  invalid: { iin: unknown; why: string }[];
};

describe('an IIN', () => {
  it.each(vectors.invalid)('is refused when: $why', ({ iin }) => {
    expect(isIin(iin)).toBe(false);
    expect(() => parseIin(iin)).toThrow('iin-malformed');
  });

  it('never comes back in the problem about it', () => {
    for (const { iin } of vectors.invalid.filter((row) => typeof row.iin === 'string' && row.iin !== '')) {
      try {
        parseIin(iin);
      } catch (problem) {
        expect(JSON.stringify(problem) + String(problem)).not.toContain(String(iin).trim());
      }
    }
  });

  it('is accepted with either pass of the control digit, whatever date its digits spell', () => {
    expect(vectors.valid.length).toBeGreaterThan(30);
    for (const { iin } of vectors.valid) expect(isIin(iin)).toBe(true);
  });

  it('is refused with any single digit changed', () => {
    for (const { iin } of vectors.valid)
      for (let place = 0; place < 12; place += 1) {
        const changed = `${iin.slice(0, place)}${(Number(iin[place]) + 1) % 10}${iin.slice(place + 1)}`;
        // One digit can only pass unnoticed when the changed number needs the second pass; the sum itself never agrees.
        if (isIin(changed)) expect(place).toBeLessThan(11);
      }
  });
});

describe('a BIN', () => {
  it('needs 4, 5 or 6 as its fifth digit', () => {
    expect(isBin('061313294730')).toBe(false);
  });
});
