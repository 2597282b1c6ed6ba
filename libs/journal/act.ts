/**
 * What a use case hands to the writer: an Act says what it must see, decides purely from that, and names what is
 * written. The writer owns the transaction, so no use case can see half a state or answer without an entry.
 */
import type { EntryKind } from './entry.js';
import type { Instant } from './instant.js';
import type { Receipt } from './receipt.js';

/**
 * One table that acts look into or write. `W` is what an act may want of it, `R` a row.
 * All SQL of an app's tables is joined into one look and one append, so placeholders begin at $1 in each.
 */
export interface Table<W, R> {
  readonly name: string;
  /** The name of a row in the map of rows in flight, and of a want: an act finds a row by what it wanted. */
  keyOf(row: R): string;
  readonly look?: {
    /** The name of the row a want asks for; a row nobody wanted is never taken for one that does not exist. */
    keyOf(want: W): string;
    /** `SELECT …`; runs in the snapshot of the look. */
    readonly sql: string;
    params(wants: readonly W[], at: Instant): readonly unknown[];
    /** From the row as JSON: bytea as "\\x…", timestamptz as text. */
    fromJson(row: Readonly<Record<string, unknown>>): R;
  };
  readonly insert?: {
    /** `INSERT … SELECT … FROM unnest(…) RETURNING 1`, or a SELECT that calls a function, one result row a row. */
    readonly sql: string;
    params(rows: readonly R[]): readonly unknown[];
  };
}

/** Names an app's tables once, so that looks and rows are checked by type. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one place where tables of all shapes meet
export type Tables = Readonly<Record<string, Table<any, any>>>;
type WantOf<T> = T extends Table<infer W, infer _R> ? W : never;
type RowOf<T> = T extends Table<infer _W, infer R> ? R : never;

export type Wants<T extends Tables> = { readonly [N in keyof T]?: readonly WantOf<T[N]>[] };
export type Rows<T extends Tables> = { readonly [N in keyof T]?: readonly RowOf<T[N]>[] };

/** What an act sees: the state after every entry before its own, those of the same batch included. */
export interface Seen<T extends Tables, Rules> {
  /** Registry time of the batch. */
  readonly at: Instant;
  /** Number of entries before this act's own. */
  readonly size: number;
  readonly rules: Rules;
  /**
   * The row of that name, as the look found it or an earlier act of the batch wrote it; undefined: there is none.
   * @throws AssertionError when this act did not want it, because "not looked up" must never read as "not there".
   */
  find<N extends keyof T>(table: N, key: string): RowOf<T[N]> | undefined;
}

/** An entry to append. The writer adds `v`, `id`, `kind`, `at`, `person` and `version`. */
export interface Draft {
  readonly kind: EntryKind;
  /** About whom, with the refusal version to state; left out when the entry is about nobody. */
  readonly person?: {
    readonly subject: { readonly epoch: number; readonly bytes: Buffer };
    readonly iin: string;
    readonly version: number;
  };
  /**
   * The person of the entry that this one follows up (`about`), copied from that entry's row for the index of his trail;
   * such an entry has neither `person` nor `version`.
   */
  readonly follows?: { readonly epoch: number; readonly bytes: Buffer };
  /** Client id of the party that acts, for its trail. */
  readonly party?: string;
  /** The other members; absent ones are left out, never null. Chosen ids come from `Seen.at`. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** An entry as it will be committed, for the rows that refer to it. */
export interface Made {
  readonly id: string;
  readonly uuid: string;
  readonly index: number;
  readonly kind: EntryKind;
  readonly at: Instant;
  readonly text: string;
  readonly leafHash: Buffer;
}

export interface Decision<T extends Tables, A> {
  readonly entries: readonly Draft[];
  /** Rows per table; they may name the entries. */
  rows?(made: readonly Made[]): Rows<T>;
  /** Runs after the commit; receipts in the order of the entries, made when they are asked for. */
  answer(receipts: () => readonly Receipt[], made: readonly Made[]): A;
}

export interface Act<T extends Tables, Rules, A> {
  /** Client id of the party that waits for it: the parties take turns at the writer. Absent: the process's own. */
  readonly party?: string;
  readonly look: Wants<T>;
  /** Pure. @throws Problem, which is this act's answer and nobody else's. */
  decide(seen: Seen<T, Rules>): Decision<T, A>;
}
