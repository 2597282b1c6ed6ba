/** SQL of the regime: rows are only ever added, each by the entry that enacts it. */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import { faultOfRule, type Regime, type RegimeRow } from './regime.js';

const select = `SELECT name, subject_of_rule AS "subjectOfRule", value, applies_by AS "appliesBy",
  (extract(epoch FROM applies_from) * 1000)::float8 AS "appliesFrom",
  (extract(epoch FROM applies_to) * 1000)::float8 AS "appliesTo",
  enacted_on::text AS "enactedOn", source, certainty, entry_index AS "entryIndex" FROM regime`;

type Nullable = Omit<RegimeRow, 'appliesTo' | 'enactedOn'> & {
  readonly appliesTo: number | null;
  readonly enactedOn: string | null;
};

/**
 * Every row, in the order in which they were enacted.
 * @throws AssertionError for a row that is no rule, because a default in its place would be law that nobody made.
 */
export async function allRegimeRows(tx: EntityManager): Promise<Regime> {
  const rows = await tx.query<Nullable[]>(
    `${select} ORDER BY entry_index, name, subject_of_rule, applies_from`,
  );
  return rows.map(({ appliesTo, enactedOn, ...row }) => {
    const full: RegimeRow = {
      ...row,
      ...(appliesTo !== null && { appliesTo }),
      ...(enactedOn !== null && { enactedOn }),
    };
    const fault = faultOfRule({ appliesTo: undefined, enactedOn: undefined, ...full });
    assert(fault === undefined, `regime, entry ${row.entryIndex}: ${fault}`);
    return full;
  });
}
