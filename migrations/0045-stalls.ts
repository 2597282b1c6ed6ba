/**
 * Whoever keeps the head of the Journal from moving is ended: the same transaction at two looks two seconds apart, at the
 * root of those who wait, never one who waits. A disk that is slow ends nobody. A role of an app whose transaction is older
 * than its time-outs allow has taken them off, and is ended likewise. Who was ended is told by role and reason.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Stalls1764000000045 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE UNLOGGED TABLE head_looks (
  pid integer NOT NULL,
  backend_start timestamptz NOT NULL,
  xact_start timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (pid, backend_start, xact_start)
);
COMMENT ON TABLE head_looks IS 'Transactions that held the head or kept its holder waiting at the last look, and since which look. Unlogged; only end_stuck_backends() reads and writes it.';
COMMENT ON COLUMN head_looks.pid IS 'The backend.';
COMMENT ON COLUMN head_looks.backend_start IS 'When it began: a number is given again.';
COMMENT ON COLUMN head_looks.xact_start IS 'When its transaction began.';
COMMENT ON COLUMN head_looks.seen_at IS 'The first look that found it, clock of the database.';

CREATE FUNCTION waits_for_disk(kind text, event text, since interval) RETURNS boolean LANGUAGE sql IMMUTABLE
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(kind, '') IN ('IO', 'LWLock', 'IPC') AND (
    event ILIKE 'WAL%' OR event = 'SyncRep' OR (kind = 'IO' AND since < interval '10 seconds'))
$$;
COMMENT ON FUNCTION waits_for_disk(text, text, interval) IS 'Whether a backend waits for the write-ahead log, which it cannot hurry, or since a short time for another file. Such a one is not ended.';
REVOKE ALL ON FUNCTION waits_for_disk(text, text, interval) FROM PUBLIC;

DROP FUNCTION end_stuck_backends();
CREATE FUNCTION end_stuck_backends() RETURNS TABLE (role text, reason text) LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  looked_at timestamptz := clock_timestamp();
  one record;
BEGIN
  -- Those at the head, those they wait for, and so on to the roots, who wait for nobody.
  FOR one IN
    WITH RECURSIVE chain (pid, blockers) AS (
      SELECT l.pid, pg_blocking_pids(l.pid) FROM (
        SELECT DISTINCT k.pid FROM pg_locks k JOIN pg_database d ON d.oid = k.database
        WHERE d.datname = current_database() AND k.relation = 'journal_head'::regclass AND k.mode <> 'AccessShareLock') l
      UNION
      SELECT b.pid, pg_blocking_pids(b.pid) FROM chain c CROSS JOIN unnest(c.blockers) AS b (pid) WHERE b.pid <> 0
    ), at_the_root AS (
      SELECT DISTINCT pid FROM chain WHERE cardinality(blockers) = 0 AND pid <> pg_backend_pid()
    ), seen AS (
      SELECT a.pid, a.backend_start, a.xact_start FROM pg_stat_activity a JOIN at_the_root USING (pid)
      WHERE a.datname = current_database() AND a.xact_start IS NOT NULL
    ), forgotten AS (
      DELETE FROM head_looks h WHERE NOT EXISTS (SELECT FROM seen s
        WHERE (s.pid, s.backend_start, s.xact_start) = (h.pid, h.backend_start, h.xact_start))
    ), remembered AS (
      INSERT INTO head_looks (pid, backend_start, xact_start, seen_at) SELECT s.*, looked_at FROM seen s
      ON CONFLICT DO NOTHING
    )
    SELECT a.pid, a.usename, a.wait_event_type, a.wait_event, a.xact_start,
      CASE WHEN h.pid IS NULL THEN 'its transaction is older than the time-outs of its role'
        ELSE 'it kept the head of the Journal' END AS reason
    FROM pg_stat_activity a
    LEFT JOIN (seen s JOIN head_looks h USING (pid, backend_start, xact_start)) ON h.pid = a.pid
      AND h.seen_at <= looked_at - interval '2 seconds'
      -- What the operator writes step by step, as a load does, has ten seconds while it goes on.
      AND (a.usename NOT IN ('tyiym_owner', 'tyiym_tool') OR a.state_change < looked_at - interval '2 seconds'
        OR h.seen_at <= looked_at - interval '10 seconds')
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
      -- What the operator runs away from the head may take long, as staging an import does.
      AND (h.pid IS NOT NULL OR (a.usename LIKE 'tyiym\\_%' AND a.usename NOT IN ('tyiym_owner', 'tyiym_tool')
        AND a.xact_start < looked_at - interval '7 seconds'))
  LOOP
    CONTINUE WHEN waits_for_disk(one.wait_event_type, one.wait_event, looked_at - one.xact_start);
    IF pg_terminate_backend(one.pid) THEN
      role := one.usename;
      reason := one.reason;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION end_stuck_backends() IS 'Ends the backends at whose root the head stands still since two seconds, and those of apps that took their time-outs off; says whose and why. Its owner needs pg_signal_backend and pg_read_all_stats.';
REVOKE ALL ON FUNCTION end_stuck_backends() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_stuck_backends() TO tyiym_clerk_worker;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
