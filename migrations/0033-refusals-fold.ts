/**
 * A row of `refusals` is the fold of the person's entries of its own transaction, applied to the row before: each column is
 * held against them. Entries are whole and of the instant of their head, and one that places or lifts comes with its row,
 * so that no role can leave the two apart.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class RefusalsFold1764000000033 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE OR REPLACE FUNCTION refusals_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  -- More entries than one transaction of a role that writes refusals ever appends: keeps the search in one or two partitions.
  reach CONSTANT integer := 4096;
  fold refusals;
  said record;
  body jsonb;
  hours integer;
  allowed boolean;
BEGIN
  IF NEW.state = 'sentinel' OR (TG_OP = 'UPDATE' AND OLD.state = 'sentinel') THEN
    IF session_user <> 'tyiym_owner' THEN
      RAISE EXCEPTION 'a sentinel is the owner''s' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    fold := OLD;
  ELSE
    fold.subject := NEW.subject;
    fold.subject_epoch := NEW.subject_epoch;
  END IF;
  FOR said IN SELECT e.index, e.id, e.kind, e.at, e.entry, e.leaf_hash, e.version FROM entries e
    WHERE e.subject = NEW.subject AND e.subject_epoch = NEW.subject_epoch
      AND e.index > greatest(coalesce(fold.entry_index, -1), NEW.entry_index - reach) AND e.index <= NEW.entry_index
      AND e.kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled',
        'refusal.lifted', 'refusal.annulled')
      AND e.xmin = pg_current_xact_id()::xid
    ORDER BY e.index
  LOOP
    body := said.entry::jsonb;
    hours := (body ->> 'lockHours')::integer;
    allowed := body ->> 'kind' = said.kind AND (body ->> 'at')::timestamptz = said.at
      AND (body ->> 'version')::integer = said.version;
    CASE said.kind
    WHEN 'refusal.inherited', 'refusal.placed' THEN
      -- A return rests on the lift that asked for it: at its hour, with the lock from before.
      allowed := allowed AND hours >= 0 AND (fold.state IS NULL OR fold.state = 'none' AND said.kind = 'refusal.placed')
        AND (NOT body ? 'requestedBy' OR fold.placed_again_at <= said.at AND hours = fold.lock_hours)
        AND (body ? 'requestedBy') = (session_user = 'tyiym_clerk_worker');
      fold.state := 'in-force';
      fold.version := coalesce(fold.version, 0) + 1;
      fold.lock_hours := hours;
      fold.placed_at := CASE said.kind WHEN 'refusal.inherited' THEN (body ->> 'placedAt')::timestamptz ELSE said.at END;
      fold.moved_leaf := said.leaf_hash;
    WHEN 'refusal.lock-grown' THEN
      allowed := allowed AND fold.state = 'in-force' AND hours > fold.lock_hours;
      fold.lock_hours := hours;
    WHEN 'lift.requested' THEN
      allowed := allowed AND fold.state = 'in-force' AND hours = fold.lock_hours;
      fold.state := 'lift-pending';
      fold.lift_requested_at := said.at;
      fold.lifts_at := said.at + interval '1 hour' * greatest(fold.lock_hours, (SELECT r.value::integer FROM regime r
        WHERE r.name = 'liftDelay' AND r.subject_of_rule = '' AND r.applies_from <= said.at
          AND (r.applies_to IS NULL OR r.applies_to > said.at)
        ORDER BY r.entry_index DESC, r.applies_from DESC LIMIT 1));
      fold.place_again_after_hours := (body ->> 'placeAgainAfterHours')::integer;
      fold.placed_again_at := fold.lifts_at + interval '1 hour' * fold.place_again_after_hours;
      fold.requested_by := said.id;
      fold.request_index := said.index;
    WHEN 'lift.cancelled' THEN
      allowed := allowed AND fold.state = 'lift-pending';
      fold.state := 'in-force';
    ELSE
      allowed := allowed AND (fold.state = 'lift-pending' AND fold.lifts_at <= said.at
        OR said.kind = 'refusal.annulled' AND fold.state = 'in-force');
      fold.state := 'none';
      fold.version := fold.version + 1;
      fold.placed_at := NULL;
      fold.lift_requested_at := NULL;
      fold.lifts_at := NULL;
      fold.placed_again_at := said.at + interval '1 hour' * fold.place_again_after_hours;
      fold.moved_leaf := said.leaf_hash;
    END CASE;
    IF fold.state = 'in-force' THEN
      fold.lift_requested_at := NULL;
      fold.lifts_at := NULL;
      fold.place_again_after_hours := NULL;
      fold.placed_again_at := NULL;
      fold.requested_by := NULL;
      fold.request_index := NULL;
    END IF;
    fold.entry_index := said.index;
    IF allowed IS NOT TRUE OR said.version IS DISTINCT FROM fold.version THEN
      RAISE EXCEPTION 'an entry that the refusal before it does not allow' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END LOOP;
  IF NOT FOUND OR fold IS DISTINCT FROM NEW THEN
    RAISE EXCEPTION 'a refusal moves only as the entries of the person say' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION refusals_guard() IS 'The row is the fold of the person''s entries of this transaction over the row before, in every column. Runs for moved refusals only.';

CREATE OR REPLACE FUNCTION entries_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head journal_head;
  news record;
BEGIN
  SELECT * INTO head FROM journal_head;
  SELECT max(index) AS last, min(at) AS first_at, max(at) AS last_at,
    bool_and(entry IS NOT NULL AND seed IS NOT NULL AND (version IS NULL OR subject IS NOT NULL)) AS whole INTO news FROM appended;
  IF news.last >= head.size THEN
    RAISE EXCEPTION 'entries are appended together with the head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF news.first_at <> head.last_at OR news.last_at <> head.last_at THEN
    RAISE EXCEPTION 'entries are of the instant of their head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NOT news.whole THEN
    RAISE EXCEPTION 'an entry is appended whole' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION entries_guard() IS 'No entry lies beyond the head, so the head can only grow by entries of its own transaction; each is whole and of the head''s instant.';

CREATE OR REPLACE FUNCTION feed_item() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  next bigint := (SELECT coalesce(max(seq), 0) + 1 FROM feed);
BEGIN
  IF next > (SELECT feed_seq FROM journal_head) THEN
    RAISE EXCEPTION 'an item of the feed is counted by the head it is appended with' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM FROM refusals r WHERE r.subject = NEW.subject AND r.subject_epoch = NEW.subject_epoch
    AND r.entry_index >= NEW.index AND r.version >= NEW.version;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an entry that places or lifts is appended with its refusal' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO feed VALUES (next, NEW.index, NEW.id, NEW.kind, NEW.subject_epoch, NEW.subject, NEW.version, NEW.at);
  PERFORM pg_notify('tyiym_feed', '');
  RETURN NULL;
END $$;
COMMENT ON FUNCTION feed_item() IS 'Writes the feed item of an entry, in the order of the entries, under the head''s lock; wakes the clerk at the commit. Without its row in refusals no entry places or lifts.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
