/**
 * Columns as PostgreSQL's binary arrays: pg spells arrays as text, with every quotation mark escaped and every byte in
 * hexadecimal, and the server reads all of that again. The format is that of `array_recv`:
 *
 *     int32 dimensions · int32 has nulls · int32 element type · int32 length · int32 lower bound
 *     then each element: int32 length in bytes (−1: null) · bytes as the element type's `recv` takes them
 */

/** How one element is written. */
interface Element<V> {
  /** OID of the element type. */
  readonly type: number;
  bytesOf(value: V): number;
  write(into: Buffer, at: number, value: V): void;
}

const headerLength = 20;
const oneDimension = 1;
/** 2000-01-01T00:00:00Z, from which PostgreSQL counts, in milliseconds. */
const pgEpochMs = 946_684_800_000;

function arrayOf<V>({ type, bytesOf, write }: Element<V>, values: readonly (V | null)[]): Buffer {
  let length = headerLength;
  for (const value of values) length += 4 + (value === null ? 0 : bytesOf(value));
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeInt32BE(oneDimension, 0);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt32BE(type, 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = headerLength;
  for (const value of values) {
    const size = value === null ? -1 : bytesOf(value);
    bytes.writeInt32BE(size, at);
    at += 4;
    if (value === null) continue;
    write(bytes, at, value);
    at += size;
  }
  return bytes;
}

const int8: Element<number> = { type: 20, bytesOf: () => 8, write: writeInt64 };
/** A whole number of at most 53 bits, without the detour over a BigInt. */
function writeInt64(into: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  into.writeInt32BE(high, at);
  into.writeUInt32BE(value - high * 0x1_0000_0000, at + 4);
}

const int4: Element<number> = {
  type: 23,
  bytesOf: () => 4,
  write: (into, at, value) => void into.writeInt32BE(value, at),
};
const int2: Element<number> = {
  type: 21,
  bytesOf: () => 2,
  write: (into, at, value) => void into.writeInt16BE(value, at),
};
const text: Element<string> = {
  type: 25,
  bytesOf: (value) => Buffer.byteLength(value),
  write: (into, at, value) => void into.write(value, at),
};
const bytea: Element<Buffer> = {
  type: 17,
  bytesOf: (value) => value.length,
  write: (into, at, value) => void value.copy(into, at),
};
const uuid: Element<string> = {
  type: 2950,
  bytesOf: () => 16,
  write: (into, at, value) => void into.write(value.replaceAll('-', ''), at, 'hex'),
};
const timestamptz: Element<number> = {
  type: 1184,
  bytesOf: () => 8,
  write: (into, at, value) => writeInt64(into, at, (value - pgEpochMs) * 1000),
};
const date: Element<string> = {
  type: 1082,
  bytesOf: () => 4,
  write: (into, at, value) => void into.writeInt32BE((Date.parse(value) - pgEpochMs) / 86_400_000, at),
};

/** `bigint[]` */
export const int8s = (values: readonly (number | null)[]): Buffer => arrayOf(int8, values);
/** `integer[]` */
export const int4s = (values: readonly (number | null)[]): Buffer => arrayOf(int4, values);
/** `smallint[]` */
export const int2s = (values: readonly (number | null)[]): Buffer => arrayOf(int2, values);
/** `text[]` */
export const texts = (values: readonly (string | null)[]): Buffer => arrayOf(text, values);
/** `bytea[]` */
export const byteas = (values: readonly (Buffer | null)[]): Buffer => arrayOf(bytea, values);
/** `uuid[]`, of UUIDs in hexadecimal with hyphens. */
export const uuids = (values: readonly (string | null)[]): Buffer => arrayOf(uuid, values);
/** `timestamptz[]`, of whole milliseconds since 1970. */
export const instants = (values: readonly (number | null)[]): Buffer => arrayOf(timestamptz, values);
/** `date[]`, of `yyyy-mm-dd`. */
export const dates = (values: readonly (string | null)[]): Buffer => arrayOf(date, values);
