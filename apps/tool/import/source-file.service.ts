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

/** Far above any honest line: a file without line ends is no delivery. */
const longestLine = 100_000;

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Gives each line to `take`, in order.
 * @param onBytes told of bytes as they are read
 * @returns the source, and the SHA-256 of the whole file in base64url
 * @throws ImportRefused when its first line is the header of no source, or a line has no end
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
    max_record_size: longestLine,
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
    parser,
  );
  // It is awaited below; until then a failure reaches whoever reads from the parser.
  reading.catch(() => undefined);
  let source: SourceName | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      if (source !== undefined) {
        await take({ source, line: info.lines, read: readSourceLine(source, record, now) });
        continue;
      }
      source = sourceOfHeader(record);
      if (source === undefined) throw new ImportRefused(`${path} begins with the header of no source`);
    }
    await reading;
  } catch (error) {
    const { code, lines } = error as { readonly code?: string; readonly lines?: number };
    if (code !== 'CSV_MAX_RECORD_SIZE') throw error;
    throw new ImportRefused(`${path}: line ${String(lines)} does not end`, { cause: error });
  }
  if (source === undefined) throw new ImportRefused(`${path} is empty`);
  return { source, sha256: hash.digest('base64url') };
}
