/** Citizen assertions that were used: each counts once, in the same transaction as what it allowed. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';

export interface UsedAssertion {
  /** Client id of the channel that signed it. */
  readonly channel: string;
  readonly jti: string;
  /** Machine time, ms, after which it is refused for its age. */
  readonly expiresAt: number;
}

type AssertionName = Pick<UsedAssertion, 'channel' | 'jti'>;

/** The name of an assertion in the map of rows in flight. */
export function assertionName({ channel, jti }: AssertionName): string {
  return JSON.stringify([channel, jti]);
}

export const usedAssertionsTable: Table<AssertionName, UsedAssertion> = {
  name: 'assertion_ids',
  keyOf: assertionName,
  look: {
    keyOf: assertionName,
    sql: `SELECT a.* FROM unnest($1::text[], $2::text[]) AS w (channel, jti)
      JOIN assertion_ids a ON a.channel = w.channel AND a.jti = w.jti`,
    params: (wants) => [wants.map(({ channel }) => channel), wants.map(({ jti }) => jti)],
    fromJson: (row) => ({
      channel: row['channel'] as string,
      jti: row['jti'] as string,
      expiresAt: Date.parse(row['expires_at'] as string),
    }),
  },
  insert: {
    sql: `INSERT INTO assertion_ids (channel, jti, expires_at)
      SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) RETURNING 1`,
    params: (rows) => [
      rows.map(({ channel }) => channel),
      rows.map(({ jti }) => jti),
      rows.map(({ expiresAt }) => new Date(expiresAt).toISOString()),
    ],
  },
};

/** Uses an assertion outside of the write path. @returns whether this was the first time. */
export async function useAssertion(tx: EntityManager, assertion: UsedAssertion): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    `INSERT INTO assertion_ids (channel, jti, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [assertion.channel, assertion.jti, new Date(assertion.expiresAt)],
  );
  return rows.length === 1;
}
