/** A witness that answers what it is told to, whatever it is asked, and keeps what it was asked. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { cosign } from '#libs/tlog/note.js';
import { namedKey, type NamedKey } from './published-log.js';

/** One answer; the last of a script is given again and again. */
export type Answer = (note: string, response: ServerResponse) => void;

export class ScriptedWitness {
  readonly key: NamedKey;
  /** Bodies, in the order in which they came. */
  readonly asked: string[] = [];
  script: readonly Answer[] = [];
  private readonly server: Server;

  private constructor(name: string) {
    this.key = namedKey(name, 'cosignature');
    this.server = createServer((request, response) => {
      void text(request).then((body) => {
        const answer = this.script[this.asked.push(body) - 1] ?? this.script.at(-1);
        answer?.(body.slice(body.indexOf('\n\n') + 2), response);
      });
    });
  }

  static async start(name = 'witness.example/w1'): Promise<ScriptedWitness> {
    const witness = new ScriptedWitness(name);
    witness.server.listen(0, '127.0.0.1');
    await once(witness.server, 'listening');
    return witness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Sizes it was told that it had cosigned last. */
  get oldSizes(): readonly number[] {
    return this.asked.map((body) => Number(/^old (\d+)\n/.exec(body)?.[1]));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Its line under what it is asked to cosign. */
  lineFor(note: string, { name, key }: NamedKey = this.key): string {
    return cosign(note.slice(0, note.lastIndexOf('\n\n') + 1), name, key, 1_764_000_000);
  }

  /** Cosigns. */
  readonly yes: Answer = (note, response) => void response.end(this.lineFor(note));
}

/** A status with a body. */
export const says =
  (status: number, body: string | Buffer = '', type = 'text/plain'): Answer =>
  (_note, response) =>
    void response.writeHead(status, { 'content-type': type }).end(body);

/** 409: it cosigned this size last. */
export const knows = (size: number): Answer => says(409, `${size}\n`, 'text/x.tlog.size');
