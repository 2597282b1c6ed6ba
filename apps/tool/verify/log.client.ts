/**
 * The public log over the network, or a mirror of it: checkpoint, tiles, bundles, keys, openings. Everything that comes
 * back is somebody's word until it was hashed and compared with a signed root.
 */
import { gunzipSync } from 'node:zlib';
import { Agent, interceptors, request, type Dispatcher } from 'undici';
import type { JwksWithKinds } from '#libs/journal/verify-head.js';
import { beginningOf, tilePath, tileWidth, type TileAt } from '#libs/tlog/tile.js';

const timeoutMs = 10_000;
/** A full bundle of the longest leaves is 16 MiB; this log's leaves have 60 bytes. */
const lengthLimit = 1_000_000;

/** A connection that breaks among hundreds of thousands of files is no reason to begin anew. */
const patient = new Agent().compose(interceptors.retry({ maxRetries: 2, minTimeout: 100, maxTimeout: 1000 }));

/** The log did not give what was asked for. */
class LogUnreachable extends Error {}

export class LogClient {
  private readonly base: string;

  /**
   * @param url the log's base, by https; by http only on this machine, or anybody on the way could put in keys
   * @throws Error for another address
   */
  constructor(
    url: string,
    private readonly dispatcher: Dispatcher = patient,
  ) {
    const { protocol, hostname } = new URL(url);
    const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
    if (protocol !== 'https:' && !(protocol === 'http:' && isHere))
      throw new Error('a log is asked by https only');
    this.base = url.replace(/\/+$/, '');
  }

  /** The newest checkpoint with its signatures; undefined before there is one. */
  async checkpoint(): Promise<string | undefined> {
    return (await this.get('checkpoint'))?.toString('utf8');
  }

  /** vkeys as the log says them: whose they are is for the caller to know. */
  async vkeys(): Promise<readonly string[]> {
    return (await this.needed('vkeys')).toString('utf8').split('\n').filter(Boolean);
  }

  /** A tile or bundle. @throws LogUnreachable when it is not there */
  async tile(at: TileAt): Promise<Buffer> {
    return this.needed(tilePath(at));
  }

  /** The registry's public keys; undefined where they are not served, as by a mirror. */
  async jwks(): Promise<JwksWithKinds | undefined> {
    const value = await this.json('.well-known/jwks.json');
    if (value === undefined) return undefined;
    if (typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys))
      return { keys: value.keys };
    throw new LogUnreachable(`${this.base} holds no key set`);
  }

  /** A tile or bundle; undefined when it is not there. A partial one may have made room for the full one. */
  async file(at: TileAt): Promise<Buffer | undefined> {
    const found = await this.get(tilePath(at));
    if (found !== undefined || at.width === tileWidth) return found;
    const full = await this.get(tilePath({ ...at, width: tileWidth }));
    return full && beginningOf(at, full);
  }

  /** JSON at a path; undefined where there is none. */
  async json(path: string): Promise<unknown> {
    const body = await this.get(path);
    return body && (JSON.parse(body.toString('utf8')) as unknown);
  }

  private async needed(path: string): Promise<Buffer> {
    const body = await this.get(path);
    if (body === undefined) throw new LogUnreachable(`${this.base}/${path} is not there`);
    return body;
  }

  private async get(path: string): Promise<Buffer | undefined> {
    const url = `${this.base}/${path}`;
    try {
      const { statusCode, headers, body } = await request(url, {
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        dispatcher: this.dispatcher,
      });
      if (statusCode !== 200) await body.dump();
      if (statusCode === 404) return undefined;
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      const bytes = await wholeOf(body);
      // A log may compress without being asked, by C2SP tlog-tiles.
      const isPacked = headers['content-encoding'] === 'gzip';
      return isPacked ? gunzipSync(bytes, { maxOutputLength: lengthLimit }) : bytes;
    } catch (cause) {
      throw new LogUnreachable(`${url} gave no answer`, { cause });
    }
  }
}

/** The body, if it is no longer than anything a log has to say. */
async function wholeOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > lengthLimit) throw new Error('the answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
