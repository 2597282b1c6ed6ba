import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readCanonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafOf, personOf, personSaltOf, saltOf } from '#libs/journal/commitment.js';
import { idToUuid } from '#libs/journal/id.js';
import { leafHash } from '#libs/tlog/tree.js';
import { isIin } from '#libs/subject/iin.js';
import { subjectOf } from '#libs/subject/subject.js';
import { makeChunk, randomLength, type ChunkPlan, type LoadGround } from './chunk.js';
import { PeopleInOrder } from './order.js';
import { iinOfPerson } from './synthetic-person.js';

const lookupKey = randomBytes(32);
const ground: LoadGround = {
  ...{ epoch: 1, lookupKey, seed: 7, refused: 10, lockHours: 24 },
  lenders: [
    { clientId: 'bank-alpha', bin: '200340001300', validity: { decision: 86_400, disbursement: 120 } },
  ],
};
const at = Date.UTC(2026, 2, 1);
const people = Uint32Array.from([3, 12, 9, 40]);

/** The columns of each line, and what the entry in it says. */
function made(kind: ChunkPlan['kind']) {
  const random = randomBytes(randomLength * people.length);
  const chunk = makeChunk(ground, { kind, firstIndex: 100, at, people, firstCheck: 5 }, random);
  const lines = (bytes: Uint8Array): string[][] =>
    Buffer.from(bytes)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
  const rows = lines(chunk.rows);
  return lines(chunk.entries).map((columns, place) => ({
    columns,
    entry: readCanonical(columns[4] ?? ''),
    row: rows[place] ?? [],
    seed: random.subarray(place * randomLength, place * randomLength + 32),
    leaf: Buffer.from(chunk.leaves.subarray(place * 32, (place + 1) * 32)),
    iin: iinOfPerson(people[place] ?? 0, ground.seed),
  }));
}

describe.each(['refusal.inherited', 'check.made'] as const)('a chunk of %s', (kind) => {
  it('holds canonical entries about the people of the plan, with their columns, leaves and pseudonyms', () => {
    for (const { columns, entry, seed, leaf, iin } of made(kind)) {
      expect(entry).toMatchObject({ v: 1, kind, at: '2026-03-01T00:00:00.000Z' });
      expect(idToUuid('ent', entry?.['id'])).toBe(columns[1]);
      expect(entry?.['person']).toBe(personOf(personSaltOf(seed), iin));
      expect(leaf.equals(leafHash(leafOf(columns[4] ?? '', saltOf(seed))))).toBe(true);
      expect(columns[6]).toBe(`\\\\x${leaf.toString('hex')}`);
      expect(columns[11]).toBe(`\\\\x${commitmentOf(columns[4] ?? '', saltOf(seed)).toString('hex')}`);
      expect(columns[8]).toBe(`\\\\x${subjectOf(lookupKey, 1, iin).bytes.toString('hex')}`);
      expect(columns.join(' ')).not.toContain(iin);
    }
    expect(made(kind).map(({ columns }) => columns[0])).toEqual(['100', '101', '102', '103']);
  });
});

describe('a chunk of checks', () => {
  it('answers refused to whoever has a refusal, without a validity, and clear to everybody else', () => {
    const verdicts = made('check.made').map(({ entry, row }) => [
      ...[entry?.['verdict'], entry?.['version'], entry?.['validUntil'], row[8], row[11]],
    ]);
    expect(verdicts).toEqual([
      ['refused', 1, undefined, 'refused', '\\N'],
      // Check 6 asks before deciding, check 8 as well: the stages alternate.
      ['clear', 0, '2026-03-02T00:00:00.000Z', 'clear', '2026-03-02T00:00:00.000Z'],
      ['refused', 1, undefined, 'refused', '\\N'],
      ['clear', 0, '2026-03-02T00:00:00.000Z', 'clear', '2026-03-02T00:00:00.000Z'],
    ]);
  });
});

describe('people who do not exist', () => {
  it('have numbers with a control digit, month 13 and a day of their own, no two the same', () => {
    const iins = Array.from({ length: 20_000 }, (_, number) => iinOfPerson(number * 4000));
    expect(iins.every(isIin)).toBe(true);
    expect(iins.every((iin) => iin.slice(2, 4) === '13' && Number(iin.slice(4, 6)) > 28)).toBe(true);
    expect(new Set(iins).size).toBe(iins.length);
  });

  it('come in the order of their pseudonyms, each once', () => {
    const order = new PeopleInOrder(lookupKey, 1, 0, 500);
    expect(order.prepare(300)).toBe(300);
    expect(order.prepare(300)).toBe(500);
    const numbers = [...order.slice(0, 500)];
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, number) => number));
    const subjects = numbers.map((number) => subjectOf(lookupKey, 1, iinOfPerson(number)).bytes);
    expect(subjects).toEqual([...subjects].sort(Buffer.compare));
  });
});
