/**
 * Whoever waits for the head is spared also by the very look that ends its holder: whom to end is settled before anybody
 * is ended, because with the holder gone the next one waits for nobody any more and would have been ended behind him.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SparedWaiters1764000000028 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE OR REPLACE FUNCTION end_stuck_backends() RETURNS integer LANGUAGE sql VOLATILE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH at_the_head AS (
    SELECT DISTINCT pid FROM pg_locks
    WHERE granted AND relation = 'journal_head'::regclass AND mode IN ('RowShareLock', 'RowExclusiveLock')
  )
  SELECT count(*)::integer FROM (
    SELECT pg_terminate_backend(stuck.pid) FROM unnest((
      SELECT array_agg(a.pid) FROM pg_stat_activity a JOIN at_the_head USING (pid)
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start IS NOT NULL
        AND a.state_change < clock_timestamp() - interval '2 seconds'
        AND NOT EXISTS (SELECT FROM unnest(pg_blocking_pids(a.pid)) AS b (pid) JOIN at_the_head USING (pid))
    )) AS stuck (pid)
  ) ended
$$;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
