/**
 * Rows that stop another process when they are made up: a checkpoint beside the tree, a lease without an end, a day's key
 * that opens nothing, an alarm noted before its move, and evidence kept under another person or application.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SmallGuards1764000000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE FUNCTION checkpoints_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT starts_with(NEW.note, NEW.origin || E'\\n' || NEW.size || E'\\n' || encode(NEW.root, 'base64') || E'\\n\\n')
    OR NEW.signed_at > registry_now() + interval '1 minute' THEN
    RAISE EXCEPTION 'a checkpoint is what its note says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM heads h JOIN journal_head j ON j.origin = NEW.origin
      WHERE h.size = NEW.size AND h.root = NEW.root AND NEW.published_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'a checkpoint is of a tree that a commit ended with, and is published after it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  ELSIF OLD.published_at IS NOT NULL AND (NEW.published_at, NEW.lag_ms) IS DISTINCT FROM (OLD.published_at, OLD.lag_ms) THEN
    RAISE EXCEPTION 'what was published stays published' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION checkpoints_guard() IS 'No checkpoint lies ahead of the Journal or beside its tree, where the signer would refuse to go on; that its note is signed, fsck verifies.';
CREATE TRIGGER checkpoints_guard AFTER INSERT OR UPDATE ON checkpoints FOR EACH ROW EXECUTE FUNCTION checkpoints_guard();

CREATE FUNCTION signer_lease_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.until > clock_timestamp() + interval '30 seconds' THEN
    RAISE EXCEPTION 'a lease ends within 30 seconds' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION signer_lease_guard() IS 'A lease that its holder does not renew ends soon, whatever was written into it.';
CREATE TRIGGER signer_lease_guard AFTER INSERT OR UPDATE ON signer_lease FOR EACH ROW EXECUTE FUNCTION signer_lease_guard();

CREATE FUNCTION move_alarms_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e WHERE e.index = NEW.entry_index AND e.kind IN ('refusal.placed', 'refusal.lock-grown',
      'lift.requested', 'lift.cancelled', 'refusal.lifted')
    AND NEW.raised_at BETWEEN e.at AND registry_now() + interval '1 minute';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an alarm is about a move that is there' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION move_alarms_guard() IS 'No alarm is noted before its move.';
CREATE TRIGGER move_alarms_guard AFTER INSERT ON move_alarms FOR EACH ROW EXECUTE FUNCTION move_alarms_guard();

CREATE OR REPLACE FUNCTION signed_documents_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid
      AND e.kind IN ('refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled')
      AND e.entry::jsonb->>'applicationId' = id_of('app', NEW.application_id)
      AND is_persons(NEW.person_id, e.subject_epoch, e.subject);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a signed document is kept with the entry that came of it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION signed_documents_guard() IS 'Application and person are those of an entry of this transaction; what was signed, and by whom, the clerk and fsck verify.';

CREATE OR REPLACE FUNCTION revocation_answers_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e JOIN entries r ON r.subject = e.subject AND r.index < e.index AND r.kind = 'lift.requested'
      AND id_of('ent', r.id) = e.entry::jsonb->>'requestedBy'
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.kind IN ('refusal.lifted', 'lift.cancelled')
      AND e.entry::jsonb ? 'revocationSha256' AND is_persons(NEW.person_id, e.subject_epoch, e.subject)
      AND r.entry::jsonb->>'applicationId' = id_of('app', NEW.application_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the authority''s word is kept with the move that rests on it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION revocation_answers_guard() IS 'The person is that of a move of this transaction that rests on an answer, the application that of the request it carries out.';

-- A row that another wrote gets a good one after it; nothing is overwritten, and of several rows the newest is delivered.
ALTER TABLE day_keys ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY, ADD COLUMN seal bytea CHECK (octet_length(seal) = 32),
  DROP CONSTRAINT day_keys_pkey, ADD PRIMARY KEY (seq), ADD CONSTRAINT day_keys_sealed CHECK (seal IS NOT NULL) NOT VALID;
CREATE INDEX day_keys_of_stream ON day_keys (stream_id, day, enc_kid, seq);
COMMENT ON COLUMN day_keys.seq IS 'Order of writing, from the sequence alone.';
COMMENT ON COLUMN day_keys.seal IS 'HMAC over the row under a key derived from the first root of the streams; NULL in rows of the time before there were seals.';
REVOKE INSERT ON day_keys FROM tyiym_clerk_worker;
GRANT INSERT (stream_id, day, enc_kid, jwe, root_check, seal) ON day_keys TO tyiym_clerk_worker;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
