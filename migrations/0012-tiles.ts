/**
 * What the public log is made of: the commitment in each leaf, which stays when the entry is erased; what became of a
 * checkpoint after it was signed; and the lease by which one signer at a time signs.
 */
import { createHmac } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const pageSize = 10_000;

export class Tiles1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A large Journal takes longer than a statement may elsewhere.
    await runner.query('SET LOCAL statement_timeout = 0');
    await runner.query(
      'ALTER TABLE entries ADD COLUMN commitment bytea CHECK (octet_length(commitment) = 32)',
    );
    await fillCommitments(runner);
    await runner.query(`
ALTER TABLE entries ALTER COLUMN commitment SET NOT NULL;
COMMENT ON COLUMN entries.commitment IS 'HMAC-SHA-256(salt, entry): the leaf is RFC 8785 of {"c": base64url of it, "v": 1}. Stays when a person is erased.';
GRANT SELECT (commitment) ON entries TO tyiym_clerk_signer;

ALTER TABLE checkpoints ADD COLUMN published_at timestamptz(3), ADD COLUMN lag_ms integer CHECK (lag_ms >= 0),
  ADD COLUMN cosignatures smallint NOT NULL DEFAULT 0 CHECK (cosignatures >= 0);
UPDATE checkpoints SET published_at = signed_at;
COMMENT ON TABLE checkpoints IS 'Heads signed with the log key. One per size: the primary key is the compare-and-swap.';
COMMENT ON COLUMN checkpoints.note IS 'The signed note (C2SP tlog-checkpoint) with its cosignatures, exactly as served.';
COMMENT ON COLUMN checkpoints.signed_at IS 'Registry time of the newest signature over this size.';
COMMENT ON COLUMN checkpoints.published_at IS 'Registry time at which it was first served; absent while its tiles and cosignatures are on their way.';
COMMENT ON COLUMN checkpoints.lag_ms IS 'From the commit of its oldest new entry to its publication.';
COMMENT ON COLUMN checkpoints.cosignatures IS 'How many witnesses signed the note.';
GRANT UPDATE (published_at, lag_ms, cosignatures) ON checkpoints TO tyiym_clerk_signer;
CREATE INDEX checkpoints_published ON checkpoints (size DESC) WHERE published_at IS NOT NULL;

CREATE TABLE signer_lease (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  holder uuid NOT NULL,
  until timestamptz NOT NULL
);
COMMENT ON TABLE signer_lease IS 'Which signer process may sign, until when: a second one waits.';
COMMENT ON COLUMN signer_lease.only_row IS 'True: a second row cannot be.';
COMMENT ON COLUMN signer_lease.holder IS 'Drawn by the process when it starts.';
COMMENT ON COLUMN signer_lease.until IS 'By the clock of the database; each turn of the signer renews it.';
GRANT SELECT, INSERT, UPDATE ON signer_lease TO tyiym_clerk_signer;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}

/** Entries appended before this migration: nobody was erased yet, so each still has its text and seed. */
async function fillCommitments(runner: QueryRunner): Promise<void> {
  for (let from = -1; ;) {
    const rows: { index: string; entry: string; seed: Buffer }[] = await runner.query(
      'SELECT index::text, entry, seed FROM entries WHERE index > $1 ORDER BY index LIMIT $2',
      [from, pageSize],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
    await runner.query(
      `UPDATE entries e SET commitment = u.commitment
       FROM unnest($1::bigint[], $2::bytea[]) AS u (index, commitment) WHERE e.index = u.index`,
      [rows.map(({ index }) => index), rows.map(({ entry, seed }) => hmac(hmac(seed, 'entry'), entry))],
    );
    from = Number(last.index);
  }
}
