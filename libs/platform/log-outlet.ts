/**
 * Where log lines leave the process. A write never waits for the reader: what a full pipe, socket or terminal does not
 * take stays in a bounded queue, and what finds no room there is dropped and counted. The descriptor is non-blocking, so
 * each write is one system call of this thread: the outlet always knows which bytes are out, and a crash can still send
 * its last line behind a line that was begun. A thread of libuv's pool would stay in the call, and the exit with it.
 */
import { writeSync } from 'node:fs';

export interface OutletSettings {
  readonly fd: number;
  /** Bytes that may wait for the reader. */
  readonly maxBytes: number;
  /** Called for each line that is dropped. */
  onDrop(): void;
  /** Called with the count of dropped lines once half of the queue is free again; may write. */
  onFlow(dropped: number): void;
  /** Called once, when nobody can read any more. */
  onGone(): void;
}

/** Short for the reader who came back, long for the processor while nobody reads. */
const retryMs = 10;
/** The reader is gone for good. Everything else, such as a full pipe or a full disk, may pass. */
const goneCodes: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET', 'ENOTCONN', 'EBADF']);

export class LogOutlet {
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private dropped = 0;
  private isHeadBegun = false;
  private isGone = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly settings: OutletSettings) {}

  /** Sends a line, or keeps it until the reader takes it, or drops it. Never waits. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.isGone || this.waitingBytes + bytes.length > this.settings.maxBytes) return this.drop();
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.retry === undefined) this.flow();
  }

  /** Sends a line before all that wait, because the process may not live to send those. Never dropped. */
  writeFirst(line: string): void {
    const bytes = Buffer.from(line);
    this.waiting.splice(this.isHeadBegun ? 1 : 0, 0, bytes);
    this.waitingBytes += bytes.length;
    if (this.retry === undefined) this.flow();
  }

  /** Sends what waits, in this turn, for so long at most: for the exit, after which no turn comes. */
  flushSync(forMs: number): void {
    const end = performance.now() + forMs;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (;;) {
      this.flow();
      if (this.waiting.length === 0 || performance.now() >= end) return;
      Atomics.wait(cell, 0, 0, 10);
    }
  }

  /** Writes until nothing waits or the reader takes no more; then tries again later. */
  private flow(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    try {
      for (let head = this.waiting[0]; head !== undefined; head = this.waiting[0]) this.send(head);
    } catch (error) {
      if (goneCodes.has((error as NodeJS.ErrnoException).code)) return this.leave();
      this.retry = setTimeout(() => this.flow(), retryMs).unref();
    }
    if (this.dropped === 0 || this.waitingBytes > this.settings.maxBytes / 2) return;
    const { dropped } = this;
    this.dropped = 0;
    this.settings.onFlow(dropped);
  }

  private send(head: Buffer): void {
    const sent = writeSync(this.settings.fd, head);
    this.waitingBytes -= sent;
    this.isHeadBegun = sent < head.length;
    if (this.isHeadBegun) this.waiting[0] = head.subarray(sent);
    else this.waiting.shift();
  }

  private drop(): void {
    this.dropped += 1;
    this.settings.onDrop();
  }

  private leave(): void {
    this.waiting.splice(0);
    this.waitingBytes = 0;
    // Told once: the lines of an orderly end have no reader either.
    if (this.isGone) return;
    this.isGone = true;
    this.settings.onGone();
  }
}
