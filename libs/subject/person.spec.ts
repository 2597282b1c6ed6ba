import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Iin } from '#libs/subject/iin.js';
import { firstThatOpens, iinOf, keyOf, newPerson, openPerson } from './person.js';

const identity = { keyId: Buffer.from('a1b2c3d4', 'hex'), secret: Buffer.alloc(32, 3) };
const subject = { epoch: 1, bytes: Buffer.alloc(32, 1) };
const iin = '061313294730' as Iin;
const id = '7b1f5a8e-6f0d-4b7c-9a31-0c2d4e6f8a90';
const other = '7b1f5a8e-6f0d-4b7c-9a31-0c2d4e6f8a91';

describe('a person', () => {
  const person = newPerson(identity, id, subject, iin, randomBytes);

  it('keeps the IIN sealed, under a key of its own', () => {
    expect(Buffer.concat([person.iin, person.dataKey]).includes(iin)).toBe(false);
    expect(iinOf(keyOf(identity, person), person)).toBe(iin);
    const again = newPerson(identity, id, subject, iin, randomBytes);
    expect(again.iin.equals(person.iin)).toBe(false);
    expect(() => iinOf(keyOf(identity, again), person)).toThrow();
  });

  it('opens from the first row that is theirs, and not at all under another identity key', () => {
    const belongs = (found: Iin): boolean => found === iin;
    const good = newPerson(identity, other, subject, iin, randomBytes);
    const bent = { ...person, iin: Buffer.alloc(45) };
    const foreign = newPerson(
      { ...identity, keyId: Buffer.from('00000000', 'hex') },
      id,
      subject,
      iin,
      randomBytes,
    );
    expect(openPerson(identity, bent, belongs)).toBeUndefined();
    expect(openPerson(identity, good, () => false)).toBeUndefined();
    expect(firstThatOpens(identity, [bent, foreign, good, person], belongs)?.person).toBe(good);
    expect(firstThatOpens(identity, [bent], belongs)).toBeUndefined();
    expect(() => firstThatOpens(identity, [bent, foreign], belongs)).toThrow('registry-unavailable');
  });

  it('is not opened by another identity key, nor from the row of somebody else', () => {
    expect(() => keyOf({ ...identity, secret: Buffer.alloc(32, 4) }, person)).toThrow();
    expect(() => keyOf(identity, { ...person, personId: other })).toThrow();
    const key = keyOf(identity, person);
    expect(() => iinOf(key, { ...person, personId: other })).toThrow();
  });
});
