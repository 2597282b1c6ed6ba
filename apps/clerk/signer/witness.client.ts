/**
 * Asks a witness to cosign a checkpoint (C2SP tlog-witness `add-checkpoint`). A witness is an outsider: what it answers
 * is a line that verifies under its pinned key, a size it has seen, or nothing that counts.
 */
import { Pool } from 'undici';
import { verifyNote, type Vkey } from '#libs/tlog/note.js';

/** A witness as the configuration names it. */
export interface WitnessAddress {
  readonly url: string;
  readonly vkey: Vkey;
}

/** What is sent: `old` and the proof that the checkpoint grew from it. */
export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Buffer[];
  /** The note, with the log's signature. */
  readonly note: string;
}

export type WitnessAnswer =
  /** Its line, with the newline. */
  | { readonly cosignature: string }
  /** It cosigned this size last, and so must be asked from there. */
  | { readonly size: number }
  /** 403, 404, 422 and whatever else: it does not take this checkpoint for a growth of what it cosigned. */
  | { readonly refused: number };

const answerLimit = 4096;

export class WitnessClient {
  readonly vkey: Vkey;
  private readonly pool: Pool;
  private readonly path: string;

  /** @param timeoutMs after which the checkpoint is published without this witness */
  constructor(
    { url, vkey }: WitnessAddress,
    private readonly timeoutMs: number,
  ) {
    const { origin, pathname } = new URL(url);
    this.pool = new Pool(origin, { connections: 1, connect: { timeout: timeoutMs } });
    this.path = `${pathname.replace(/\/$/, '')}/add-checkpoint`;
    this.vkey = vkey;
  }

  /** @throws when it cannot be reached in time, or answers what nobody asked for. */
  async addCheckpoint({ oldSize, proof, note }: AddCheckpoint): Promise<WitnessAnswer> {
    const lines = [`old ${oldSize}`, ...proof.map((hash) => hash.toString('base64'))];
    const { statusCode, headers, body } = await this.pool.request({
      method: 'POST',
      path: this.path,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: `${lines.join('\n')}\n\n${note}`,
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    const text = await textOf(body);
    if (statusCode === 200) return { cosignature: this.lineOf(note, text) };
    const size = /^(0|[1-9]\d{0,15})\n$/.exec(text)?.[1];
    const isSize = statusCode === 409 && headers['content-type'] === 'text/x.tlog.size' && size !== undefined;
    return isSize ? { size: Number(size) } : { refused: statusCode };
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  /** The line of the witness's pinned key among those it sent; it may have other keys, too. */
  private lineOf(note: string, lines: string): string {
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
    const line = lines.split('\n').find((each) => this.verifies(`${text}\n${each}\n`));
    if (line === undefined) throw new Error(`${this.vkey.name} sent no cosignature of its key`);
    return `${line}\n`;
  }

  private verifies(note: string): boolean {
    try {
      return verifyNote(note, [this.vkey]).cosignatures.length === 1;
    } catch {
      return false;
    }
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > answerLimit) throw new Error('the answer of the witness is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
