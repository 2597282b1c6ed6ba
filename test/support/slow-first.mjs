/**
 * The order of the spec files: those that take minutes first, so that no worker begins one when the others have nothing
 * left to do; the rest by their size, largest first. Nothing is kept between runs.
 */
import { statSync } from 'node:fs';

const slow = [
  ...[
    'fsck-tamperings',
    'clerk-processes',
    'rows-of-own-entries',
    'harvesting',
    'limits',
    'stalls',
    'people-asked',
  ],
  ...['sandbox', 'kill', 'judges', 'bureaus', 'operations', 'first-minute', 'tamper'],
].map((name) => `/${name}.spec.ts`);

const rankOf = ({ path }) => {
  const place = slow.findIndex((name) => path.endsWith(name));
  return place === -1 ? slow.length : place;
};

export default class SlowFirst {
  sort(tests) {
    const ranked = tests.map((test) => ({ test, rank: rankOf(test), size: statSync(test.path).size }));
    return ranked.toSorted((a, b) => a.rank - b.rank || b.size - a.size).map(({ test }) => test);
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {
    // Each run begins as on a machine that has never run one.
  }
}
