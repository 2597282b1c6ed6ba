/** Loans and corrections that bureaus report. What they say of a person is sealed, and their role cannot read it again. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class BureauLoans1764000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
GRANT INSERT ON people TO tyiym_bureau;
GRANT SELECT (person_id, subject_epoch, subject) ON people TO tyiym_bureau;
GRANT SELECT, INSERT ON loans, contracts TO tyiym_bureau;
GRANT UPDATE (entry_index) ON contracts TO tyiym_bureau;

CREATE TABLE corrections (
  entry_index bigint PRIMARY KEY,
  entry_id uuid NOT NULL,
  client_id text NOT NULL REFERENCES parties,
  breach_id uuid NOT NULL,
  number text,
  removed_at timestamptz(3) NOT NULL,
  history_ref text,
  at timestamptz(3) NOT NULL
);
CREATE INDEX corrections_of_breach ON corrections (client_id, breach_id, entry_index);
COMMENT ON TABLE corrections IS 'What bureaus say of breaches: that the trace is gone. Insert-only; of those of one bureau about one breach the newest counts.';
COMMENT ON COLUMN corrections.entry_index IS 'The correction.reported that wrote this row.';
COMMENT ON COLUMN corrections.entry_id IS 'Its id.';
COMMENT ON COLUMN corrections.client_id IS 'The bureau.';
COMMENT ON COLUMN corrections.breach_id IS 'The breach it names; brc_… on the wire. Matched later.';
COMMENT ON COLUMN corrections.number IS 'Number of the release certificate it names.';
COMMENT ON COLUMN corrections.removed_at IS 'When the bureau says the trace was removed.';
COMMENT ON COLUMN corrections.history_ref IS 'The bureau''s own number; holds no IIN.';
COMMENT ON COLUMN corrections.at IS 'Registry time of the entry.';

CREATE FUNCTION corrections_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM entries e WHERE e.index = NEW.entry_index AND e.id = NEW.entry_id AND e.party = NEW.client_id
    AND e.at = NEW.at AND e.kind = 'correction.reported';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a correction stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION corrections_guard() IS 'The projection can only follow the Journal.';
CREATE TRIGGER corrections_guard AFTER INSERT ON corrections FOR EACH ROW EXECUTE FUNCTION corrections_guard();
GRANT SELECT, INSERT ON corrections TO tyiym_bureau;
GRANT SELECT ON corrections TO tyiym_clerk_worker, tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
