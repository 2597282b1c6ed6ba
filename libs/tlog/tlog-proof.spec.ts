import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';

const hashes = [1, 2, 3].map((n) => createHash('sha256').update(Buffer.of(n)).digest());
const checkpoint =
  'example.kz/log\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.kz/log AAAAAAAA\n';
const text = formatTlogProof({ index: 4, proof: hashes, checkpoint });
const [one, two, three] = hashes.map((hash) => hash.toString('base64'));

describe('a tlog-proof', () => {
  it('is its name, the index, a hash a line, a blank line and the checkpoint', () => {
    expect(text).toBe(`c2sp.org/tlog-proof@v1\nindex 4\n${one}\n${two}\n${three}\n\n${checkpoint}`);
    expect(parseTlogProof(text)).toEqual({ index: 4, proof: hashes, checkpoint });
  });

  it('of the only leaf has no hashes', () => {
    const alone = formatTlogProof({ index: 0, proof: [], checkpoint });
    expect(alone).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`);
    expect(parseTlogProof(alone)).toEqual({ index: 0, proof: [], checkpoint });
  });

  it('may carry an extra line of others', () => {
    const extended = text.replace('\nindex', '\nextra aGVsbG8=\nindex');
    expect(parseTlogProof(extended)).toEqual({
      index: 4,
      proof: hashes,
      checkpoint,
      extra: Buffer.from('hello'),
    });
  });

  it.each([
    ['nothing', ''],
    ['another version', text.replace('@v1', '@v2')],
    ['no index', text.replace('index 4\n', '')],
    ['a leading zero', text.replace('index 4', 'index 04')],
    ['a negative index', text.replace('index 4', 'index -4')],
    ['an index beyond 2^53', text.replace('index 4', 'index 9007199254740993')],
    ['two spaces', text.replace('index 4', 'index  4')],
    ['a blank behind', text.replace('index 4', 'index 4 ')],
    ['a short hash', text.replace(one ?? '', hashes[0]?.subarray(1).toString('base64') ?? '')],
    ['a hash in base64url', text.replace(one ?? '', hashes[0]?.toString('base64url') ?? '')],
    ['a carriage return', text.replace('index 4\n', 'index 4\r\n')],
    ['an extra line behind the index', text.replace('index 4\n', 'index 4\nextra aGVsbG8=\n')],
    ['two extra lines', text.replace('\nindex', '\nextra aGVsbG8=\nextra aGVsbG8=\nindex')],
    ['an extra line that is not base64', text.replace('\nindex', '\nextra ***\nindex')],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 2)],
    ['no blank line', text.slice(0, text.indexOf('\n\n'))],
    ['54 hashes', text.replace(one ?? '', Array.from({ length: 52 }, () => one).join('\n'))],
    ['a million letters', `${text}${'x'.repeat(1_000_000)}`],
  ])('is refused with %s', (_, spelled) => {
    expect(() => parseTlogProof(spelled)).toThrow();
  });

  it('is not made of half an index or a short hash', () => {
    expect(() => formatTlogProof({ index: 0.5, proof: [], checkpoint })).toThrow();
    expect(() => formatTlogProof({ index: 0, proof: [Buffer.alloc(31)], checkpoint })).toThrow();
  });
});
