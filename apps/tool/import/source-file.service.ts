/** Reads one delivery as a stream, line by line: the memory it takes does not depend on how long it is. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { ImportRefused } from './import-refused.js';
import {
  readSourceLine,
  sourceOfHeader,
  type LineFault,
  type ReadingTime,
  type SourceLine,
  type SourceName,
} from './sources.js';

export interface FileLine {
  readonly source: SourceName;
  /** From 1, which is the header. */
  readonly line: number;
  readonly read: SourceLine | LineFault;
}

/** Bytes of a line that are read. No honest line has as many, so a line that was cut here is left out by its columns. */
const longestLine = 1024;
const lineFeed = 0x0a;

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Gives each line to `take`, in order.
 * @param onBytes told of bytes as they are read
 * @returns the source, and the SHA-256 of the whole file in base64url
 * @throws ImportRefused when its first line is the header of no source, or it is not in UTF-8
 */
export async function readSourceFile(
  path: string,
  now: ReadingTime,
  take: (line: FileLine) => Promise<void> | void,
  onBytes: (count: number) => void,
): Promise<{ readonly source: SourceName; readonly sha256: string }> {
  const hash = createHash('sha256');
  const parser = parse({
    bom: true,
    info: true,
    // A quotation mark is a letter like any other, or an odd one would swallow the lines after it.
    quote: null,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
  });
  const reading = pipeline(
    createReadStream(path),
    async function* (bytes: AsyncIterable<Buffer>) {
      for await (const some of bytes) {
        hash.update(some);
        onBytes(some.length);
        yield some;
      }
    },
    async function* (bytes: AsyncIterable<Buffer>) {
      const cut = lineCutter();
      let isFirst = true;
      for await (const some of bytes) {
        if (isFirst && isUtf16(some)) throw new ImportRefused(`${path} is in UTF-16: deliver it in UTF-8`);
        isFirst = false;
        yield cut(some);
      }
    },
    parser,
  );
  // It is awaited below; until then a failure reaches whoever reads from the parser.
  reading.catch(() => undefined);
  let source: SourceName | undefined;
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    if (source !== undefined) {
      await take({ source, line: info.lines, read: readSourceLine(source, record, now) });
      continue;
    }
    source = sourceOfHeader(record);
    if (source === undefined)
      throw new ImportRefused(
        `${path} begins with the header of no source; it is to be CSV in UTF-8, without quotation marks`,
      );
  }
  await reading;
  if (source === undefined) throw new ImportRefused(`${path} is empty`);
  return { source, sha256: hash.digest('base64url') };
}

/**
 * Drops of each line what is beyond the longest: so a line without an end costs no memory, and stops none of the others.
 * @returns what is left of each part, in turn
 */
function lineCutter(): (some: Buffer) => Buffer {
  let taken = 0;
  return (some) => {
    const kept: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < some.length;) {
      const feed = some.indexOf(lineFeed, at);
      const end = feed === -1 ? some.length : feed;
      const room = longestLine - taken;
      if (end - at > room) {
        kept.push(some.subarray(from, at + room));
        from = end;
      }
      taken = feed === -1 ? Math.min(longestLine, taken + end - at) : 0;
      at = end + 1;
    }
    return from === 0 ? some : Buffer.concat([...kept, some.subarray(from)]);
  };
}

/** UTF-16 by its mark, which the parser would take for another delivery than the one that was agreed on. */
function isUtf16(some: Buffer): boolean {
  const mark = some.subarray(0, 2).toString('hex');
  return mark === 'fffe' || mark === 'feff';
}
