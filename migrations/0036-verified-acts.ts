/**
 * Acts are read from their entries, by every process and not from rows; the clerk records which of them it has verified.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class VerifiedActs1764000000036 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE registry_acts (index bigint PRIMARY KEY);
COMMENT ON TABLE registry_acts IS 'Places of the entries that move the rules, so that nobody looks through the whole Journal for them.';
COMMENT ON COLUMN registry_acts.index IS 'Place in the Journal.';

CREATE FUNCTION is_registry_act(kind text) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT kind = 'registry.opened' OR split_part(kind, '.', 1) IN ('key', 'party', 'regime', 'acts')
$$;
COMMENT ON FUNCTION is_registry_act(text) IS 'Whether entries of this kind move the rules.';
INSERT INTO registry_acts SELECT index FROM entries WHERE is_registry_act(kind);

CREATE FUNCTION registry_acts_kept() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO registry_acts SELECT index FROM entries
    WHERE index >= OLD.size AND index < NEW.size AND is_registry_act(kind);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION registry_acts_kept() IS 'Runs only when the rules move, so checks do not pay for it.';
CREATE TRIGGER registry_acts_kept AFTER UPDATE ON journal_head FOR EACH ROW
  WHEN (NEW.rules_version > OLD.rules_version) EXECUTE FUNCTION registry_acts_kept();

CREATE VIEW registry_openings AS
  SELECT e.index, e.kind, e.at, e.entry, e.seed FROM registry_acts a JOIN entries e ON e.index = a.index;
COMMENT ON VIEW registry_openings IS 'Entries that move the rules. They name no person but officials, and are open to everybody.';
GRANT SELECT ON registry_openings
  TO tyiym_citizen, tyiym_lender, tyiym_bureau, tyiym_access, tyiym_log, tyiym_clerk_worker, tyiym_tool;

CREATE OR REPLACE VIEW public_openings AS
  SELECT index, entry, seed FROM entries
  WHERE kind = 'registry.opened' OR split_part(kind, '.', 1) IN ('key', 'party', 'regime', 'outage', 'log', 'acts');

GRANT SELECT ON official_acts TO tyiym_clerk_worker;
`);
    // As 0001 made it, with one kind more.
    await runner.query(`
DO $$ DECLARE kinds text;
BEGIN
  SELECT with_check INTO kinds FROM pg_policies WHERE tablename = 'entries' AND policyname = 'clerk_appends';
  EXECUTE 'ALTER POLICY clerk_appends ON entries WITH CHECK (' || kinds || ' OR kind = ''acts.verified'')';
END $$;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
