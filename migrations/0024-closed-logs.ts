/**
 * A database that was put back behind what was published: processes answer nothing until the signer has compared, and
 * the log that lost entries is closed for good, with `log.broken`, while the registry goes on under the next origin.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ClosedLogs1764000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE FUNCTION database_life() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT format('%s/%s', oid, extract(epoch FROM pg_postmaster_start_time())) FROM pg_database WHERE datname = current_database()
$$;
COMMENT ON FUNCTION database_life() IS 'Another value after each start of the server and in each copy of the database: what was put back cannot be taken for what it was.';

CREATE TABLE comparisons (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  life text,
  compared_at timestamptz(3) NOT NULL
);
COMMENT ON TABLE comparisons IS 'When the signer last held this database against what was published. In another life of the database it does not count.';
COMMENT ON COLUMN comparisons.only_row IS 'True: a second row cannot be.';
COMMENT ON COLUMN comparisons.life IS 'Of the database that was compared and found to go on from what was published; NULL when it did not.';
COMMENT ON COLUMN comparisons.compared_at IS 'Registry time.';
GRANT SELECT, INSERT, UPDATE ON comparisons TO tyiym_clerk_signer;
GRANT SELECT ON comparisons TO tyiym_citizen, tyiym_lender, tyiym_bureau, tyiym_clerk_worker, tyiym_tool;

CREATE TABLE closed_logs (
  origin text PRIMARY KEY,
  successor text NOT NULL UNIQUE,
  size bigint NOT NULL,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  entry_index bigint NOT NULL UNIQUE,
  CHECK (entry_index < size)
);
COMMENT ON TABLE closed_logs IS 'Logs that had published more than a restored database held: fold of log.broken.';
COMMENT ON COLUMN closed_logs.origin IS 'Name of the log that was closed.';
COMMENT ON COLUMN closed_logs.successor IS 'Name of the log that goes on.';
COMMENT ON COLUMN closed_logs.size IS 'Entries it had published; those from entry_index on are lost.';
COMMENT ON COLUMN closed_logs.root IS 'Root of its last checkpoint.';
COMMENT ON COLUMN closed_logs.entry_index IS 'The entry log.broken, first of the successor that the closed log does not have.';
GRANT SELECT, INSERT ON closed_logs TO tyiym_tool;
GRANT SELECT ON closed_logs TO tyiym_log;

CREATE FUNCTION log_closed() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE journal_head SET origin = NEW.successor WHERE origin = NEW.origin AND EXISTS (
    SELECT FROM entries WHERE index = NEW.entry_index AND index = size - 1 AND kind = 'log.broken');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a log is closed by its entry' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  -- The numbers of the lost items will be given again; under the old stream a bureau would take them for what it has.
  TRUNCATE streams, sealed_items, day_keys, stream_members, stream_buckets, stream_vectors, digests;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION log_closed() IS 'The head goes on under the next origin, and every bureau''s stream begins anew, with the entry that says so.';
CREATE TRIGGER log_closed AFTER INSERT ON closed_logs FOR EACH ROW EXECUTE FUNCTION log_closed();
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
