/**
 * What the bureaus are told, in one sequence: an item for each entry that changes whether a refusal is in force. The
 * database itself writes it in the append, so no use case can forget one, and no role can write or leave out any.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Feed1764000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE feed (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  entry_index bigint NOT NULL UNIQUE,
  entry_id uuid NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled')),
  subject_epoch smallint,
  subject bytea CHECK (octet_length(subject) = 32),
  version integer NOT NULL CHECK (version > 0),
  at timestamptz(3) NOT NULL
);
COMMENT ON TABLE feed IS 'The feed to the bureaus: one item an entry that places or lifts, gapless, in the order of the Journal. Written by trigger alone.';
COMMENT ON COLUMN feed.seq IS 'Number of the item, from 1, the same for all streams; the newest is journal_head.feed_seq.';
COMMENT ON COLUMN feed.entry_index IS 'Its entry. Both unique indexes grow at their right edge only.';
COMMENT ON COLUMN feed.entry_id IS 'Id of that entry, by which stamps name it.';
COMMENT ON COLUMN feed.kind IS 'Kind of that entry: placed in one way or another, or lifted.';
COMMENT ON COLUMN feed.subject_epoch IS 'Epoch of the lookup key of subject.';
COMMENT ON COLUMN feed.subject IS 'Pseudonym of the person; NULL once the person is erased.';
COMMENT ON COLUMN feed.version IS 'Refusal version that the entry made.';
COMMENT ON COLUMN feed.at IS 'Registry time of the commit, as in the entry.';

-- A registry that went live before: the head has counted since its first entry.
INSERT INTO feed
  SELECT row_number() OVER (ORDER BY index), index, id, kind, subject_epoch, subject, version, at FROM entries
  WHERE kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled');

CREATE FUNCTION feed_item() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  next bigint := (SELECT coalesce(max(seq), 0) + 1 FROM feed);
BEGIN
  IF next > (SELECT feed_seq FROM journal_head) THEN
    RAISE EXCEPTION 'an item of the feed is counted by the head it is appended with' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO feed VALUES (next, NEW.index, NEW.id, NEW.kind, NEW.subject_epoch, NEW.subject, NEW.version, NEW.at);
  PERFORM pg_notify('tyiym_feed', '');
  RETURN NULL;
END $$;
COMMENT ON FUNCTION feed_item() IS 'Writes the feed item of an entry, in the order of the entries, under the head''s lock; wakes the clerk at the commit.';
-- Checks are not touched by it: the condition is looked at before the trigger is even queued.
CREATE TRIGGER feed_item AFTER INSERT ON entries FOR EACH ROW
  WHEN (NEW.kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled'))
  EXECUTE FUNCTION feed_item();

CREATE FUNCTION feed_seq_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.feed_seq - OLD.feed_seq <> (SELECT count(*) FROM entries WHERE index >= OLD.size AND index < NEW.size
    AND kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled')) THEN
    RAISE EXCEPTION 'the feed grows by exactly the entries that place or lift' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION feed_seq_guard() IS 'Together with feed_item: each counted entry has one item and each item one entry, without a gap.';
CREATE TRIGGER feed_seq_guard AFTER UPDATE ON journal_head FOR EACH ROW
  WHEN (NEW.feed_seq IS DISTINCT FROM OLD.feed_seq) EXECUTE FUNCTION feed_seq_guard();

GRANT SELECT ON feed TO tyiym_citizen, tyiym_clerk_worker, tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
