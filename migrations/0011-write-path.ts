/** What one append asserts about itself inside the database, so that it commits in the same breath. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WritePath1764000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE FUNCTION lost_race() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the head of the Journal is no longer the one this batch stands on' USING ERRCODE = 'serialization_failure';
END $$;
COMMENT ON FUNCTION lost_race() IS 'Fails an append whose compare moved no head; nothing of it is inserted.';

CREATE FUNCTION is_whole(written bigint[], expected bigint[]) RETURNS boolean LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF written IS DISTINCT FROM expected THEN
    RAISE EXCEPTION 'rows were lost in the append' USING ERRCODE = 'assert_failure';
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION is_whole(bigint[], bigint[]) IS 'Fails an append that did not write exactly the rows it was given.';
REVOKE ALL ON FUNCTION lost_race(), is_whole(bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lost_race(), is_whole(bigint[], bigint[])
  TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker, tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
