/** Counts of references that may be somebody's number, a party and member: the party is told, nothing is refused. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ReferenceLookalikes1764000000044 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE reference_lookalikes (
  party text NOT NULL,
  member text NOT NULL CHECK (member IN ('contractNumber', 'paymentReference', 'historyRef')),
  count bigint NOT NULL CHECK (count > 0),
  last_at timestamptz NOT NULL,
  PRIMARY KEY (party, member)
);
COMMENT ON TABLE reference_lookalikes IS 'How often a party sent a reference that may be the IIN of somebody. It holds no reference; nothing rests on it.';
COMMENT ON COLUMN reference_lookalikes.party IS 'Client id of the party.';
COMMENT ON COLUMN reference_lookalikes.member IS 'Member of its requests.';
COMMENT ON COLUMN reference_lookalikes.count IS 'How many, since there is this table.';
COMMENT ON COLUMN reference_lookalikes.last_at IS 'When the last one came, clock of the database.';
GRANT SELECT, INSERT, UPDATE (count, last_at) ON reference_lookalikes TO tyiym_lender, tyiym_bureau;
GRANT SELECT ON reference_lookalikes TO tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
