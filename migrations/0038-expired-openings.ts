/** Openings that came to nothing go after four days: an opening costs kilobytes, and anybody who may open may open many. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ExpiredOpenings1764000000038 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE INDEX applications_unsigned ON applications (expires_at) WHERE state <> 'signed';

CREATE FUNCTION drop_expired_openings(most integer) RETURNS integer LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  dropped integer;
BEGIN
  IF most NOT BETWEEN 1 AND 10000 THEN RAISE EXCEPTION 'most must lie between 1 and 10000'; END IF;
  WITH gone AS (
    DELETE FROM applications WHERE application_id IN (
      SELECT application_id FROM applications a
      WHERE state <> 'signed' AND expires_at < registry_now() - interval '4 days'
        AND NOT EXISTS (SELECT FROM signed_documents d WHERE d.application_id = a.application_id)
      ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED)
    RETURNING 1)
  SELECT count(*) INTO dropped FROM gone;
  RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION drop_expired_openings(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_expired_openings(integer) TO tyiym_clerk_worker;
COMMENT ON FUNCTION drop_expired_openings(integer) IS 'Deletes up to so many applications that expired four days ago unsigned; one that a signed document names stays, whatever its row says.';
COMMENT ON TABLE applications IS 'Documents opened for signing. An open one past expires_at is expired, and goes four days later; signed ones stay.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
