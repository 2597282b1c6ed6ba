/** What is asked of the rows of one table, as SQL that the database answers row by row. */

export interface RowCheck {
  readonly table: string;
  /** Columns of the key in its order, with their types. */
  readonly key: readonly (readonly [column: string, type: string])[];
  /** Only these rows. */
  readonly where?: string;
  /** Tables beside the row `x`. */
  readonly joins?: string;
  /** What differs → when; `x` is the row, `size` the number of entries that are judged. */
  readonly faults: Readonly<Record<string, string>>;
}
