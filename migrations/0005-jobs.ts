/** What the clerk is asked to do: one SECURITY DEFINER function per task name; a job holds ids, never a person. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Jobs1764000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE FUNCTION ask_clerk_to_move(entry_index bigint, due timestamptz) RETURNS boolean LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM graphile_worker.add_job('move-refusal', json_build_object('entryIndex', entry_index),
    run_at => clock_timestamp() + greatest(due - registry_now(), interval '0'),
    max_attempts => 25, job_key => 'move-refusal:' || entry_index);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION ask_clerk_to_move(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ask_clerk_to_move(bigint, timestamptz) TO tyiym_citizen, tyiym_clerk_worker;
COMMENT ON FUNCTION ask_clerk_to_move(bigint, timestamptz) IS 'Job move-refusal: carry out the lift or the return that this entry makes due.';

GRANT USAGE ON SCHEMA graphile_worker TO tyiym_clerk_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA graphile_worker TO tyiym_clerk_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA graphile_worker TO tyiym_clerk_worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA graphile_worker TO tyiym_clerk_worker;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA graphile_worker FROM PUBLIC;

CREATE FUNCTION advance_clock(hours integer) RETURNS timestamptz LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF hours NOT BETWEEN 1 AND 2160 THEN RAISE EXCEPTION 'hours must lie between 1 and 2160'; END IF;
  UPDATE journal_head SET clock_offset_ms = clock_offset_ms + hours * 3600000::bigint;
  UPDATE graphile_worker._private_jobs SET run_at = run_at - hours * interval '1 hour' WHERE locked_at IS NULL;
  PERFORM make_partitions(14);
  RETURN registry_now();
END $$;
REVOKE ALL ON FUNCTION advance_clock(integer) FROM PUBLIC;
COMMENT ON FUNCTION advance_clock(integer) IS 'The sandbox''s clock; only the owner may call it. Jobs that become due move with it.';

CREATE FUNCTION end_stuck_backends() RETURNS integer LANGUAGE sql VOLATILE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*)::integer FROM (
    SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND a.xact_start < clock_timestamp() - interval '2 seconds'
      AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.relation = 'journal_head'::regclass
        AND l.mode IN ('RowShareLock', 'RowExclusiveLock'))
  ) ended
$$;
REVOKE ALL ON FUNCTION end_stuck_backends() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_stuck_backends() TO tyiym_clerk_worker;
COMMENT ON FUNCTION end_stuck_backends() IS 'Ends backends that have held the head for more than 2 s, because everybody waits behind them.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
