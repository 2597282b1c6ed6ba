/**
 * A public log in memory, as the signer and the web server in front of its files would make it: leaves, tiles of every
 * published size, checkpoints with cosignatures, served on a port of 127.0.0.1 when asked. Any file can be bent.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { checkpointText, cosign, makeVkey, parseVkey, signNote, type Vkey } from '#libs/tlog/note.js';
import { edgeRoot, emptyEdge, growEdge, partialFiles, type Edge } from '#libs/tlog/tile-building.js';
import type { TileAt } from '#libs/tlog/tile.js';
import { tilePath } from '#libs/tlog/tile.js';
import { consistencyProof, inclusionProof } from '#libs/tlog/tile-reading.js';
import { formatTlogProof } from '#libs/tlog/tlog-proof.js';

export interface NamedKey {
  readonly name: string;
  readonly key: KeyObject;
  readonly vkey: string;
  readonly parsed: Vkey;
}

/** A key of a log, or of a witness. */
export function namedKey(name: string, kind: 'note' | 'cosignature'): NamedKey {
  const key = generateKeyPairSync('ed25519').privateKey;
  const vkey = makeVkey(name, key, kind);
  return { name, key, vkey, parsed: parseVkey(vkey) };
}

/** The leaf that a test puts at a place when it has none of its own: as long as a real one. */
export const plainLeaf = (at: number): Buffer => Buffer.from(`{"c":"${String(at).padStart(43, 'A')}","v":1}`);

export class PublishedLog {
  readonly key: NamedKey;
  /** Everything that is served, by path without a slash in front. */
  readonly files = new Map<string, Buffer>();
  private edge: Edge = emptyEdge;
  private server: Server | undefined;

  constructor(origin = 'sandbox.tyiym.kz/journal/1', key = namedKey(origin, 'note')) {
    this.key = key;
    this.files.set('vkeys', Buffer.from(`${key.vkey}\n`));
  }

  /** The same log, to go another way from here. */
  copy(): PublishedLog {
    const copy = new PublishedLog(this.key.name, this.key);
    for (const [path, bytes] of this.files) copy.files.set(path, bytes);
    copy.edge = this.edge;
    return copy;
  }

  get size(): number {
    return this.edge.size;
  }

  get root(): Buffer {
    return edgeRoot(this.edge);
  }

  append(leaves: readonly Buffer[]): void {
    const { edge, full } = growEdge(this.edge, leaves);
    this.edge = edge;
    for (const { path, bytes } of full) this.files.set(path, bytes);
  }

  /** Leaves that say nothing, up to a size. */
  growTo(size: number): this {
    this.append(Array.from({ length: size - this.size }, (_, at) => plainLeaf(this.size + at)));
    return this;
  }

  /** Publishes what there is; witnesses sign at these times. @returns the note */
  publish(...cosigners: readonly (readonly [NamedKey, time: number])[]): string {
    for (const { path, bytes } of partialFiles(this.edge)) this.files.set(path, bytes);
    const text = checkpointText(this.key.name, this.size, this.root);
    const lines = cosigners.map(([{ name, key }, time]) => cosign(text, name, key, time));
    const note = signNote(text, this.key.name, this.key.key) + lines.join('');
    this.files.set('checkpoint', Buffer.from(note));
    return note;
  }

  readonly read = async (at: TileAt): Promise<Buffer> => {
    const bytes = this.files.get(tilePath(at));
    if (bytes === undefined) throw new Error(`no ${tilePath(at)}`);
    return bytes;
  };

  /** A `.tlog-proof` under the published checkpoint. */
  async proofOf(index: number, note = String(this.files.get('checkpoint'))): Promise<string> {
    return formatTlogProof({
      index,
      proof: await inclusionProof(this.read, index, this.size),
      checkpoint: note,
    });
  }

  consistencyFrom(size: number): Promise<Buffer[]> {
    return consistencyProof(this.read, size, this.size);
  }

  /** Serves the files. @returns the base URL */
  async listen(): Promise<string> {
    this.server = createServer(({ url = '' }, response) => {
      const bytes = this.files.get(url.slice(1));
      response.writeHead(bytes ? 200 : 404).end(bytes);
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
  }

  /** Writes the files below a folder, for programs that read no network. */
  writeTo(folder: string): void {
    for (const [path, bytes] of this.files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
  }
}
