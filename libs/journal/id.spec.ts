import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '#libs/problem/problem.js';
import { idKinds, idToUuid, isId, newId, newUuid, uuidToId } from './id.js';

const at = Date.parse('2026-11-23T09:30:00.250Z');
/** The same number by another way: BigInt in radix 32, letters exchanged one by one. */
const bySlowWay = (uuid: string) =>
  BigInt(`0x${uuid.replaceAll('-', '')}`)
    .toString(32)
    .padStart(26, '0')
    .replace(/./g, (digit) => '0123456789abcdefghjkmnpqrstvwxyz'.charAt(parseInt(digit, 32)));
const uuids = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 74n - 1n }))
  .map(([time, random]) => {
    const high = (random >> 62n).toString(16).padStart(3, '0');
    const low = ((random & (2n ** 62n - 1n)) | (2n << 62n)).toString(16);
    const hex = `${time.toString(16).padStart(12, '0')}7${high}${low}`;
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  });

describe('an id', () => {
  it('is that of the TypeID specification', () => {
    // From the list of valid TypeIDs that the specification publishes.
    expect(uuidToId('app', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('app_01h455vb4pex5vsknk084sn02q');
    expect(idToUuid('app', 'app_01h455vb4pex5vsknk084sn02q')).toBe('01890a5d-ac96-774b-bcce-b302099a8057');
  });

  it('and its UUID are each other for every UUIDv7', () => {
    fc.assert(
      fc.property(uuids, fc.constantFrom(...idKinds), (uuid, kind) => {
        const id = uuidToId(kind, uuid);
        expect(id).toBe(`${kind}_${bySlowWay(uuid)}`);
        expect(idToUuid(kind, id)).toBe(uuid);
      }),
    );
  });

  it('holds its instant in the first 48 bits, so that ids sort by time', () => {
    expect(parseInt(idToUuid('chk', newId('chk', at)).replace('-', '').slice(0, 12), 16)).toBe(at);
    expect(newId('ent', at) < newId('ent', at + 1)).toBe(true);
    expect(newUuid(at)).not.toBe(newUuid(at));
  });

  const id = newId('chk', at);
  const digits = id.slice(4);
  it.each([
    ['nothing', undefined],
    ['a number', 1],
    ['a list of one id', [id]],
    ['empty', ''],
    ['the kind alone', 'chk_'],
    ['of another kind', `ent_${digits}`],
    ['without its kind', digits],
    ['in capitals', id.toUpperCase()],
    ['with a capital', `chk_${digits.slice(0, -1)}Z`],
    ['a digit too long', `${id}0`],
    ['a digit too short', id.slice(0, -1)],
    ['beyond 128 bits', `chk_8${digits.slice(1)}`],
    ['with an i', `chk_${digits.slice(0, -1)}i`],
    ['with an l', `chk_${digits.slice(0, -1)}l`],
    ['with an o for a zero', `chk_o${digits.slice(1)}`],
    ['with a u', `chk_${digits.slice(0, -1)}u`],
    ['with a newline', `${id}\n`],
    ['with a blank before it', ` ${id}`],
    ['a UUID', idToUuid('chk', id)],
    ['a UUIDv4', `chk_${bySlowWay('01890a5d-ac96-474b-bcce-b302099a8057')}`],
    ['of another variant', `chk_${bySlowWay('01890a5d-ac96-774b-7cce-b302099a8057')}`],
    ['the number zero', `chk_${'0'.repeat(26)}`],
  ])('is of nothing when it is %s', (_, spelled) => {
    expect(() => idToUuid('chk', spelled)).toThrow(new Problem('not-found'));
    expect(isId('chk', spelled)).toBe(false);
  });

  it('is made of nothing but a UUIDv7', () => {
    expect(() => uuidToId('chk', '01890a5d-ac96-474b-bcce-b302099a8057')).toThrow('UUIDv7');
    expect(() => uuidToId('chk', idToUuid('chk', id).toUpperCase())).toThrow('UUIDv7');
    expect(isId('chk', id)).toBe(true);
  });
});
