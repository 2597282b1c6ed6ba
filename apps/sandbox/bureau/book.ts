/**
 * The bureau's own books, in its own database: credit histories, the marks on them, and how far it has followed. What
 * is applied, its mark and the position change in one transaction, so a bureau that dies applies each item once. A
 * history is found by an HMAC of the person's number under the bureau's own key; the number itself is not kept.
 */
import { createHmac } from 'node:crypto';
import pg from 'pg';
import type { MarkEvent, Verification } from './event.js';

/** A mark on a credit history. */
export interface Mark {
  readonly placedAt: Date;
  readonly version: number;
}

/** An item that is applied and not yet said to be. */
export interface Unstamped {
  readonly seq: number;
  readonly jti: string;
  readonly recordedAt: Date;
}

export interface Position {
  /** The stream whose items these are; null before the first. */
  readonly streamId: string | null;
  readonly seq: number;
  readonly lastJti: string | null;
  /** The marks are those of a snapshot after this item: what lies before it is applied, and compared with nobody. */
  readonly marksSeq: number;
  readonly verifiedSeq: number;
  readonly verifiedAt: Date | null;
}

const schema = `
CREATE TABLE IF NOT EXISTS position (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  seq bigint NOT NULL DEFAULT 0, last_jti text, verified_seq bigint NOT NULL DEFAULT 0, verified_at timestamptz);
INSERT INTO position DEFAULT VALUES ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS histories (history_id text PRIMARY KEY, opened_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS marks (
  sub_id text PRIMARY KEY, history_id text NOT NULL REFERENCES histories, version integer NOT NULL,
  in_force boolean NOT NULL, placed_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS marks_of_history ON marks (history_id);
CREATE TABLE IF NOT EXISTS applied (
  seq bigint PRIMARY KEY, jti text NOT NULL UNIQUE, recorded_at timestamptz NOT NULL, stamped_at timestamptz);
CREATE INDEX IF NOT EXISTS applied_unstamped ON applied (seq) WHERE stamped_at IS NULL;
CREATE TABLE IF NOT EXISTS applied_before (
  stream_id text, seq bigint NOT NULL, jti text NOT NULL, recorded_at timestamptz NOT NULL, stamped_at timestamptz);
ALTER TABLE position ADD COLUMN IF NOT EXISTS stream_id text, ADD COLUMN IF NOT EXISTS marks_seq bigint NOT NULL DEFAULT 0;
-- The registry lost it with a stream that ended, and has said nothing of the person since.
ALTER TABLE marks ADD COLUMN IF NOT EXISTS kept boolean NOT NULL DEFAULT false;`;

pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export class Book {
  private readonly pool: pg.Pool;

  private constructor(
    target: pg.PoolConfig,
    private readonly historyKey: Buffer,
  ) {
    this.pool = new pg.Pool({ ...target, max: 4 });
    // A lost idle connection is replaced at the next question.
    this.pool.on('error', () => undefined);
  }

  static async open(target: pg.PoolConfig, historyKey: Buffer): Promise<Book> {
    const book = new Book(target, historyKey);
    await book.pool.query(schema);
    return book;
  }

  async position(): Promise<Position> {
    const { rows } = await this.pool.query<Position>(
      `SELECT stream_id AS "streamId", seq, last_jti AS "lastJti", marks_seq AS "marksSeq", verified_seq AS "verifiedSeq", verified_at AS "verifiedAt" FROM position`,
    );
    const [row] = rows;
    if (row === undefined) throw new Error('no position');
    return row;
  }

  /**
   * Follows this stream from now on. Another one than before begins at 1 again: what was applied of the old one is put
   * aside, and every mark stays, because a refusal that the registry lost was nevertheless placed.
   */
  async follow(streamId: string): Promise<void> {
    await this.transaction(async (client) => {
      const { rows } = await client.query<{ before: string | null }>(
        'SELECT stream_id AS before FROM position FOR UPDATE',
      );
      const before = rows[0]?.before ?? null;
      if (before === streamId) return;
      // A book of the time before streams were kept in it has followed this one.
      if (before === null) return void (await client.query('UPDATE position SET stream_id = $1', [streamId]));
      await client.query(
        `WITH old AS (DELETE FROM applied RETURNING *) INSERT INTO applied_before SELECT $1, old.* FROM old`,
        [before],
      );
      await client.query('DELETE FROM marks WHERE NOT in_force');
      await client.query('UPDATE marks SET kept = true');
      await client.query(
        'UPDATE position SET stream_id = $1, seq = 0, last_jti = NULL, marks_seq = 0, verified_seq = 0',
        [streamId],
      );
    });
  }

  /** Applies items that follow the position without a gap, all of them or none. */
  async apply(
    events: readonly MarkEvent[],
    verifications: readonly Verification[],
    now: Date,
  ): Promise<void> {
    const last = events.at(-1);
    await this.transaction(async (client) => {
      // An item that was applied before would not be written a second time but fail here.
      await client.query(insertApplied, [...appliedOf(events, now)]);
      await this.mark(client, events);
      if (last !== undefined)
        await client.query('UPDATE position SET seq = $1, last_jti = $2', [last.seq, last.jti]);
      const verified = verifications.at(-1);
      // Only what is applied in full is a state as of that instant.
      if (verified !== undefined)
        await client.query(`UPDATE position SET verified_seq = $1, verified_at = $2 WHERE seq >= $1`, [
          verified.headSeq,
          verified.at,
        ]);
    });
  }

  async unstamped(limit: number): Promise<readonly Unstamped[]> {
    const { rows } = await this.pool.query<Unstamped>(
      `SELECT seq, jti, recorded_at AS "recordedAt" FROM applied WHERE stamped_at IS NULL ORDER BY seq LIMIT $1`,
      [limit],
    );
    return rows;
  }

  /** The registry knows of them; one that was applied anew meanwhile waits to be said again. */
  async stamped(items: readonly Unstamped[]): Promise<void> {
    await this.pool.query(
      `UPDATE applied a SET stamped_at = now() FROM unnest($1::bigint[], $2::timestamptz[]) AS u (seq, recorded_at)
       WHERE a.seq = u.seq AND a.recorded_at = u.recorded_at`,
      [items.map(({ seq }) => seq), items.map(({ recordedAt }) => recordedAt)],
    );
  }

  /** Everything in force by the registry's own word: what digests are made of. */
  async inForce(): Promise<readonly { readonly subId: string; readonly version: number }[]> {
    const { rows } = await this.pool.query<{ subId: string; version: number }>(
      `SELECT sub_id AS "subId", version FROM marks WHERE in_force AND NOT kept`,
    );
    return rows;
  }

  /**
   * Takes a snapshot in place of the marks. The position stays: what came since is applied and stamped in its order as
   * ever, lifts among it, and leaves the newer marks of the snapshot alone.
   * @param again persons whose marks were named as missing, to be stamped again
   */
  async replaceMarks(
    events: readonly MarkEvent[],
    atSeq: number,
    again: ReadonlySet<string>,
    now: Date,
  ): Promise<void> {
    await this.transaction(async (client) => {
      const { rows } = await client.query<{ seq: number }>('SELECT seq FROM position FOR UPDATE');
      const held = events.filter(({ seq }) => seq <= (rows[0]?.seq ?? 0));
      await client.query('DELETE FROM marks WHERE NOT kept');
      await client.query(`${insertApplied} ON CONFLICT DO NOTHING`, [...appliedOf(held, now)]);
      await this.mark(client, events);
      await client.query(
        'UPDATE applied SET stamped_at = NULL, recorded_at = $2 WHERE jti = ANY ($1::text[])',
        [held.filter(({ subId }) => again.has(subId)).map(({ jti }) => jti), now],
      );
      await client.query('UPDATE position SET marks_seq = $1', [atSeq]);
    });
  }

  async markOf(iin: string): Promise<Mark | undefined> {
    const { rows } = await this.pool.query<Mark>(
      `SELECT placed_at AS "placedAt", version FROM marks WHERE history_id = $1 AND in_force`,
      [this.historyOf(iin)],
    );
    return rows[0];
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  /** The mark is as the newest item of the person leaves it. Of whom nobody knows anything there is nothing to mark. */
  private async mark(client: pg.PoolClient, events: readonly MarkEvent[]): Promise<void> {
    const known = events.flatMap(({ iin, ...event }) => (iin === undefined ? [] : [{ ...event, iin }]));
    const histories = known.map(({ iin }) => this.historyOf(iin));
    await client.query(
      `INSERT INTO histories (history_id) SELECT DISTINCT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING`,
      [histories],
    );
    await client.query(
      `INSERT INTO marks (sub_id, history_id, version, in_force, placed_at)
       SELECT DISTINCT ON (sub_id) sub_id, history_id, version, in_force, at
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::boolean[], $6::timestamptz[])
         AS u (seq, sub_id, history_id, version, in_force, at) ORDER BY sub_id, seq DESC
       ON CONFLICT (sub_id) DO UPDATE SET version = excluded.version, in_force = excluded.in_force, kept = false,
         placed_at = CASE WHEN excluded.in_force THEN excluded.placed_at ELSE marks.placed_at END
       WHERE marks.kept OR excluded.version > marks.version`,
      [
        ...[known.map(({ seq }) => seq), known.map(({ subId }) => subId), histories],
        ...[known.map(({ version }) => version), known.map(({ kind }) => kind === 'refusal-placed')],
        known.map(({ at }) => at),
      ],
    );
  }

  private historyOf(iin: string): string {
    return createHmac('sha256', this.historyKey).update(iin).digest('base64url');
  }

  private async transaction(act: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      await act(client);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }
}

/** With nothing to mark there is nothing to say of it, either. */
const insertApplied = `INSERT INTO applied (seq, jti, recorded_at, stamped_at)
  SELECT seq, jti, at, CASE WHEN nameless THEN at END
  FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::boolean[]) AS u (seq, jti, at, nameless)`;

function appliedOf(events: readonly MarkEvent[], now: Date): readonly unknown[][] {
  return [
    ...[events.map(({ seq }) => seq), events.map(({ jti }) => jti)],
    ...[events.map(({ at }) => recordedAt(at, now)), events.map(({ iin }) => iin === undefined)],
  ];
}

/** Never before the act itself, however our own clock goes. */
function recordedAt(at: string, now: Date): Date {
  return new Date(Math.max(Date.parse(at), now.getTime()));
}
