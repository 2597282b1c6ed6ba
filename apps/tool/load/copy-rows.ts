/**
 * Rows as COPY … (FORMAT binary) reads them, in one piece of memory: as text each byte of a hash would be two letters, and
 * the server would read dates and numbers again, row after row. Texts are ASCII.
 *
 *     "PGCOPY\n" ff "\r\n" 00 · int32 flags · int32 length of what follows the header
 *     each row: int16 columns, and of each column: int32 length in bytes (−1: null) · bytes
 *     int16 −1
 */
import assert from 'node:assert/strict';
import type { Instant } from '#libs/journal/instant.js';

const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** 2000-01-01T00:00:00Z, from which PostgreSQL counts microseconds, in milliseconds. */
const epochMs = 946_684_800_000;
const mostOfInt32 = 0x1_0000_0000;

export class CopyRows {
  private memory: Buffer;
  private length = header.length;

  /** @param size bytes to begin with; more is taken as it is needed. */
  constructor(size: number) {
    this.memory = Buffer.allocUnsafeSlow(Math.max(size, 2 * header.length));
    header.copy(this.memory);
  }

  /** Begins a row; its columns follow in their order. */
  row(columns: number): this {
    this.room(2);
    this.length = this.memory.writeInt16BE(columns, this.length);
    return this;
  }

  none(): this {
    this.room(4);
    this.length = this.memory.writeInt32BE(-1, this.length);
    return this;
  }

  int2(value: number): this {
    this.begin(2);
    this.length = this.memory.writeInt16BE(value, this.length);
    return this;
  }

  int4(value: number): this {
    this.begin(4);
    this.length = this.memory.writeInt32BE(value, this.length);
    return this;
  }

  int8(value: number): this {
    this.begin(8);
    const high = Math.floor(value / mostOfInt32);
    this.memory.writeInt32BE(high, this.length);
    this.length = this.memory.writeUInt32BE(value - high * mostOfInt32, this.length + 4);
    return this;
  }

  /** A `timestamptz`. */
  instant(at: Instant): this {
    return this.int8((at - epochMs) * 1000);
  }

  text(value: string): this {
    this.begin(value.length);
    const written = this.memory.write(value, this.length, 'latin1');
    assert(written === value.length, 'there was room for it');
    this.length += written;
    return this;
  }

  bytes(value: Buffer): this {
    this.begin(value.length);
    this.length += value.copy(this.memory, this.length);
    return this;
  }

  /** @param uuid in hexadecimal with hyphens */
  uuid(uuid: string): this {
    this.begin(16);
    this.length += this.memory.write(uuid.replaceAll('-', ''), this.length, 'hex');
    return this;
  }

  /** Everything, ended; no row may follow. */
  end(): Uint8Array {
    this.room(2);
    this.length = this.memory.writeInt16BE(-1, this.length);
    return this.memory.subarray(0, this.length);
  }

  private begin(length: number): void {
    this.room(4 + length);
    this.length = this.memory.writeInt32BE(length, this.length);
  }

  private room(length: number): void {
    if (this.length + length <= this.memory.length) return;
    const more = Buffer.allocUnsafeSlow(2 * this.memory.length + length);
    this.memory.copy(more, 0, 0, this.length);
    this.memory = more;
  }
}
