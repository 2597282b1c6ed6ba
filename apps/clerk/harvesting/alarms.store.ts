/** SQL of the alarms: looked up and inserted with their entry, so that two workers leave one a lender and window. */
import type { Table } from '#libs/journal/act.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { instantFromJson } from '#libs/journal/json-row.js';
import type { AlarmSpan } from './harvesting.js';

/** A lender and a window. */
export interface AlarmWant {
  /** Client id. */
  readonly lender: string;
  readonly span: AlarmSpan;
  readonly begins: Instant;
}

export interface AlarmRow extends AlarmWant {
  readonly entryIndex: number;
}

/** The name of an alarm in the map of rows in flight. */
export function alarmName({ lender, span, begins }: AlarmWant): string {
  return JSON.stringify([lender, span, begins]);
}

export const alarmsTable: Table<AlarmWant, AlarmRow> = {
  name: 'harvesting_alarms',
  keyOf: alarmName,
  look: {
    keyOf: alarmName,
    sql: `SELECT a.* FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS w (lender, span, begins_at)
      CROSS JOIN LATERAL (SELECT * FROM harvesting_alarms h
        WHERE h.lender = w.lender AND h.span = w.span AND h.begins_at = w.begins_at LIMIT 1) a`,
    params: (wants) => [
      wants.map((want) => want.lender),
      wants.map((want) => want.span),
      wants.map((want) => formatInstant(want.begins)),
    ],
    fromJson: (row) => ({
      lender: row['lender'] as string,
      span: row['span'] as AlarmSpan,
      begins: instantFromJson(row['begins_at']) ?? 0,
      entryIndex: row['entry_index'] as number,
    }),
  },
  insert: {
    sql: `INSERT INTO harvesting_alarms (lender, span, begins_at, entry_index)
      SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[]) RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.lender),
      rows.map((row) => row.span),
      rows.map((row) => formatInstant(row.begins)),
      rows.map((row) => row.entryIndex),
    ],
  },
};
