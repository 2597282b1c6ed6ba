import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { faultOf, type JsonFault } from './strict-json.js';

const fault = (text: string | Buffer, values?: number): JsonFault | undefined =>
  faultOf(Buffer.from(text as string), { values });
const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
const numbered = (count: number): string =>
  `{${Array.from({ length: count }, (_, at) => `"n${at}":0`).join()}}`;

describe('a body', () => {
  it.each<[string, string | Buffer, JsonFault | undefined]>([
    ['in UTF-16', Buffer.from('{"iin":"1"}', 'utf16le'), undefined],
    ['that is no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'text-not-utf8'],
    ['with a character in more bytes than it needs', Buffer.from([0x22, 0xc0, 0x80, 0x22]), 'text-not-utf8'],
    ['with half a character as bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'text-not-utf8'],
    ['with half a character as an escape', '{"a":"\\ud83d"}', 'json-character-not-allowed'],
    ['with the other half', '{"a":"\\ude00"}', 'json-character-not-allowed'],
    ['with the halves apart', '{"a":"\\ud83d \\ude00"}', 'json-character-not-allowed'],
    ['with the halves turned', '{"a":"\\ude00\\ud83d"}', 'json-character-not-allowed'],
    ['with both halves', '{"a":"\\ud83d\\uDE00"}', undefined],
    ['with half a character that is escaped itself', '{"a":"\\\\ud83d"}', undefined],
    ['with U+0000', '{"a":"\\u0000"}', 'json-character-not-allowed'],
    ['of sixteen levels', nested(16), undefined],
    ['of seventeen levels', nested(17), 'json-too-deep'],
    ['of 300 000 lists', '['.repeat(300_000), 'json-list-in-list'],
    ['of 300 000 lists of objects', '[{"a":'.repeat(300_000), 'json-too-deep'],
    ['with a list in a list', '{"persons":[[{"iin":"1"}]]}', 'json-list-in-list'],
    ['with a list in the second place of a list', '{"a":[1,[]]}', 'json-list-in-list'],
    ['with a list in an object in a list', '{"a":[{"b":[1]}]}', undefined],
    ['of a million objects', `[${'{},'.repeat(1_000_000)}{}]`, 'json-too-many-values'],
    ['of a million members', numbered(1_000_000), 'json-too-many-values'],
    ['that closes more than it opened', '[]]', 'json-malformed'],
    ['with a text that does not end', '{"a":"b', 'json-malformed'],
    ['with a text that ends in a backslash', '{"a":"b\\', 'json-malformed'],
    ['with a long text', `{"a":"${'x'.repeat(131_073)}"}`, 'json-string-too-long'],
    ['with a name twice', '{"iin":"1","iin":"2"}', 'json-name-twice'],
    ['with a name twice, once escaped', '{"iin":"1","\\u0069in":"2"}', 'json-name-twice'],
    ['with a name twice, in capitals of the escape', '{"\\u006Ba":1,"\\u006ba":2}', 'json-name-twice'],
    ['with the empty name twice', '{"":1,"":2}', 'json-name-twice'],
    ['with a name twice, far inside', '[{"a":[{"b":{"c":1,"d":2,"c":3}}]}]', 'json-name-twice'],
    ['with a name twice, around an object with it', '{"a":{"a":1},"b":2,"a":3}', 'json-name-twice'],
    ['with a name in two objects', '[{"a":1,"b":{"a":1}},{"a":1}]', undefined],
    ['with a name that is also a text', '{"a":"a","b":["a","a"]}', undefined],
    ['with names that differ in one accent', '{"é":1,"e\\u0301":2}', undefined],
    ['with a thousand names', numbered(1_000), undefined],
    ['with a thousand names and one again', `${numbered(1_000).slice(0, -1)},"n7":1}`, 'json-name-twice'],
    ['with one again, escaped', `${numbered(1_000).slice(0, -1)},"\\u006e7":1}`, 'json-name-twice'],
    ['with a prototype', '{"a":{"__proto__":{}}}', 'json-name-not-allowed'],
    ['with a prototype, escaped', '{"\\u005f_proto__":{}}', 'json-name-not-allowed'],
    ['with a constructor', '{"constructor":1}', 'json-name-not-allowed'],
    ...['hasOwnProperty', 'toString', 'valueOf', 'isPrototypeOf', '__defineGetter__', 'prototype'].map(
      (name): [string, string, JsonFault] => [
        `with ${name}, which every object has`,
        `{"a":[{"b":1,"${name}":2}]}`,
        'json-name-not-allowed',
      ],
    ),
    ['with names like those', '{"tostring":1,"then":1,"toJSON":1,"length":1,"__proto":1}', undefined],
    ['that speaks of a prototype', '{"a":"__proto__"}', undefined],
  ])('%s', (_, text, expected) => {
    expect(fault(text)).toBe(expected);
  });

  it.each([
    ['{"list":[1,2,3]}', 5],
    ['[]', 1],
    ['[{},{ },{\n},{}]', 5],
    ['{"a":{},"b":[{},""]}', 5],
    ['"text"', 1],
    ['[{"a":1,"b":"1,2,[3"}]', 4],
  ])('%s has %i values', (text, values) => {
    expect([fault(text, values), fault(text, values - 1)]).toEqual([undefined, 'json-too-many-values']);
  });
});

/** The plainest reader of JSON there is: what the one above says without building anything. */
function slowFault(text: string, most: number): JsonFault | undefined {
  let at = 0;
  let values = 0;
  const faults = new Set<JsonFault>();
  const sticky = (pattern: RegExp): readonly string[] => {
    pattern.lastIndex = at;
    return pattern.exec(text) ?? [];
  };
  const space = (): void => {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at += 1;
  };
  const string = (): string => {
    const [raw = ''] = sticky(/"(?:[^"\\]|\\.)*"/suy);
    at += raw.length;
    const value = JSON.parse(raw) as string;
    if (/\0|\p{Surrogate}/u.test(value)) faults.add('json-character-not-allowed');
    return value;
  };
  const members = (end: string, member: () => void): void => {
    at += 1;
    for (space(); text[at] !== end; space()) {
      member();
      space();
      if (text[at] === ',') at += 1;
    }
    at += 1;
  };
  const value = (depth: number, isInList = false): void => {
    space();
    values += 1;
    const first = text[at];
    if ((first === '{' || first === '[') && depth === 16) faults.add('json-too-deep');
    if (first === '[' && isInList) faults.add('json-list-in-list');
    if (first === '"') string();
    else if (first === '[') members(']', () => value(depth + 1, true));
    else if (first === '{') {
      const names = new Set<string>();
      members('}', () => {
        const name = string();
        if (names.has(name)) faults.add('json-name-twice');
        if (name === 'prototype' || name in Object.prototype) faults.add('json-name-not-allowed');
        names.add(name);
        space();
        at += 1;
        value(depth + 1);
      });
    } else at += (sticky(/[^,\]}\s]+/y)[0] ?? '').length;
  };
  value(0);
  if (values > most) faults.add('json-too-many-values');
  return faults.values().next().value;
}

describe('over any JSON', () => {
  const names = fc.constantFrom(
    'a',
    'b',
    '\\u0061',
    'é',
    '\\u00e9',
    '',
    '\\"',
    '\\\\',
    '__proto__',
    'toString',
    '\\ud800',
  );
  const space = fc.constantFrom('', ' ', '\n\t');
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'xsmall', maxDepth: 5 },
      fc.constantFrom('1', '-0.5e3', 'true', 'null', '"a"', '"{,[\\""', '"\\u0000"', '"\\ud83d\\ude00"'),
      fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
      fc
        .array(fc.tuple(names, space, tie('json')), { maxLength: 6 })
        .map(
          (members) =>
            `{${members.map(([name, gap, item]) => `${gap}"${name}"${gap}:${item}${gap}`).join()}}`,
        ),
    ),
  }));

  it('it says what the plainest reader says', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 1, max: 60 }), (text, most) => {
        JSON.parse(text);
        expect(fault(text, most) === undefined).toBe(slowFault(text, most) === undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  it('it stands any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each)),
      fc
        .string({ unit: fc.constantFrom(...'{}[]",:\\u0d8e'), maxLength: 60 })
        .map((each) => Buffer.from(each)),
    );
    fc.assert(
      fc.property(bytes, (each) => {
        const said = faultOf(each, { values: 20 });
        expect(said === undefined || /^(json|text)-/.test(said)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
