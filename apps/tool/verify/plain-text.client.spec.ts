import { describe, expect, it } from '@jest/globals';
import { doubleMeaning, plainText, withPlainLines } from './plain-text.client.js';
import { policyOf } from './policy.client.js';
import { namedKey } from '../../../test/support/published-log.js';

const text = '{"verdict":"clear","loanRef":"Ә-1"}';
const turned = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();

describe('a file', () => {
  it.each([
    ['with a mark', Buffer.from(`\ufeff${text}`), 'byte-order mark'],
    ['in UTF-16 with a mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'UTF-16'],
    ['in UTF-16 the other way round', turned(Buffer.from(`\ufeff${text}`, 'utf16le')), 'UTF-16'],
    ['in UTF-16 without a mark', Buffer.from(text, 'utf16le'), 'UTF-16'],
    ['in a code page', Buffer.from('{"a":"\xe9"}', 'latin1'), 'not in UTF-8'],
  ])('%s is told so, and how to save it', (_, bytes, is) => {
    expect(() => plainText(bytes, 'answer.json')).toThrow(
      new RegExp(`^encoding: answer.json .*${is}.*: save it as UTF-8 without a byte-order mark`),
    );
  });

  it.each([text, `${text}\n`, `${text}\r\n`, JSON.stringify(JSON.parse(text), null, 2), ''])(
    'that says %j is read as it is',
    (saved) => expect(plainText(Buffer.from(saved), 'answer.json')).toBe(saved),
  );

  it('of signed lines with the ends of Windows is told so', () => {
    expect(() => withPlainLines('origin\r\n5\r\n', 'checkpoint')).toThrow(/^encoding: .*LF/);
    expect(withPlainLines('origin\n5\n', 'checkpoint')).toBe('origin\n5\n');
  });

  it('that says one thing twice is told so, wherever it stands and however it is spelled', () => {
    for (const said of [
      '{"verdict":"refused","verdict":"clear"}',
      '{"receipt":{"entry":"a","\\u0065ntry":"b"}}',
    ])
      expect(doubleMeaning(said)).toMatchObject({ code: 'json-name-twice' });
    expect(doubleMeaning(text)).toBeUndefined();
  });
});

describe('a pinned key', () => {
  const log = namedKey('log.example/1', 'note').vkey;
  const witness = namedKey('witness.example/w1', 'cosignature').vkey;
  const fail = (said: string): never => {
    throw new Error(said);
  };

  it('of the other kind is refused by name, because left out it would read as a witness that was silent', async () => {
    await expect(policyOf({ logKey: [log], witness: [log], quorum: 1 }, fail)).rejects.toThrow(
      "a log's key and not a witness's",
    );
    await expect(policyOf({ logKey: [witness], witness: [witness] }, fail)).rejects.toThrow(
      "a witness's key and not a log's",
    );
    await expect(policyOf({ logKey: ['x'], witness: [] }, fail)).rejects.toThrow('this is no vkey');
    await expect(policyOf({ logKey: [log], witness: [witness], quorum: 1 }, fail)).resolves.toMatchObject({
      witnesses: [{ name: 'witness.example/w1' }],
    });
  });
});
