/** Answers already given: SQL of the idempotency keys, looked up in every live day partition. */
import type { EntityManager } from 'typeorm';
import type { Table } from './act.js';
import { bytesFromJson } from './json-row.js';
import { byteas, dates, int8s, texts, uuids } from './pg-array.js';

/** Which request: one key of one party on one route of one app. */
export interface IdempotencyWant {
  readonly app: string;
  readonly party: string;
  readonly route: string;
  readonly key: string;
}

export interface IdempotencyRow extends IdempotencyWant {
  /** UTC day of registry time, `yyyy-mm-dd`. */
  readonly day: string;
  readonly bodyHmac: Buffer;
  /** UUID of what was made. */
  readonly resource?: string;
  readonly entryIndex?: number;
  readonly personId?: string;
  /** Sealed; where the answer cannot be rebuilt from rows. */
  readonly answer?: Buffer;
}

/** The name of a key in the map of rows in flight. */
export function idempotencyName({ party, route, key }: IdempotencyWant): string {
  // Neither a client id nor a route holds a line's end.
  return `${party}\n${route}\n${key}`;
}

export const idempotencyTable: Table<IdempotencyWant, IdempotencyRow> = {
  name: 'idempotency',
  keyOf: idempotencyName,
  look: {
    keyOf: idempotencyName,
    // LIMIT keeps the planner from joining whole partitions: each key is one index search in each of four days, also
    // under a plan made while the tables were empty.
    sql: `SELECT k.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w (app, party, route, key)
      CROSS JOIN unnest($5::date[]) AS d (day)
      CROSS JOIN LATERAL (SELECT * FROM idempotency_keys i
        WHERE i.day = d.day AND i.app = w.app AND i.party = w.party AND i.route = w.route AND i.key = w.key LIMIT 1) AS k`,
    params: (wants, at) => [
      texts(wants.map((want) => want.app)),
      texts(wants.map((want) => want.party)),
      texts(wants.map((want) => want.route)),
      texts(wants.map((want) => want.key)),
      [0, 1, 2, 3].map((days) => utcDay(at - days * dayMs)),
    ],
    fromJson: (row) => ({
      app: row['app'] as string,
      party: row['party'] as string,
      route: row['route'] as string,
      key: row['key'] as string,
      day: row['day'] as string,
      bodyHmac: bytesFromJson(row['body_hmac']),
      ...(row['resource'] !== null && { resource: row['resource'] as string }),
      ...(row['entry_index'] !== null && { entryIndex: row['entry_index'] as number }),
      ...(row['person_id'] !== null && { personId: row['person_id'] as string }),
      ...(row['answer'] !== null && { answer: bytesFromJson(row['answer']) }),
    }),
  },
  insert: {
    sql: `INSERT INTO idempotency_keys (day, app, party, route, key, body_hmac, resource, entry_index, person_id, answer)
      SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::uuid[],
        $8::bigint[], $9::uuid[], $10::bytea[]) RETURNING 1`,
    params: (rows) => [
      dates(rows.map((row) => row.day)),
      texts(rows.map((row) => row.app)),
      texts(rows.map((row) => row.party)),
      texts(rows.map((row) => row.route)),
      texts(rows.map((row) => row.key)),
      byteas(rows.map((row) => row.bodyHmac)),
      uuids(rows.map((row) => row.resource ?? null)),
      int8s(rows.map((row) => row.entryIndex ?? null)),
      uuids(rows.map((row) => row.personId ?? null)),
      byteas(rows.map((row) => row.answer ?? null)),
    ],
  },
};

/** Keeps a key whose answer left no entry; a twin that came first has kept it already. */
export async function keepKey(tx: EntityManager, row: IdempotencyRow): Promise<void> {
  await tx.query(
    `INSERT INTO idempotency_keys (day, app, party, route, key, body_hmac, resource, answer)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    [
      ...[row.day, row.app, row.party, row.route, row.key, row.bodyHmac],
      ...[row.resource ?? null, row.answer ?? null],
    ],
  );
}
const dayMs = 86_400_000;
let last = { day: 0, text: '1970-01-01' };

/** The UTC day of an instant, `yyyy-mm-dd`. */
export function utcDay(ms: number): string {
  const day = Math.floor(ms / dayMs);
  // A batch asks for one day a thousand times.
  if (last.day !== day) last = { day, text: new Date(ms).toISOString().slice(0, 10) };
  return last.text;
}
