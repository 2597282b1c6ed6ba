/**
 * SQL of an import in one session: lines wait in a temporary table until what all sources say of a person stands side by
 * side. The number of a person is in it sealed, with a key that only this process ever has: after a crash nothing of it
 * opens, and the next run reads the files again.
 */
import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Instant } from '#libs/journal/instant.js';
import type { SaidLine } from './merge.js';
import type { SourceName } from './sources.js';

/** A line as it waits. */
export interface StagedLine extends SaidLine {
  /** Pseudonym by the newest lookup key. */
  readonly subject: Buffer;
  readonly sealedIin: Buffer;
  /** Since when the person has a refusal in the registry already; null when there is none. */
  readonly hereSince: Instant | null;
}

/** Place in the order in which lines are taken. */
export interface LinePlace {
  readonly subject: Buffer;
  readonly source: SourceName;
  readonly line: number;
}

/** Before every place. */
export const firstPlace: LinePlace = { subject: Buffer.alloc(0), source: 'egov', line: 0 };

/** Makes the table of the session, which may take as long as it takes: nobody else waits for it. */
export async function prepareStaging(client: ClientBase): Promise<void> {
  await client.query(`SET transaction_timeout = 0; SET statement_timeout = 0; SET temp_buffers = '64MB'`);
  await client.query(`CREATE TEMP TABLE import_lines (
    subject bytea NOT NULL,
    source text COLLATE "C" NOT NULL,
    line bigint NOT NULL,
    sealed_iin bytea NOT NULL,
    source_ref text NOT NULL,
    in_force boolean NOT NULL,
    placed_at timestamptz,
    placed_on date,
    CHECK ((placed_at IS NULL) <> (placed_on IS NULL)))`);
}

/** A line of COPY; a source gives an instant or a day. */
export function copyLine(line: {
  readonly subject: Buffer;
  readonly source: SourceName;
  readonly line: number;
  readonly sealedIin: Buffer;
  readonly sourceRef: string;
  readonly isInForce: boolean;
  readonly placed: string;
}): string {
  const isDay = line.placed.length === 10;
  return [
    ...[`\\\\x${line.subject.toString('hex')}`, line.source, String(line.line)],
    ...[`\\\\x${line.sealedIin.toString('hex')}`, line.sourceRef.replaceAll('\\', '\\\\')],
    ...[line.isInForce ? 't' : 'f', isDay ? '\\N' : line.placed, isDay ? line.placed : '\\N'],
  ].join('\t');
}

/** @param lines by `copyLine`, each with its end */
export async function stageLines(client: ClientBase, lines: string): Promise<void> {
  const stream = client.query(copyFrom('COPY import_lines FROM STDIN'));
  stream.end(lines);
  await finished(stream);
}

/** Once all lines are there. @returns how many people they are about */
export async function indexLines(client: ClientBase): Promise<number> {
  await client.query(`CREATE INDEX ON import_lines (subject, source, line); ANALYZE import_lines`);
  const { rows } = await client.query<{ people: number }>(
    'SELECT count(DISTINCT subject)::integer AS people FROM import_lines',
  );
  const [counted] = rows;
  assert(counted !== undefined);
  return counted.people;
}

type Row = Omit<StagedLine, 'placedAt' | 'hereSince'> & {
  readonly placedAt: Date;
  readonly hereSince: Date | null;
};

/** The next lines behind a place, in the order of persons, sources and lines. Days are those of the one time zone. */
export async function nextLines(
  client: ClientBase,
  epoch: number,
  after: LinePlace,
  limit: number,
): Promise<readonly StagedLine[]> {
  const { rows } = await client.query<Row>({
    name: 'import-next-lines',
    text: `SELECT l.subject, l.source, l.line, l.sealed_iin AS "sealedIin", l.source_ref AS "sourceRef", l.in_force AS "isInForce",
       coalesce(l.placed_at, l.placed_on::timestamp AT TIME ZONE 'Asia/Almaty') AS "placedAt",
       to_char(coalesce(l.placed_on, (l.placed_at AT TIME ZONE 'Asia/Almaty')::date), 'YYYY-MM-DD') AS "placedOn",
       (SELECT r.placed_at FROM refusals r WHERE r.subject = l.subject AND r.subject_epoch = $5) AS "hereSince"
     FROM import_lines l WHERE (l.subject, l.source, l.line) > ($1, $2 COLLATE "C", $3)
     ORDER BY l.subject, l.source, l.line LIMIT $4`,
    values: [after.subject, after.source, after.line, limit, epoch],
  });
  return rows.map(({ placedAt, hereSince, ...row }) => ({
    ...row,
    placedAt: placedAt.getTime(),
    hereSince: hereSince?.getTime() ?? null,
  }));
}
