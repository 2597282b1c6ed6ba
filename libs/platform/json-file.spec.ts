import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readJsonFile } from './json-file.js';

it('a file of JSON is read when it means one thing, and is UTF-8', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tyiym-json-'));
  const file = join(folder, 'party.json');
  const read = (saved: string | Buffer): unknown => {
    writeFileSync(file, saved);
    return readJsonFile(file);
  };
  expect(read('{"clientId":"bank"}\r\n')).toEqual({ clientId: 'bank' });
  expect(() => read('{"clientId":"bank","clientId":"other"}')).toThrow('json-name-twice');
  expect(() => read('\ufeff{}')).toThrow('UTF-8 without a byte-order mark');
  expect(() => read(Buffer.from('{}', 'utf16le'))).toThrow('UTF-8 without a byte-order mark');
  expect(() => read('7')).toThrow('no JSON object');
  rmSync(folder, { recursive: true });
});
