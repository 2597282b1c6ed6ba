/**
 * A row that names an entry is written together with that entry and says what it says. No role can occupy the place that
 * an act of others will need, and so keep that act from committing; nothing is asked of `checks`, whose key is random.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

const digits = '0123456789abcdefghjkmnpqrstvwxyz';
/** Each of the 26 digits is named, because a loop over them would cost three times as much for each row. */
const spelled = Array.from(
  { length: 26 },
  (_, place) => `substr('${digits}', substr(b.bits, ${1 + 5 * place}, 5)::bit(5)::integer + 1, 1)`,
).join(' || ');

export class RowsOfOwnEntries1764000000048 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE FUNCTION id_of(kind text, uuid uuid) RETURNS text LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog AS $$
  SELECT kind || '_' || ${spelled}
  FROM (SELECT '00' || ('x' || replace(uuid::text, '-', ''))::bit(128)::text AS bits) AS b
$$;
COMMENT ON FUNCTION id_of(text, uuid) IS 'The id that stands for this UUID in entries: the kind and 26 digits of base32.';

CREATE FUNCTION is_persons(person uuid, epoch smallint, of_subject bytea) RETURNS boolean LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM people p
    WHERE p.person_id = person AND (p.subject_epoch IS DISTINCT FROM epoch OR p.subject = of_subject))
$$;
REVOKE ALL ON FUNCTION is_persons(uuid, smallint, bytea) FROM PUBLIC;
COMMENT ON FUNCTION is_persons(uuid, smallint, bytea) IS 'Whether the pseudonym is the person''s, as far as one epoch can tell.';

CREATE FUNCTION loans_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e CROSS JOIN LATERAL (SELECT e.entry::jsonb AS body) AS s
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.party = NEW.party AND e.at = NEW.at
      AND (body->>'loanId', body->>'lender', body->>'product', (body->'amount'->>'value')::numeric, body->'amount'->>'currency',
          (body->>'signedAt')::timestamptz)
        = (id_of('lon', NEW.loan_id), NEW.lender_bin, NEW.product, NEW.amount, 'KZT', NEW.signed_at)
      AND (body->>'circumstance', (body->>'disbursedAt')::timestamptz, (body->>'disbursedOn')::date, body->>'checkId')
        IS NOT DISTINCT FROM (NEW.circumstance, NEW.disbursed_at, NEW.disbursed_on, id_of('chk', NEW.check_id))
      AND is_persons(NEW.person_id, NEW.subject_epoch, NEW.subject)
      AND CASE e.kind
        WHEN 'loan.reported' THEN e.id = NEW.about
          AND (e.subject, e.subject_epoch) IS NOT DISTINCT FROM (NEW.subject, NEW.subject_epoch)
        WHEN 'loan.amended' THEN body->>'about' = id_of('ent', NEW.about) AND EXISTS (SELECT FROM loans l
          WHERE l.loan_id = NEW.loan_id AND l.entry_index < NEW.entry_index AND l.about = NEW.about AND l.party = NEW.party
            AND (l.subject_epoch IS DISTINCT FROM NEW.subject_epoch OR l.subject IS NOT DISTINCT FROM NEW.subject))
        ELSE false END;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a loan is written with the report of its party and says what it says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION loans_guard() IS 'Each column that the entry gives is held against it; own numbers are sealed, and fsck opens them.';
CREATE TRIGGER loans_guard AFTER INSERT ON loans FOR EACH ROW EXECUTE FUNCTION loans_guard();

CREATE FUNCTION signed_documents_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid
      AND e.kind IN ('refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled')
      AND e.entry::jsonb->>'applicationId' = id_of('app', NEW.application_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a signed document is kept with the entry that came of it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION signed_documents_guard() IS 'The application is that of an entry of this transaction; what was signed, and by whom, the clerk and fsck verify.';
CREATE TRIGGER signed_documents_guard AFTER INSERT ON signed_documents FOR EACH ROW EXECUTE FUNCTION signed_documents_guard();

CREATE FUNCTION revocation_answers_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.kind IN ('refusal.lifted', 'lift.cancelled')
      AND e.entry::jsonb ? 'revocationSha256' AND is_persons(NEW.person_id, e.subject_epoch, e.subject);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the authority''s word is kept with the move that rests on it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION revocation_answers_guard() IS 'The person is that of a move of this transaction that rests on an answer.';
CREATE TRIGGER revocation_answers_guard AFTER INSERT ON revocation_answers FOR EACH ROW EXECUTE FUNCTION revocation_answers_guard();

CREATE FUNCTION notice_deliveries_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e JOIN notices n ON n.notice_id = NEW.notice_id AND n.lender = e.party
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.kind = 'notice.delivered'
      AND e.entry::jsonb->>'noticeId' = id_of('ntc', NEW.notice_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a delivery is written with the entry that says it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION notice_deliveries_guard() IS 'A notice counts as fetched only with the entry of its own lender.';
CREATE TRIGGER notice_deliveries_guard AFTER INSERT ON notice_deliveries FOR EACH ROW EXECUTE FUNCTION notice_deliveries_guard();

CREATE FUNCTION harvesting_alarms_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.kind = 'harvesting.suspected'
      AND e.party = NEW.lender AND e.entry::jsonb->>'span' = NEW.span
      AND (e.entry::jsonb->>'from')::timestamptz = NEW.begins_at;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an alarm is written with its entry' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION harvesting_alarms_guard() IS 'No alarm is marked as raised before it is, which would silence it.';
CREATE TRIGGER harvesting_alarms_guard AFTER INSERT ON harvesting_alarms FOR EACH ROW EXECUTE FUNCTION harvesting_alarms_guard();

CREATE OR REPLACE FUNCTION stamps_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM written w LEFT JOIN LATERAL (SELECT e.party, e.at, e.kind, e.entry::jsonb AS body FROM entries e
    WHERE e.index = w.entry_index AND e.xmin = pg_current_xact_id()::xid LIMIT 1) e ON true
    LEFT JOIN LATERAL (SELECT f.entry_id FROM feed f WHERE f.seq = w.seq LIMIT 1) f ON true
    WHERE (e.party, e.at, e.kind, body->>'about', (body->>'recordedAt')::timestamptz, body->>'historyRef') IS DISTINCT FROM
      (w.client_id, w.at, CASE w.state WHEN 'stamped' THEN 'refusal.stamped' ELSE 'stamp.lost' END, id_of('ent', f.entry_id),
        w.recorded_at, w.history_ref);
  IF FOUND THEN
    RAISE EXCEPTION 'a stamp stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION stamps_guard() IS 'Each column is what an entry of this transaction says, the item by the entry that it is about.';

CREATE OR REPLACE FUNCTION corrections_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e CROSS JOIN LATERAL (SELECT e.entry::jsonb AS body) AS s
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid
      AND (e.id, e.party, e.at, e.kind, body->>'breachId', (body->>'removedAt')::timestamptz)
        = (NEW.entry_id, NEW.client_id, NEW.at, 'correction.reported', id_of('brc', NEW.breach_id), NEW.removed_at)
      AND (body->>'number', body->>'historyRef') IS NOT DISTINCT FROM (NEW.number, NEW.history_ref);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a correction stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION corrections_guard() IS 'Each column is what an entry of this transaction says.';

CREATE FUNCTION sealed_items_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM (SELECT stream_id, max(seq) AS seq FROM written GROUP BY stream_id) AS w
    JOIN streams s ON s.stream_id = w.stream_id AND s.sealed_seq < w.seq;
  IF FOUND THEN
    RAISE EXCEPTION 'an item is sealed together with the growth of its stream' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION sealed_items_guard() IS 'No item lies ahead of its stream, where the next sealing would find its place taken.';
CREATE TRIGGER sealed_items_guard AFTER INSERT ON sealed_items REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION sealed_items_guard();

CREATE FUNCTION notices_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM entries e WHERE e.index = NEW.entry_index AND e.id = NEW.about;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a notice is about an entry that is there' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION notices_guard() IS 'No notice stands in the place of one about an entry to come.';
CREATE TRIGGER notices_guard AFTER INSERT ON notices FOR EACH ROW EXECUTE FUNCTION notices_guard();
-- Their number comes from the sequence alone: numbers ahead of it would stop later notices and lead readers past them.
REVOKE INSERT ON notices FROM tyiym_clerk_worker;
GRANT INSERT (notice_id, lender, kind, entry_index, about, at, loan_ref, check_id) ON notices TO tyiym_clerk_worker;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
