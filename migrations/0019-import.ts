/** The import of the refusals of the time before: the tool's role may write them until the registry is open. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Import1764000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
GRANT INSERT ON people TO tyiym_tool;
COMMENT ON TABLE people IS 'Whoever opened an application, is named in a loan or was taken over with a refusal. The IIN stands here, sealed, and nowhere else but in documents he signed.';

-- The regime begins with the entry that opens the registry; the head's lock keeps the two in their order.
CREATE POLICY tool_inherits ON entries AS RESTRICTIVE FOR INSERT TO tyiym_tool
  WITH CHECK (kind <> 'refusal.inherited' OR NOT EXISTS (SELECT FROM regime));

-- Lines wait in temporary tables of the session, sealed with a key that ends with it.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO tyiym_tool', current_database()); END $$;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
