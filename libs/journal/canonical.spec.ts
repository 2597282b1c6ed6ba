import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonical, readCanonical } from './canonical.js';

describe('the canonical form', () => {
  it('is that of the example in RFC 8785 §3.2.2', () => {
    const example = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '€$\u000F\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonical(example)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('orders members by UTF-16 units, as in RFC 8785 §3.2.3', () => {
    const members = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonical(members)) as object)).toHaveLength(7);
    expect(canonical(members)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\u{1f600}":5,"\ufb33":3}');
  });

  it('of flat objects is the same as by the long way', () => {
    const member = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), member), (value) => {
        expect(canonical(value)).toBe(canonicalize(value));
      }),
    );
  });

  it('leaves absent members out', () => {
    expect(canonical({ b: undefined, a: 1 })).toBe('{"a":1}');
    expect(canonical({ b: undefined, a: { c: undefined } })).toBe('{"a":{}}');
  });

  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  it.each([
    ['not a number', { a: Number.NaN }],
    ['infinity', { a: -Infinity }],
    ['infinity further in', { a: [Infinity] }],
    ['a big integer', { a: 1n }],
    ['a circle', circle],
    ['half a surrogate pair', { a: 'x\ud800' }],
    ['half a surrogate pair after a backslash', { a: '\\\ud800' }],
    ['half a surrogate pair for a name', { '\udfff': 1, a: [] }],
  ])('does not exist for %s', (_, value) => {
    expect(() => canonical(value)).toThrow();
  });

  it('exists for a text that only looks like an escape', () => {
    expect(canonical({ a: '\\ud800' })).toBe('{"a":"\\\\ud800"}');
    expect(canonical({ a: '😀' })).toBe('{"a":"😀"}');
  });
});

describe('a canonical text', () => {
  it('gives back its object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = canonical(value);
        expect(readCanonical(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '',
    'null',
    '1',
    '"a"',
    '[]',
    '{"a":1} ',
    ' {"a":1}',
    '{ "a":1}',
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1.0}',
    '{"a":1e0}',
    '{"a":-0}',
    '{"a":9007199254740993}',
    '{"a":"\\u0061"}',
    '{"a":"\\/"}',
    '{"a":"\\ud800"}',
    '{"a":1}\n',
    '\ufeff{"a":1}',
  ])('is not %p', (text) => {
    expect(readCanonical(text)).toBeUndefined();
  });

  it('is never one too deep to be walked', () => {
    expect(readCanonical(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBeUndefined();
  });
});
