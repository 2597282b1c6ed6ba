/**
 * Text as it is to be saved: UTF-8 without a mark. A file that an editor or a shell has saved otherwise holds the same
 * words and other bytes, so it is told apart from evidence that does not hold.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { faultOf } from '#libs/platform/strict-json.js';

/** A file that is to be saved again; `code` is stable. */
export class EncodingFault extends Error {
  readonly code = 'encoding';

  constructor(source: string, is: string) {
    super(`encoding: ${source} ${is}.`);
    this.name = 'EncodingFault';
  }
}

const marks: readonly (readonly [string, string])[] = [
  ['efbbbf', 'begins with a byte-order mark'],
  ['fffe', 'is in UTF-16'],
  ['feff', 'is in UTF-16'],
  ['0000feff', 'is in UTF-32'],
];

/** @throws EncodingFault */
export function plainText(bytes: Buffer, source: string): string {
  const begin = bytes.subarray(0, 4).toString('hex');
  const marked = marks.find(([mark]) => begin.startsWith(mark))?.[1];
  // Half of the bytes of Latin text in UTF-16 are zeros, and no text of ours has one.
  const is =
    marked ??
    (bytes.includes(0) ? 'is in UTF-16' : undefined) ??
    (isUtf8(bytes) ? undefined : 'is not in UTF-8');
  if (is !== undefined) throw new EncodingFault(source, `${is}: save it as UTF-8 without a byte-order mark`);
  return bytes.toString();
}

/** What a file says. @throws EncodingFault */
export function readPlainText(file: string): string {
  return plainText(readFileSync(file), file);
}

/**
 * A signed text (a checkpoint, a `.tlog-proof`), of which each line end is signed, too.
 * @throws EncodingFault
 */
export function withPlainLines(text: string, source: string): string {
  if (text.includes('\r')) throw new EncodingFault(source, 'has line ends of Windows: save it with LF alone');
  return text;
}

/** Why a text means one thing to one reader and another to the next; of other faults nothing is said here. */
export function doubleMeaning(text: string): { readonly code: string; readonly reason: string } | undefined {
  if (faultOf(Buffer.from(text)) !== 'json-name-twice') return undefined;
  return {
    code: 'json-name-twice',
    reason: 'A name stands twice in one object: one reader believes the first, another the last.',
  };
}
