/**
 * A refusal is judged by the person's entries, not by the row before: a row that was altered past its guard neither stops
 * nor eases an honest move, which puts the row right. No entry that moves a refusal is appended without its row.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The list of the index, word for word: a search that names another one would not be answered by it. */
const moves = `'refusal.inherited', 'refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled',
  'refusal.lifted', 'refusal.annulled'`;

export class RefusalsOfEntries1764000000049 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
-- The checks about a person lie between their moves, any number of them, and none of them is read for a move.
CREATE INDEX entries_of_moves ON entries (subject, index) WHERE kind IN (${moves});

CREATE FUNCTION refusal_after(before refusals, since bigint) RETURNS refusals LANGUAGE plpgsql
  SET search_path = public, pg_temp AS $$
DECLARE
  fold refusals := before;
  prior refusals;
  said record;
  body jsonb;
  hours integer;
  request text;
  allowed boolean;
BEGIN
  FOR said IN SELECT e.index, e.id, e.kind, e.at, e.entry, e.leaf_hash, e.version,
      e.xmin = pg_current_xact_id()::xid AS is_new FROM entries e
    WHERE e.subject = before.subject AND e.subject_epoch = before.subject_epoch AND e.index > since
      AND e.kind IN (${moves})
    ORDER BY e.index
  LOOP
    prior := fold;
    body := said.entry::jsonb;
    hours := (body ->> 'lockHours')::integer;
    request := id_of('ent', fold.requested_by);
    allowed := body ->> 'kind' = said.kind AND (body ->> 'at')::timestamptz = said.at
      AND (body ->> 'version')::integer = said.version
      AND (NOT said.is_new OR said.version = coalesce(fold.version, 0)
        + (said.kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled'))::integer);
    fold.version := said.version;
    CASE said.kind
    WHEN 'refusal.inherited', 'refusal.placed' THEN
      -- A return rests on the lift that asked for it: at its hour, with the lock from before.
      allowed := allowed AND hours >= 0 AND (fold.state IS NULL OR fold.state = 'none' AND said.kind = 'refusal.placed')
        AND (NOT body ? 'requestedBy' OR fold.placed_again_at <= said.at AND hours = fold.lock_hours
          AND body ->> 'requestedBy' = request)
        AND (NOT said.is_new OR (body ? 'requestedBy') = (session_user = 'tyiym_clerk_worker'))
        AND (SELECT coalesce(hours <= max(h::integer), true) FROM regime r CROSS JOIN jsonb_array_elements_text(r.value) h
          WHERE r.name = 'lockAllowed');
      fold.state := 'in-force';
      fold.lock_hours := hours;
      fold.placed_at := CASE WHEN said.kind = 'refusal.inherited' THEN coalesce((body ->> 'placedAt')::timestamptz, said.at)
        ELSE said.at END;
    WHEN 'refusal.lock-grown' THEN
      allowed := allowed AND fold.state = 'in-force' AND hours > fold.lock_hours
        AND (SELECT coalesce(hours <= max(h::integer), true) FROM regime r CROSS JOIN jsonb_array_elements_text(r.value) h
          WHERE r.name = 'lockAllowed');
      fold.lock_hours := hours;
    WHEN 'lift.requested' THEN
      allowed := allowed AND fold.state = 'in-force' AND hours = fold.lock_hours;
      fold.state := 'lift-pending';
      fold.lift_requested_at := said.at;
      -- A rule that was enacted later makes nobody wait longer or shorter.
      fold.lifts_at := said.at + interval '1 hour' * greatest(fold.lock_hours, (SELECT r.value::integer FROM regime r
        WHERE r.name = 'liftDelay' AND r.subject_of_rule = '' AND r.applies_from <= said.at
          AND (r.applies_to IS NULL OR r.applies_to > said.at) AND r.entry_index < said.index
        ORDER BY r.entry_index DESC, r.applies_from DESC LIMIT 1));
      fold.place_again_after_hours := (body ->> 'placeAgainAfterHours')::integer;
      fold.placed_again_at := fold.lifts_at + interval '1 hour' * fold.place_again_after_hours;
      fold.requested_by := said.id;
      fold.request_index := said.index;
    WHEN 'lift.cancelled' THEN
      allowed := allowed AND fold.state = 'lift-pending' AND coalesce(body ->> 'requestedBy' = request, true);
      fold.state := 'in-force';
    ELSE
      allowed := allowed AND (fold.state = 'lift-pending' AND fold.lifts_at <= said.at AND body ->> 'requestedBy' = request
        OR said.kind = 'refusal.annulled' AND fold.state = 'in-force');
      fold.state := 'none';
      fold.placed_at := NULL;
      fold.lift_requested_at := NULL;
      fold.lifts_at := NULL;
      fold.placed_again_at := said.at + interval '1 hour' * fold.place_again_after_hours;
    END CASE;
    IF said.kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled') THEN
      allowed := allowed AND (NOT said.is_new OR body ->> 'prev' IS NOT DISTINCT FROM
        rtrim(translate(encode(fold.moved_leaf, 'base64'), '+/', '-_'), '='));
      fold.moved_leaf := said.leaf_hash;
    END IF;
    IF fold.state = 'in-force' THEN
      fold.lift_requested_at := NULL;
      fold.lifts_at := NULL;
      fold.place_again_after_hours := NULL;
      fold.placed_again_at := NULL;
      fold.requested_by := NULL;
      fold.request_index := NULL;
    END IF;
    fold.entry_index := said.index;
    IF allowed IS NOT TRUE THEN
      IF said.is_new THEN
        RAISE EXCEPTION 'an entry that the refusal before it does not allow' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      -- It came past this guard and stays for good. It counts for nothing, so that it stops no honest move.
      fold := prior;
    END IF;
  END LOOP;
  RETURN fold;
END $$;
REVOKE ALL ON FUNCTION refusal_after(refusals, bigint) FROM PUBLIC;
COMMENT ON FUNCTION refusal_after(refusals, bigint) IS 'A refusal after the person''s entries behind this index. Fails on an entry of this transaction that the refusal before it does not allow.';

CREATE FUNCTION refusal_of(of_subject bytea, of_epoch smallint) RETURNS refusals LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  nobody refusals;
BEGIN
  nobody.subject := of_subject;
  nobody.subject_epoch := of_epoch;
  RETURN refusal_after(nobody, -1);
END $$;
REVOKE ALL ON FUNCTION refusal_of(bytea, smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refusal_of(bytea, smallint) TO tyiym_clerk_worker;
COMMENT ON FUNCTION refusal_of(bytea, smallint) IS 'The refusal as all entries of the person give it; without a state when there are none.';

CREATE OR REPLACE FUNCTION refusals_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  -- More entries than one transaction of a role that writes refusals ever appends: keeps the search in one or two partitions.
  reach CONSTANT integer := 4096;
  fold refusals;
BEGIN
  IF NEW.state = 'sentinel' OR (TG_OP = 'UPDATE' AND OLD.state = 'sentinel') THEN
    IF session_user <> 'tyiym_owner' THEN
      RAISE EXCEPTION 'a sentinel is the owner''s' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' AND session_user <> 'tyiym_clerk_worker' THEN
    -- A first placing has no history to be searched for under the head's lock.
    fold.subject := NEW.subject;
    fold.subject_epoch := NEW.subject_epoch;
    fold := refusal_after(fold, NEW.entry_index - reach);
  ELSE
    fold := refusal_of(NEW.subject, NEW.subject_epoch);
  END IF;
  IF NEW IS NOT DISTINCT FROM fold AND (TG_OP = 'INSERT'
      OR (NEW.subject, NEW.subject_epoch) = (OLD.subject, OLD.subject_epoch)) THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' OR NEW IS DISTINCT FROM refusal_after(OLD, OLD.entry_index) THEN
    RAISE EXCEPTION 'a refusal moves only as the entries of the person say' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  -- The writer computed it from a row that was altered past this guard. Its entries are allowed, so the row becomes theirs.
  UPDATE refusals r SET state = fold.state, version = fold.version, lock_hours = fold.lock_hours, placed_at = fold.placed_at,
    lift_requested_at = fold.lift_requested_at, lifts_at = fold.lifts_at,
    place_again_after_hours = fold.place_again_after_hours, placed_again_at = fold.placed_again_at,
    requested_by = fold.requested_by, request_index = fold.request_index, moved_leaf = fold.moved_leaf,
    entry_index = fold.entry_index WHERE r.subject = NEW.subject AND r.subject_epoch = NEW.subject_epoch;
  INSERT INTO move_alarms SELECT e.index, 'row-differs', greatest(e.at, registry_now()) FROM entries e
    WHERE e.index = fold.entry_index ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION refusals_guard() IS 'The row is the fold of the person''s entries in every column, whatever the row before was. Runs for moved refusals only.';

CREATE FUNCTION moves_with_row() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM refusals r WHERE r.subject = NEW.subject AND r.subject_epoch = NEW.subject_epoch
    AND r.entry_index >= NEW.index AND r.version >= NEW.version;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an entry that moves a refusal is appended with its row' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION moves_with_row() IS 'Without its row an entry would move nothing now and count in the next move.';
CREATE TRIGGER moves_with_row AFTER INSERT ON entries FOR EACH ROW
  WHEN (NEW.kind IN ('refusal.lock-grown', 'lift.requested', 'lift.cancelled')) EXECUTE FUNCTION moves_with_row();
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
