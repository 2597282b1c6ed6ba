/** The verifiers that partners copy, given files as editors and shells save them. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openJudges, type Judges } from '../support/judges.js';

let judges: Judges;
beforeAll(() => {
  judges = openJudges();
}, 240_000);
afterAll(() => judges.close());

const hash = Buffer.alloc(32, 7).toString('base64');
const line = JSON.stringify({ leafHash: hash, index: 0, size: 1, proof: [], root: hash });

it.each([
  ['with a mark', Buffer.from(`\ufeff${line}`)],
  ['in UTF-16', Buffer.from(line, 'utf16le')],
  ['in UTF-16 with a mark', Buffer.from(`\ufeff${line}`, 'utf16le')],
  ['in a code page', Buffer.from(`${line}\n{"a":"\xe9"}`, 'latin1')],
])('a question %s is told so by each alike', (_, bytes) => {
  expect(judges.said(bytes)).toEqual(Array(3).fill({ error: expect.stringMatching(/^encoding: /) }));
});

it.each([line, `${line}\r\n`, `\n${line}\n`])('a question saved as %j is answered by each alike', (saved) => {
  expect(judges.said(Buffer.from(saved))).toEqual(Array(3).fill({ level: 'included' }));
});
