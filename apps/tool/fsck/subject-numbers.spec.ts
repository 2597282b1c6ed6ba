import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Standing } from './standing.js';
import { Standings } from './standings.js';
import { SubjectNumbers } from './subject-numbers.js';

const subjects = Array.from({ length: 5000 }, (_, place) => ({
  epoch: 1 + (place % 2),
  bytes: randomBytes(32),
}));
const placing = (place: number): Standing => ({
  subject: subjects[place] ?? { epoch: 0, bytes: Buffer.alloc(32) },
  ...{ state: 'in-force', version: 1, lockHours: 24, placedAt: 1_790_000_000_123 + place },
  ...{ movedLeaf: randomBytes(32), entryIndex: 2 ** 40 + place },
});

describe('the numbers of pseudonyms', () => {
  it('are given once each, however many come, and lead back to the pseudonym', () => {
    const index = new SubjectNumbers();
    expect(subjects.map((subject) => index.add(subject))).toEqual(subjects.map((_, place) => place));
    expect(subjects.map((subject) => index.find(subject))).toEqual(subjects.map((_, place) => place));
    expect(subjects.map((_, place) => index.subjectAt(place))).toEqual(subjects);
    expect(index.add({ epoch: 1, bytes: Buffer.from(subjects[0]?.bytes ?? []) })).toBe(0);
    expect(index.count).toBe(subjects.length);
  });

  it('differ for another epoch and for another last byte', () => {
    const index = new SubjectNumbers();
    const bytes = randomBytes(32);
    const other = Buffer.from(bytes);
    other[31] = (other[31] ?? 0) ^ 1;
    expect([index.add({ epoch: 1, bytes }), index.find({ epoch: 2, bytes })]).toEqual([0, undefined]);
    expect([index.find({ epoch: 1, bytes: other }), index.add({ epoch: 1, bytes: other })]).toEqual([
      undefined,
      1,
    ]);
  });
});

describe('standings', () => {
  it('come back as they were set, whether placed once or moved since', () => {
    const standings = new Standings(new SubjectNumbers());
    const once = placing(0);
    const moved: Standing = { ...placing(1), state: 'none', version: 2, placeAgainAfterHours: 24 };
    for (const standing of [once, moved]) standings.set(standing.subject, standing);
    expect([standings.get(once.subject), standings.get(moved.subject)]).toEqual([once, moved]);
    expect([standings.isRefused(once.subject), standings.isRefused(moved.subject)]).toEqual([true, false]);
    standings.set(once.subject, { ...once, state: 'lift-pending', liftsAt: 5 });
    expect(standings.get(once.subject)).toEqual({ ...once, state: 'lift-pending', liftsAt: 5 });
    expect(standings.isRefused(once.subject)).toBe(true);
    standings.set(moved.subject, placing(1));
    expect(standings.isRefused(moved.subject)).toBe(true);
  });

  it('name those that nothing was compared with', () => {
    const standings = new Standings(new SubjectNumbers());
    const three = [placing(0), placing(1), placing(2)];
    for (const standing of three) standings.set(standing.subject, standing);
    expect(standings.compare(placing(1).subject)).toEqual(three[1]);
    expect([...standings.left()]).toEqual([three[0], three[2]]);
    const nobody = { epoch: 1, bytes: randomBytes(32) };
    expect([standings.get(nobody), standings.isRefused(nobody), standings.compare(nobody)]).toEqual([
      ...[undefined, false, undefined],
    ]);
  });
});
