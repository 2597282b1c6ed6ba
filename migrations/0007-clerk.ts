/**
 * What the clerk needs of what was made before: jobs past graphile-worker's row-level security, due moves by index,
 * and a watchdog that ends the one who holds the head and spares those who wait for it.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

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

CREATE OR REPLACE FUNCTION end_stuck_backends() RETURNS integer LANGUAGE sql VOLATILE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH at_the_head AS (
    SELECT DISTINCT pid FROM pg_locks
    WHERE granted AND relation = 'journal_head'::regclass AND mode IN ('RowShareLock', 'RowExclusiveLock')
  )
  SELECT count(*)::integer FROM (
    SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN at_the_head USING (pid)
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start IS NOT NULL
      AND a.state_change < clock_timestamp() - interval '2 seconds'
      AND NOT EXISTS (SELECT FROM unnest(pg_blocking_pids(a.pid)) AS b (pid) JOIN at_the_head USING (pid))
  ) ended
$$;
COMMENT ON FUNCTION end_stuck_backends() IS 'Ends backends that have held the head for more than 2 s without a step, and nobody who waits behind them. Its owner needs pg_signal_backend and pg_read_all_stats.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
