import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the clerk needs of tables made before: jobs past graphile-worker's row-level security, and due moves by index. */
export class Clerk1764000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE POLICY clerk ON graphile_worker._private_jobs TO tyiym_clerk_worker USING (true) WITH CHECK (true);
CREATE POLICY clerk ON graphile_worker._private_tasks TO tyiym_clerk_worker USING (true) WITH CHECK (true);
CREATE POLICY clerk ON graphile_worker._private_job_queues TO tyiym_clerk_worker USING (true) WITH CHECK (true);
CREATE POLICY clerk ON graphile_worker._private_known_crontabs TO tyiym_clerk_worker USING (true) WITH CHECK (true);

-- Small, because few lifts are pending at once; without them looking for lost jobs reads every refusal.
CREATE INDEX refusals_to_lift ON refusals (lifts_at) WHERE state = 'lift-pending';
CREATE INDEX refusals_to_return ON refusals (placed_again_at) WHERE state = 'none' AND placed_again_at IS NOT NULL;
CREATE INDEX signed_documents_stale ON signed_documents (entry_index) WHERE revocation_stale;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
