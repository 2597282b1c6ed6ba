/**
 * Thirteen million people in memory: each pseudonym gets a number, and what is known of it lies in rows of fixed width.
 * A Map of objects would take about 2 kB a person, and holds at most 2^24 of them.
 */
import assert from 'node:assert/strict';
import type { SubjectKey } from '#libs/subject/subject.js';

const rowsEach = 2 ** 14;
const subjectLength = 32;

/** Rows of one width by number, zero until written; memory grows by blocks and is never moved. */
export class Rows {
  private readonly blocks: Buffer[] = [];

  constructor(private readonly width: number) {}

  /** The bytes of a row, to read and to write. */
  at(number: number): Buffer {
    const block = Math.floor(number / rowsEach);
    while (this.blocks.length <= block) this.blocks.push(Buffer.alloc(rowsEach * this.width));
    const from = (number % rowsEach) * this.width;
    const bytes = this.blocks[block]?.subarray(from, from + this.width);
    assert(bytes !== undefined);
    return bytes;
  }
}

/** Pseudonym → number, from 0 in the order in which they came. */
export class SubjectNumbers {
  /** Open addressing: number + 1, or 0; at most half full. */
  private slots = new Uint32Array(1024);
  /** The pseudonym, then its epoch. */
  private readonly subjects = new Rows(subjectLength + 2);
  private known = 0;

  get count(): number {
    return this.known;
  }

  /** The number of a pseudonym; undefined when it never came. */
  find(subject: SubjectKey): number | undefined {
    const number = this.slots[this.slotOf(subject)] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  /** The same; one that never came gets the next number. */
  add(subject: SubjectKey): number {
    const slot = this.slotOf(subject);
    const found = this.slots[slot] ?? 0;
    if (found !== 0) return found - 1;
    const row = this.subjects.at(this.known);
    assert(subject.bytes.length === subjectLength, 'a pseudonym has 32 bytes');
    subject.bytes.copy(row);
    row.writeInt16BE(subject.epoch, subjectLength);
    this.known += 1;
    this.slots[slot] = this.known;
    if (this.known * 2 > this.slots.length) this.grow();
    return this.known - 1;
  }

  subjectAt(number: number): SubjectKey {
    const row = this.subjects.at(number);
    return { bytes: Buffer.from(row.subarray(0, subjectLength)), epoch: row.readInt16BE(subjectLength) };
  }

  /** The slot it stands in, or the free one where it would. The bytes are not the first, by which people may be sorted. */
  private slotOf({ bytes, epoch }: SubjectKey): number {
    const mask = this.slots.length - 1;
    let slot = (bytes.readUInt32LE(12) ^ epoch) & mask;
    for (;;) {
      const number = this.slots[slot] ?? 0;
      if (number === 0) return slot;
      const row = this.subjects.at(number - 1);
      if (
        row.readInt16BE(subjectLength) === epoch &&
        row.compare(bytes, 0, subjectLength, 0, subjectLength) === 0
      )
        return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let number = 0; number < this.known; number += 1)
      this.slots[this.slotOf(this.subjectAt(number))] = number + 1;
  }
}
