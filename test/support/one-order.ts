/** The one expectation of every contest, however long it is. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { contest } from './contest.js';
import { ownCluster, type OwnCluster } from './own-cluster.js';

/**
 * Runs contests of so many operations; `TYIYM_OPERATIONS` chooses another number, and `TYIYM_SEED` repeats what was
 * called for and what broke.
 */
export function expectOneOrder(usually: number): void {
  const operations = Number(process.env['TYIYM_OPERATIONS'] ?? usually);
  const seed = Number(process.env['TYIYM_SEED'] ?? randomInt(2 ** 31));
  const limitMs = 60_000 + 10 * operations;

  describe('concurrent histories', () => {
    let cluster: OwnCluster;
    beforeAll(async () => {
      cluster = await ownCluster();
    }, 60_000);
    afterAll(() => cluster.close());

    it(
      `have the one order of the Journal (TYIYM_OPERATIONS=${operations} TYIYM_SEED=${seed})`,
      async () => {
        const { faults, calls, journal, broken } = await contest(cluster, { operations, seed });
        expect(faults).toEqual([]);
        // And it was a contest: all kinds of entries, calls without an answer, and things that broke.
        const kinds = new Set(journal.map(({ kind }) => kind));
        const all = 'check.made lift.cancelled lift.requested refusal.lifted refusal.placed'.split(' ');
        expect([...kinds].toSorted()).toEqual(all);
        expect(journal.length).toBeGreaterThan(operations / 2);
        expect(calls.filter(({ answered }) => answered === undefined).length).toBeGreaterThan(0);
        expect(broken).toEqual(expect.arrayContaining(['a lender is killed', 'PostgreSQL is killed']));
      },
      limitMs,
    );
  });
}
