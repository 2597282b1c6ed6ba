/** What is judged after the Journal was read, family by family. A new table gets a slice here, or a reason in `tables.ts`. */
import { sentinelsOf, subjectText } from '#libs/subject/subject.js';
import { migrations } from '../../../migrations/index.js';
import { applications } from './applications.service.js';
import type { Finding } from './finding.js';
import { listedActs, ranMigrations, sentinelRows } from './installed.store.js';
import { compareRow } from './projections.js';
import { keptAnswers } from './kept-answers.service.js';
import { faultyRows } from './row-check.store.js';
import { rowChecks } from './row-checks.js';
import { fsckSchema } from './schema.service.js';
import type { Slice } from './slice.service.js';
import { compareStreams } from './streams.service.js';

const schema: Slice = { tables: [], compare: ({ tx }) => fsckSchema(tx) };

/** A migration that is said to have run and did not would never run. */
const installed: Slice = {
  tables: ['migrations'],
  async compare({ tx }) {
    const ran = await ranMigrations(tx);
    const names = new Set([...migrations.map(({ name }) => name), ...ran]);
    return [...names].flatMap((name) =>
      compareRow(
        'migrations',
        name,
        migrations.some((each) => each.name === name) ? {} : undefined,
        ran.includes(name) ? {} : undefined,
      ),
    );
  },
};

/** Readers of the registry find its acts by this list: what does not stand in it is not read. */
const acts: Slice = {
  tables: ['registry_acts'],
  compare: async ({ tx, size, acts: listed }) =>
    compareRow('registry_acts', 'all', { listed, others: 0 }, await listedActs(tx, size)),
};

/** Without its sentinel nobody is looked up; one more would be a person whom no check finds. */
const sentinels: Slice = {
  tables: ['refusals'],
  async compare({ tx, lookupKeys }) {
    const expected = sentinelsOf(lookupKeys).map(subjectText);
    const found = (await sentinelRows(tx)).map(subjectText);
    return [...new Set([...expected, ...found])].flatMap((name) =>
      compareRow(
        'refusals',
        name,
        expected.includes(name) ? {} : undefined,
        found.includes(name) ? {} : undefined,
      ),
    );
  },
};

const rows: Slice = {
  tables: rowChecks.map(({ table }) => table),
  async compare({ tx, size, pageSize }) {
    const found: Finding[] = [];
    for (const check of rowChecks)
      for await (const { row, differs } of faultyRows(tx, check, { size, pageSize }))
        found.push({
          ...{ code: 'row-differs', table: check.table, row },
          what: `differs in ${differs.join(', ')}`,
        });
    return found;
  },
};

const streams: Slice = {
  tables: ['streams', 'sealed_items', 'stream_members', 'stream_buckets', 'stream_vectors'],
  compare: compareStreams,
};

/** Of the rows; the schema takes as long as a small registry altogether. */
export const rowSlices: readonly Slice[] = [
  installed,
  acts,
  sentinels,
  applications,
  keptAnswers,
  rows,
  streams,
];

export const slices: readonly Slice[] = [schema, ...rowSlices];
