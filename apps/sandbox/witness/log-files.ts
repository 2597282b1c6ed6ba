/** The public files of a log over HTTP: what the mirror copies. */
import { gunzipSync } from 'node:zlib';
import { request } from 'undici';

const timeoutMs = 5_000;
/** A full bundle of this log has 16 kB; this stops a log that never ends to speak. */
const lengthLimit = 4_000_000;

/** Reads files below a base URL; 404 is undefined. @throws Error when the log cannot be reached */
export function logFiles(base: string): (path: string) => Promise<Buffer | undefined> {
  return async (path) => {
    const asked = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    const { statusCode, headers, body } = await request(`${base}/${path}`, asked);
    if (statusCode !== 200) await body.dump();
    if (statusCode === 404) return undefined;
    if (statusCode !== 200) throw new Error(`${path}: status ${statusCode}`);
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > lengthLimit) throw new Error(`${path} is too long`);
      parts.push(part);
    }
    const bytes = Buffer.concat(parts);
    return headers['content-encoding'] === 'gzip'
      ? gunzipSync(bytes, { maxOutputLength: lengthLimit })
      : bytes;
  };
}
