/** The newest revocation list of each issuer that any process has seen: an older one serves no lift after a restart. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class NewestLists1764000000032 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE revocation_lists (
  issuer bytea PRIMARY KEY CHECK (octet_length(issuer) = 32),
  number numeric,
  this_update timestamptz(3) NOT NULL,
  seen_at timestamptz(3) NOT NULL
);
COMMENT ON TABLE revocation_lists IS 'The newest list of revoked certificates of each issuer that any process has seen. Only rises; without it an older list would be believed after a restart.';
COMMENT ON COLUMN revocation_lists.issuer IS 'SHA-256 of the issuer''s certificate.';
COMMENT ON COLUMN revocation_lists.number IS 'CRLNumber, where its lists have one.';
COMMENT ON COLUMN revocation_lists.this_update IS 'When the issuer signed it.';
COMMENT ON COLUMN revocation_lists.seen_at IS 'Registry time at which it was first seen.';
GRANT SELECT ON revocation_lists TO tyiym_tool;

CREATE FUNCTION see_revocation_list(list_issuer bytea, list_number numeric, list_at timestamptz)
  RETURNS TABLE (number numeric, this_update timestamptz) LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  -- Nobody signs tomorrow's list: a date ahead of the clock would keep every honest list out.
  IF list_at <= registry_now() + interval '1 minute' AND NOT EXISTS (
    SELECT FROM revocation_lists l WHERE l.issuer = list_issuer AND l.this_update >= list_at) THEN
    INSERT INTO revocation_lists AS l VALUES (list_issuer, list_number, list_at, registry_now())
    ON CONFLICT (issuer) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
      seen_at = excluded.seen_at
    WHERE excluded.this_update > l.this_update AND coalesce(excluded.number >= l.number, true);
  END IF;
  RETURN QUERY SELECT l.number, l.this_update::timestamptz FROM revocation_lists l WHERE l.issuer = list_issuer;
END $$;
REVOKE ALL ON FUNCTION see_revocation_list(bytea, numeric, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION see_revocation_list(bytea, numeric, timestamptz) TO tyiym_citizen, tyiym_clerk_worker;
COMMENT ON FUNCTION see_revocation_list(bytea, numeric, timestamptz) IS 'Remembers an edition unless it is older than the newest, and gives the newest.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
