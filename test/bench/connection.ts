/**
 * One keep-alive connection of the hammer with one request at a time. Written for this because the client shares the
 * processors with what it measures: undici takes about three times as much for a request and its answer.
 * It knows what our servers send, an answer with Content-Length, and takes everything else for a fault.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where to, and the client certificate for mutual TLS; without `tls` it is plain HTTP. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
}

/** What came: the body is only good during the call. */
export type OnAnswer = (status: number, body: Buffer, head: string) => void;

const endOfHead = Buffer.from('\r\n\r\n');

export class Connection {
  private onAnswer: OnAnswer | undefined;
  private onLost: ((reason: string) => void) | undefined;
  /** What came of an answer that is not whole yet, and how long it will be once its head is known. */
  private begun: { readonly chunks: Buffer[]; length: number; readonly whole: number } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.lose(error.code ?? 'error'));
    socket.on('close', () => this.lose('closed'));
  }

  /** Resolves once requests can be sent. @throws the socket's error */
  static open({ host, port, tls }: Target): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = tls ? connectTls({ host, port, ...tls }) : connect({ host, port });
      socket.once('error', reject);
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends one whole request; exactly one of the two is called, once. */
  send(request: string, onAnswer: OnAnswer, onLost: (reason: string) => void): void {
    if (this.socket.destroyed) return onLost('closed');
    this.onAnswer = onAnswer;
    this.onLost = onLost;
    this.socket.write(request, 'latin1');
  }

  close(): void {
    this.onLost = undefined;
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    const { begun } = this;
    if (begun !== undefined) {
      begun.chunks.push(chunk);
      begun.length += chunk.length;
      // Put together once: the answer to a large batch comes in hundreds of pieces.
      if (begun.length < begun.whole) return;
      this.begun = undefined;
    }
    const bytes = begun === undefined ? chunk : Buffer.concat(begun.chunks);
    const headEnd = bytes.indexOf(endOfHead);
    if (headEnd === -1) return this.wait(bytes, 0);
    const head = bytes.toString('latin1', 0, headEnd);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    const bodyAt = headEnd + endOfHead.length;
    if (length === undefined) return this.lose('an answer without Content-Length');
    const end = bodyAt + Number(length);
    if (bytes.length < end) return this.wait(bytes, end);
    if (bytes.length > end || this.onAnswer === undefined) return this.lose('more came than was asked for');
    const { onAnswer } = this;
    this.onAnswer = undefined;
    this.onLost = undefined;
    onAnswer(Number(head.slice(9, 12)), bytes.subarray(bodyAt, end), head);
  }

  private wait(bytes: Buffer, whole: number): void {
    this.begun = { chunks: [bytes], length: bytes.length, whole };
  }

  private lose(reason: string): void {
    const { onLost } = this;
    this.onAnswer = undefined;
    this.onLost = undefined;
    this.socket.destroy();
    onLost?.(reason);
  }
}
