/**
 * The order in which people are loaded: that of their pseudonyms. Inserted at random, every row would touch another page
 * of the two indexes by pseudonym, and PostgreSQL would log a whole page for nearly each; in order they grow at one edge.
 */
import assert from 'node:assert/strict';
import { subjectOf } from '#libs/subject/subject.js';
import { iinOfPerson } from './synthetic-person.js';

/** Numbers fit the low 24 bits of the key, the pseudonym's first 29 bits lie above: 53 bits are exact. */
export const mostPeople = 2 ** 24;
const low = mostPeople;

/** Sorts people by pseudonym, some at a time. */
export class PeopleInOrder {
  private readonly keys: Float64Array;
  private known = 0;

  constructor(
    private readonly key: Buffer,
    private readonly epoch: number,
    private readonly seed: number,
    readonly count: number,
  ) {
    assert(count <= mostPeople, `a load holds at most ${String(mostPeople)} refusals`);
    this.keys = new Float64Array(count);
  }

  /** Computes the next pseudonyms; returns how many are known. */
  prepare(some: number): number {
    const end = Math.min(this.known + some, this.count);
    for (let number = this.known; number < end; number += 1) {
      const { bytes } = subjectOf(this.key, this.epoch, iinOfPerson(number, this.seed));
      this.keys[number] = Math.floor(bytes.readUInt32BE(0) / 8) * low + number;
    }
    this.known = end;
    if (end === this.count) this.keys.sort();
    return end;
  }

  /** Numbers of people at these places of the order. */
  slice(from: number, to: number): Uint32Array {
    assert(this.known === this.count, 'the order is not known yet');
    return Uint32Array.from(this.keys.subarray(from, to), (key) => key % low);
  }
}
