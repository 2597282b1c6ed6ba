/** What `tool fsck` reads beside what it could read before: figures and jobs, which it compares with the entries. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class FsckReads1764000000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The view of the jobs has no payloads, and its owner's rights pass the policies of the table behind it.
    await runner.query(`
GRANT SELECT ON figures TO tyiym_tool;
GRANT USAGE ON SCHEMA graphile_worker TO tyiym_tool;
GRANT SELECT ON graphile_worker.jobs TO tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
