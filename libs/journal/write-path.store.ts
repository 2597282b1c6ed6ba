/**
 * SQL of the write path: one look and one append for each set of tables, of a fixed text, so that a connection prepares
 * it once and its plan stays. What is asked and written are arrays, one a column, however many acts a batch has.
 */
import assert from 'node:assert/strict';
import type { PoolClient } from 'pg';
import { frontierToBytes } from '#libs/tlog/tree.js';
import type { Table, Tables } from './act.js';
import { countersOf, type Batch } from './batch.js';
import { formatInstant, type Instant } from './instant.js';
import type { Head } from './head-row.js';
import { headColumns, headFromRow, whySilent } from './journal.store.js';
import { byteas, int2s, int4s, int8s, texts, uuids } from './pg-array.js';

/** A statement with a fixed text; `params` counts its placeholders. */
interface Fragment {
  readonly sql: string;
  readonly params: number;
}

/** A named prepared statement. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** What one look saw, all of it in one snapshot. */
export interface Look {
  readonly head: Head;
  /** How many of the sentinels were found. */
  readonly sentinels: number;
  /** Why nobody may be answered from this database, by `whySilent`. */
  readonly silentBecause: string | undefined;
  /** Table → key → row. */
  readonly found: ReadonlyMap<string, Map<string, unknown>>;
}

/**
 * Waits for the head row: whoever holds it sees every entry before it. A statement of its own, because the snapshot of
 * the look must be taken after the wait.
 */
export const lockSql = 'BEGIN; SELECT FROM journal_head FOR UPDATE';

const sentinels: Fragment = {
  // LIMIT makes it an index search for each epoch, however large the table has grown since the plan was made.
  sql: `SELECT count(*) FROM unnest($1::bytea[], $2::smallint[]) AS s (subject, epoch)
    CROSS JOIN LATERAL (SELECT FROM refusals r WHERE r.subject = s.subject AND r.subject_epoch = s.epoch
      AND r.state = 'sentinel' LIMIT 1) AS r`,
  params: 2,
};

/** One statement, hence one snapshot: the head, the sentinels, and what each table is asked. */
export function lookSql(tables: Tables): string {
  const looks = lookTables(tables);
  const fragments = looks.map(({ look }) => ({ sql: look.sql, params: countParams(look.sql) }));
  const numbered = renumber([sentinels, ...fragments]);
  const columns = looks.map(
    ({ name }, place) =>
      `(SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM (${numbered[place + 1] ?? ''}) x) AS "${name}"`,
  );
  return `SELECT ${[headColumns, `(${numbered[0] ?? ''}) AS sentinels, ${whySilent} AS why_silent`, ...columns].join(',\n')} FROM journal_head`;
}

const moved: Fragment = {
  sql: `UPDATE journal_head SET size = $1, root = $2, frontier = $3, state_version = $4, rules_version = $5,
      feed_seq = $6, last_at = $7
    WHERE origin = $8 AND size = $9 AND state_version = $10 AND rules_version = $11 AND key_checks = $12::jsonb
      AND abs(extract(epoch FROM registry_now() - $7::timestamptz)) <= 1
    RETURNING 1`,
  params: 12,
};
const signed: Fragment = {
  sql: `INSERT INTO heads (size, from_size, at, root, frontier, kid, jws)
    VALUES ($1::bigint, $2::bigint, $3::timestamptz, $4::bytea, $5::bytea, $6::text, $7::text) RETURNING 1`,
  params: 7,
};
const appended: Fragment = {
  sql: `INSERT INTO entries (index, id, kind, at, entry, seed, commitment, leaf_hash, subject_epoch, subject, version, party)
    SELECT u.index, u.id, u.kind, $12::timestamptz, u.entry, u.seed, u.commitment, u.leaf_hash, u.subject_epoch, u.subject,
      u.version, u.party
    FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[], $8::smallint[],
      $9::bytea[], $10::integer[], $11::text[]) AS u (index, id, kind, entry, seed, commitment, leaf_hash, subject_epoch,
      subject, version, party)
    RETURNING 1`,
  params: 12,
};

/**
 * One statement: the head row moved by compare, the signed head, the entries, and the rows of every table. It fails as a
 * whole when the head is not the expected one or a row was not written, so it may be committed together with its end.
 */
export function appendSql(tables: Tables): string {
  const inserts = insertTables(tables);
  const fragments = inserts.map(({ insert: { sql } }) => ({ sql, params: countParams(sql) }));
  const whole: Fragment = { sql: '$1::bigint[]', params: 1 };
  const numbered = renumber([moved, signed, appended, ...fragments, whole]);
  const names = ['moved', 'signed', 'appended', ...inserts.map(({ name }) => `t_${name}`)];
  const parts = names.map((name, place) => `"${name}" AS (${numbered[place] ?? ''})`);
  const counts = names.slice(1).map((name) => `(SELECT count(*) FROM "${name}")`);
  return `WITH ${parts.join(',\n')}
SELECT CASE WHEN (SELECT count(*) FROM moved) = 0 THEN lost_race()
  ELSE is_whole(ARRAY[${counts.join(', ')}], ${numbered.at(-1) ?? ''}) END AS whole`;
}

/** A statement with the tables it is about. */
export interface Chosen {
  readonly statement: Statement;
  readonly tables: Tables;
}

/**
 * The looks and appends of an app. A batch pays only for the tables it asks or writes: each set of them has a text and a
 * name of its own, and of the sets that an app's acts come to there are few.
 */
export class Statements {
  private readonly made = new Map<string, Chosen>();

  constructor(private readonly tables: Tables) {}

  look(wanted: readonly Readonly<Record<string, readonly unknown[] | undefined>>[]): Chosen {
    return this.choose('look', lookSql, (name) => wanted.some((wants) => (wants[name]?.length ?? 0) > 0));
  }

  append(rows: ReadonlyMap<string, ReadonlyMap<string, unknown>>): Chosen {
    return this.choose('append', appendSql, (name) => (rows.get(name)?.size ?? 0) > 0);
  }

  private choose(
    verb: 'look' | 'append',
    sqlOf: (tables: Tables) => string,
    isUsed: (name: string) => boolean,
  ): Chosen {
    const names = Object.keys(this.tables);
    // Which tables, as binary digits: the same set has the same name on every connection.
    const name = `journal.${verb}.${names.map((table) => (isUsed(table) ? '1' : '0')).join('')}`;
    const known = this.made.get(name);
    if (known !== undefined) return known;
    const tables = Object.fromEntries(Object.entries(this.tables).filter(([table]) => isUsed(table)));
    const chosen = { statement: { name, text: sqlOf(tables) }, tables };
    this.made.set(name, chosen);
    return chosen;
  }
}

/** Values of `lookSql`. */
export function lookValues(
  tables: Tables,
  sentinelRows: readonly { readonly epoch: number; readonly bytes: Buffer }[],
  wanted: readonly Readonly<Record<string, readonly unknown[] | undefined>>[],
  at: Instant,
): unknown[] {
  const values: unknown[] = [sentinelRows.map(({ bytes }) => bytes), sentinelRows.map(({ epoch }) => epoch)];
  for (const { name, look } of lookTables(tables))
    values.push(
      ...look.params(
        wanted.flatMap((wants) => wants[name] ?? []),
        at,
      ),
    );
  return values;
}

/** The head row once a batch that was decided on `head` is appended. */
export function headAfter(head: Head, batch: Pick<Batch<Tables>, 'entries' | 'after' | 'root' | 'at'>): Head {
  const moves = countersOf(batch.entries);
  return {
    ...head,
    size: batch.after.size,
    root: batch.root,
    frontier: frontierToBytes(batch.after),
    stateVersion: head.stateVersion + moves.state,
    rulesVersion: head.rulesVersion + moves.rules,
    feedSeq: head.feedSeq + moves.feed,
    lastAt: batch.at,
  };
}

/** Values of `appendSql`, from the head it was decided on to the one after it. */
export function appendValues(
  tables: Tables,
  head: Head,
  after: Head,
  batch: Pick<Batch<Tables>, 'entries' | 'rows' | 'at'>,
  signedHead: { readonly kid: string; readonly jws: string; readonly keyChecks: string },
): unknown[] {
  const { entries } = batch;
  const at = formatInstant(batch.at);
  const inserts = insertTables(tables).map(({ name, insert }) => {
    const rows = [...(batch.rows.get(name)?.values() ?? [])];
    return { params: insert.params(rows), count: rows.length };
  });
  return [
    ...[after.size, after.root, after.frontier, after.stateVersion, after.rulesVersion, after.feedSeq, at],
    ...[head.origin, head.size, head.stateVersion, head.rulesVersion],
    signedHead.keyChecks,
    ...[after.size, head.size, at, after.root, after.frontier, signedHead.kid, signedHead.jws],
    int8s(entries.map((e) => e.index)),
    uuids(entries.map((e) => e.uuid)),
    texts(entries.map((e) => e.kind)),
    texts(entries.map((e) => e.text)),
    byteas(entries.map((e) => e.seed)),
    byteas(entries.map((e) => e.commitment)),
    byteas(entries.map((e) => e.leafHash)),
    int2s(entries.map((e) => (e.draft.person?.subject ?? e.draft.follows)?.epoch ?? null)),
    byteas(entries.map((e) => (e.draft.person?.subject ?? e.draft.follows)?.bytes ?? null)),
    int4s(entries.map((e) => e.draft.person?.version ?? null)),
    texts(entries.map((e) => e.draft.party ?? null)),
    at,
    ...inserts.flatMap(({ params }) => params),
    [1, entries.length, ...inserts.map(({ count }) => count)],
  ];
}

/** Runs a look. */
export async function runLook(
  client: Pick<PoolClient, 'query'>,
  statement: Statement,
  tables: Tables,
  values: unknown[],
): Promise<Look> {
  const { rows } = await client.query<Record<string, unknown>>({ ...statement, values });
  const row = rows[0];
  const head = headFromRow(row);
  const found = new Map<string, Map<string, unknown>>();
  for (const { name, look } of lookTables(tables)) {
    const table = tables[name];
    const list = row?.[name];
    assert(table !== undefined && Array.isArray(list));
    const some = list.map((one) => look.fromJson(one as Record<string, unknown>));
    found.set(name, new Map(some.map((one): [string, unknown] => [table.keyOf(one), one])));
  }
  const silentBecause = (row?.['why_silent'] ?? undefined) as string | undefined;
  return { head, sentinels: Number(row?.['sentinels']), silentBecause, found };
}

/** Looks of tables that have one, in the order of `lookSql`. */
function lookTables(tables: Tables): readonly Required<Pick<Table<unknown, unknown>, 'name' | 'look'>>[] {
  return Object.values(tables).flatMap((table) =>
    table.look ? [{ name: table.name, look: table.look }] : [],
  );
}

/** Inserts of tables that have one, in the order of `appendSql`. */
function insertTables(tables: Tables): readonly Required<Pick<Table<unknown, unknown>, 'name' | 'insert'>>[] {
  return Object.values(tables).flatMap((table) =>
    table.insert ? [{ name: table.name, insert: table.insert }] : [],
  );
}

function countParams(sql: string): number {
  return Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
}

/** Each fragment counts its placeholders from $1; joined, they go on where the one before ended. */
function renumber(fragments: readonly Fragment[]): readonly string[] {
  let offset = 0;
  return fragments.map(({ sql, params }) => {
    const from = offset;
    offset += params;
    return sql.replace(/\$(\d+)/g, (_, number: string) => `$${Number(number) + from}`);
  });
}
