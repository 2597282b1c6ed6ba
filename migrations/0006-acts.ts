/** What stands behind an act of the operator: the act as two officials signed it, once. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Acts1764000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE official_acts (
  act_id uuid PRIMARY KEY,
  entry_index bigint NOT NULL,
  act text NOT NULL,
  data_key bytea NOT NULL,
  cms bytea[] NOT NULL CHECK (cardinality(cms) = 2)
);
COMMENT ON TABLE official_acts IS 'Acts that two officials signed: insert-only, each applied once, verified again by fsck.';
COMMENT ON COLUMN official_acts.act_id IS 'UUID inside the act; the primary key is what keeps it from being applied twice.';
COMMENT ON COLUMN official_acts.entry_index IS 'Entry that came of it.';
COMMENT ON COLUMN official_acts.act IS 'The signed bytes: RFC 8785 text. Names no person but officials.';
COMMENT ON COLUMN official_acts.data_key IS 'Key of this row''s sealed column, itself sealed with the identity key.';
COMMENT ON COLUMN official_acts.cms IS 'Sealed: the two CMS, DER, because their certificates name the officials'' IIN.';
GRANT SELECT, INSERT ON official_acts TO tyiym_tool;

GRANT SELECT ON migrations
  TO tyiym_citizen, tyiym_lender, tyiym_access, tyiym_log, tyiym_clerk_worker, tyiym_clerk_signer, tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
