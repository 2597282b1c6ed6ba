/**
 * Each stamp finds its entry by the entry's place. A join of all of them may read the whole Journal for every commit, and
 * did: its plan is made at the first stamp, when the Journal is small, and stays (ADR 14).
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class StampsByPlace1764000000029 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE OR REPLACE FUNCTION stamps_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM written w LEFT JOIN LATERAL (SELECT e.party, e.at, e.kind FROM entries e
    WHERE e.index = w.entry_index LIMIT 1) e ON true
    WHERE (e.party, e.at, e.kind) IS DISTINCT FROM
      (w.client_id, w.at, CASE w.state WHEN 'stamped' THEN 'refusal.stamped' ELSE 'stamp.lost' END);
  IF FOUND THEN
    RAISE EXCEPTION 'a stamp stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
