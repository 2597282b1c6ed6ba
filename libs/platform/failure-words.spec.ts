import { expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inWords } from './failure-words.js';
import { readJsonFile } from './json-file.js';

const folder = mkdtempSync(join(tmpdir(), 'tyiym-words-'));
const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

it('a failure of a file says what it is and what to do, in one sentence', () => {
  const file = join(folder, 'there.json');
  writeFileSync(file, '{ "iin": 1');
  const said = [
    () => readFileSync(join(folder, 'absent')),
    () => readFileSync(join(folder, 'no', 'folder')),
    () => writeFileSync(file, '', { flag: 'wx' }),
    () => readFileSync(folder),
    () => writeFileSync(join(file, 'below'), ''),
    () => readJsonFile(file),
  ].map((act) => inWords(thrownBy(act)).replaceAll(folder, '…'));
  expect(said).toEqual([
    '…/absent is not there (ENOENT): name a file that is',
    'the folder …/no is not there (ENOENT): make it, or name another',
    '…/there.json is there already, and nothing of it is overwritten (EEXIST): use it, take it away, or name another file',
    'EISDIR: illegal operation on a directory, read',
    '…/there.json/below is not below a folder (ENOTDIR): name another place',
    '…/there.json is not JSON in UTF-8 without a byte-order mark: write it again, or name another file',
  ]);
  for (const value of ['null', '7', '"text"']) {
    writeFileSync(file, value);
    expect(() => readJsonFile(file)).toThrow(/holds no JSON object or array/);
  }
  rmSync(folder, { recursive: true });
});

it('a place where nothing answers is named with what to start, also inside another failure', async () => {
  const refused = await new Promise((resolve) => connect(1, '127.0.0.1').once('error', resolve));
  const words =
    'nothing answers at 127.0.0.1:1 (ECONNREFUSED): start what listens there (the sandbox: npm start), or check the address, TYIYM_HOME and TYIYM_PORT_BASE';
  expect(inWords(refused)).toBe(words);
  expect(inWords(new AggregateError([refused], 'all', {}))).toBe('all');
  expect(inWords(Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' }))).toBe(words);
  expect(inWords(new TypeError('fetch failed', { cause: refused }))).toBe(words);
  expect(inWords(new Error('no checkpoint', { cause: refused }))).toBe(`no checkpoint (${words})`);
  expect(inWords('thrown')).toBe('thrown');
});
