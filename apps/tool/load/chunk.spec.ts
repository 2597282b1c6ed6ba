import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readCanonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafOf, personOf, personSaltOf, saltOf } from '#libs/journal/commitment.js';
import { idToUuid } from '#libs/journal/id.js';
import { leafHash } from '#libs/tlog/tree.js';
import { isIin } from '#libs/subject/iin.js';
import { subjectOf } from '#libs/subject/subject.js';
import { makeChunk, randomLength, type ChunkPlan, type LoadGround } from './chunk.js';
import { orderKeys, PeopleInOrder } from './order.js';
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

/** The columns of each row of a binary COPY; null is undefined. */
function columnsOf(bytes: Uint8Array): (Buffer | undefined)[][] {
  const copy = Buffer.from(bytes);
  expect(copy.toString('latin1', 0, 11)).toBe('PGCOPY\n\xff\r\n\0');
  const rows: (Buffer | undefined)[][] = [];
  let at = 19;
  for (let columns = copy.readInt16BE(at); columns !== -1; columns = copy.readInt16BE(at)) {
    at += 2;
    const row = Array.from({ length: columns }, () => {
      const length = copy.readInt32BE(at);
      at += 4 + Math.max(length, 0);
      return length === -1 ? undefined : copy.subarray(at - length, at);
    });
    rows.push(row);
  }
  expect(at + 2).toBe(copy.length);
  return rows;
}

/** The instant of a `timestamptz`, as PostgreSQL counts: microseconds since 2000. */
const instantOf = (column: Buffer | undefined): string | undefined =>
  column && new Date(Date.UTC(2000, 0, 1) + Number(column.readBigInt64BE()) / 1000).toISOString();

/** The columns of each row, and what the entry in it says. */
function made(kind: ChunkPlan['kind']) {
  const random = randomBytes(randomLength * people.length);
  const chunk = makeChunk(ground, { kind, firstIndex: 100, at, people, firstCheck: 5 }, random);
  const rows = columnsOf(chunk.rows);
  return columnsOf(chunk.entries).map((columns, place) => ({
    columns,
    text: columns[4]?.toString() ?? '',
    entry: readCanonical(columns[4]?.toString() ?? ''),
    row: rows[place] ?? [],
    seed: random.subarray(place * randomLength, place * randomLength + 32),
    leaf: Buffer.from(chunk.leaves.subarray(place * 32, (place + 1) * 32)),
    iin: iinOfPerson(people[place] ?? 0, ground.seed),
  }));
}

describe.each(['refusal.inherited', 'check.made'] as const)('a chunk of %s', (kind) => {
  it('holds canonical entries about the people of the plan, with their columns, leaves and pseudonyms', () => {
    for (const { columns, text, entry, seed, leaf, iin } of made(kind)) {
      expect(entry).toMatchObject({ v: 1, kind, at: '2026-03-01T00:00:00.000Z' });
      expect(instantOf(columns[3])).toBe(entry?.['at']);
      expect(idToUuid('ent', entry?.['id']).replaceAll('-', '')).toBe(columns[1]?.toString('hex'));
      expect(entry?.['person']).toBe(personOf(personSaltOf(seed), iin));
      expect(leaf.equals(leafHash(leafOf(text, saltOf(seed))))).toBe(true);
      expect(columns[5]).toEqual(seed);
      expect(columns[6]).toEqual(leaf);
      expect(columns[11]).toEqual(commitmentOf(text, saltOf(seed)));
      expect(columns[8]).toEqual(subjectOf(lookupKey, 1, iin).bytes);
      expect(Buffer.concat(columns.map((column) => column ?? Buffer.alloc(0))).includes(iin)).toBe(false);
    }
    const indexes = made(kind).map(({ columns }) => columns[0]?.readBigInt64BE());
    expect(indexes).toEqual([100n, 101n, 102n, 103n]);
  });
});

describe('a chunk of checks', () => {
  it('answers refused to whoever has a refusal, without a validity, and clear to everybody else', () => {
    const verdicts = made('check.made').map(({ entry, row }) => [
      ...[entry?.['verdict'], entry?.['version'], entry?.['validUntil']],
      ...[row[8]?.toString(), instantOf(row[11])],
    ]);
    expect(verdicts).toEqual([
      ['refused', 1, undefined, 'refused', undefined],
      // Check 6 asks before deciding, check 8 as well: the stages alternate.
      ['clear', 0, '2026-03-02T00:00:00.000Z', 'clear', '2026-03-02T00:00:00.000Z'],
      ['refused', 1, undefined, 'refused', undefined],
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
    const order = new PeopleInOrder(500);
    const keys = (from: number, to: number) => orderKeys({ lookupKey, epoch: 1, seed: 0 }, from, to);
    expect([order.add(keys(300, 500)), order.add(keys(0, 300))]).toEqual([200, 500]);
    const numbers = [...order.slice(0, 500)];
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, number) => number));
    const subjects = numbers.map((number) => subjectOf(lookupKey, 1, iinOfPerson(number)).bytes);
    expect(subjects).toEqual([...subjects].sort(Buffer.compare));
  });
});
