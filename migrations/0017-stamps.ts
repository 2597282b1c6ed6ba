/** What the bureaus say they recorded, and the newest digest each of them posted. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Stamps1764000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE stamps (
  entry_index bigint PRIMARY KEY,
  client_id text NOT NULL REFERENCES parties,
  seq bigint NOT NULL REFERENCES feed,
  state text NOT NULL CHECK (state IN ('stamped', 'lost')),
  at timestamptz(3) NOT NULL,
  recorded_at timestamptz(3),
  history_ref text,
  CHECK ((state = 'stamped') = (recorded_at IS NOT NULL))
);
CREATE INDEX stamps_of_item ON stamps (seq, client_id, entry_index);
COMMENT ON TABLE stamps IS 'Statements about items of the feed, insert-only; of those of one bureau about one item the newest counts.';
COMMENT ON COLUMN stamps.entry_index IS 'The refusal.stamped or stamp.lost that wrote this row.';
COMMENT ON COLUMN stamps.client_id IS 'The bureau.';
COMMENT ON COLUMN stamps.seq IS 'Item of the feed.';
COMMENT ON COLUMN stamps.state IS 'stamped: the bureau says that it is on the credit history; lost: a digest showed that it is not.';
COMMENT ON COLUMN stamps.at IS 'Registry time of the entry.';
COMMENT ON COLUMN stamps.recorded_at IS 'When the bureau says it recorded it.';
COMMENT ON COLUMN stamps.history_ref IS 'The bureau''s own number; holds no IIN.';

CREATE FUNCTION stamps_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM entries e WHERE e.index = NEW.entry_index AND e.party = NEW.client_id AND e.at = NEW.at
    AND e.kind = (CASE NEW.state WHEN 'stamped' THEN 'refusal.stamped' ELSE 'stamp.lost' END);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a stamp stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION stamps_guard() IS 'The projection can only follow the Journal.';
CREATE TRIGGER stamps_guard AFTER INSERT ON stamps FOR EACH ROW EXECUTE FUNCTION stamps_guard();

CREATE TABLE digests (
  stream_id uuid PRIMARY KEY REFERENCES streams,
  at_seq bigint NOT NULL,
  posted_at timestamptz(3) NOT NULL,
  in_force bigint NOT NULL,
  differing smallint[] NOT NULL,
  agrees boolean NOT NULL
);
COMMENT ON TABLE digests IS 'The newest vector each bureau posted: without it no bucket is answered, or a bureau could answer our own digest back.';
COMMENT ON COLUMN digests.stream_id IS 'Stream.';
COMMENT ON COLUMN digests.at_seq IS 'After this item.';
COMMENT ON COLUMN digests.posted_at IS 'Registry time.';
COMMENT ON COLUMN digests.in_force IS 'Refusals in force as the bureau counts them.';
COMMENT ON COLUMN digests.differing IS 'Buckets in which it differed from ours.';
COMMENT ON COLUMN digests.agrees IS 'Whether nothing differed.';

CREATE POLICY bureau_limits ON rate_limits TO tyiym_bureau USING (starts_with(key, 'bureau:')) WITH CHECK (starts_with(key, 'bureau:'));
GRANT SELECT, INSERT, UPDATE ON rate_limits TO tyiym_bureau;

GRANT SELECT, INSERT ON stamps TO tyiym_bureau;
GRANT SELECT ON stamps TO tyiym_citizen, tyiym_clerk_worker, tyiym_tool;
GRANT SELECT, INSERT, UPDATE ON digests TO tyiym_bureau;
GRANT SELECT ON digests TO tyiym_clerk_worker, tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
