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

/** What a place in the order is made of. */
export interface OrderGround {
  readonly lookupKey: Uint8Array;
  readonly epoch: number;
  readonly seed: number;
}

/** The keys of the people with numbers in [from, to): ascending keys are ascending pseudonyms. */
export function orderKeys({ lookupKey, epoch, seed }: OrderGround, from: number, to: number): Float64Array {
  const key = Buffer.from(lookupKey);
  return Float64Array.from({ length: to - from }, (_, place) => {
    const number = from + place;
    const { bytes } = subjectOf(key, epoch, iinOfPerson(number, seed));
    return Math.floor(bytes.readUInt32BE(0) / 8) * low + number;
  });
}

/** People in the order of their pseudonyms, once the keys of all are known. */
export class PeopleInOrder {
  private readonly keys: Float64Array;
  private known = 0;

  constructor(readonly count: number) {
    assert(count <= mostPeople, `a load holds at most ${String(mostPeople)} refusals`);
    this.keys = new Float64Array(count);
  }

  /** Takes keys of people, in whichever order they come; returns how many are known. */
  add(keys: Float64Array): number {
    this.keys.set(keys, this.known);
    this.known += keys.length;
    if (this.known === this.count) this.keys.sort();
    return this.known;
  }

  /** Numbers of people at these places of the order. */
  slice(from: number, to: number): Uint32Array {
    assert(this.known === this.count, 'the order is not known yet');
    return Uint32Array.from(this.keys.subarray(from, to), (key) => key % low);
  }
}
