/**
 * The feed at the speed of a catch-up: stamps are compared with their entries once a statement, and what is sealed lies
 * in its row, because a ciphertext does not shrink. An item about whom the registry knows nothing (any more) is marked,
 * so that it is told, counted and never part of a digest.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class FeedAtSpeed1764000000027 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
DROP TRIGGER stamps_guard ON stamps;
CREATE OR REPLACE FUNCTION stamps_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM written w LEFT JOIN entries e ON e.index = w.entry_index AND e.party = w.client_id AND e.at = w.at
    AND e.kind = (CASE w.state WHEN 'stamped' THEN 'refusal.stamped' ELSE 'stamp.lost' END)
    WHERE e.index IS NULL;
  IF FOUND THEN
    RAISE EXCEPTION 'a stamp stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER stamps_guard AFTER INSERT ON stamps REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION stamps_guard();

ALTER TABLE sealed_items ALTER COLUMN sealed SET STORAGE EXTERNAL, SET (toast_tuple_target = 8160);
ALTER TABLE sealed_items ADD COLUMN withheld boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sealed_items.withheld IS 'Names nobody: the person is erased, or was never known by his number. Part of no set, and nothing to stamp.';

CREATE VIEW bureau_figures AS
  SELECT s.client_id, p.name_kk, p.name_ru, p.name_en,
    h.feed_seq - s.acked_seq AS behind,
    coalesce(extract(epoch FROM registry_now() - o.at) * 1000, 0)::float8 AS oldest_ms,
    l.p50, l.p99, d.agrees, d.posted_at
  FROM streams s JOIN parties p ON p.client_id = s.client_id CROSS JOIN journal_head h
  LEFT JOIN feed o ON o.seq = s.acked_seq + 1 LEFT JOIN digests d ON d.stream_id = s.stream_id
  CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY lag) AS p50, percentile_cont(0.99) WITHIN GROUP (ORDER BY lag) AS p99
    FROM (SELECT extract(epoch FROM t.at - f.at) * 1000 AS lag
      FROM (SELECT seq, client_id, state, at FROM stamps ORDER BY entry_index DESC LIMIT 4000) t JOIN feed f ON f.seq = t.seq
      WHERE t.client_id = s.client_id AND t.state = 'stamped' AND t.at > registry_now() - interval '1 hour') x) l;
COMMENT ON VIEW bureau_figures IS 'How far each bureau is behind and how soon it stamps, of the newest 4000 stamps and the last hour: for everybody, and about nobody.';
GRANT SELECT ON bureau_figures TO tyiym_log;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
