/**
 * People are added by one function of the owner, for every role that may, and never twice by mistake: a row that does not
 * open gets a good one beside it, so a made-up row keeps nobody from placing. The identity key has a check value, so that
 * a process with a wrong one mends nothing. Turns of the citizen's processes stand in a table that no other role can lock.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class People1764000000039 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
ALTER TABLE journal_head ADD COLUMN identity_checks jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN journal_head.identity_checks IS 'Id of a live identity key, hexadecimal → its check value; a process with another key appends nothing and adds nobody.';

ALTER TABLE people DROP CONSTRAINT people_subject_subject_epoch_key;
CREATE INDEX people_of_subject ON people (subject, subject_epoch);
COMMENT ON TABLE people IS 'Whoever opened an application, is named in a loan or was taken over with a refusal. The IIN stands here, sealed, and nowhere else but in documents they signed. Rows are only added: beside one that does not open stands one that does, and of those that open the newest counts.';

CREATE FUNCTION add_people(ids uuid[], epochs smallint[], subjects bytea[], data_keys bytea[], iins bytea[], besides uuid[])
  RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF session_user NOT IN ('tyiym_citizen', 'tyiym_tool') AND cardinality(array_remove(besides, NULL)) > 0 THEN
    RAISE EXCEPTION 'only a role that can open a person may add one beside another' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM FROM unnest(ids, data_keys, iins) AS u (id, data_key, iin), journal_head h
    WHERE (octet_length(data_key) = 65 AND get_byte(data_key, 0) = 1 AND octet_length(iin) = 45 AND get_byte(iin, 0) = 1
      AND h.identity_checks ? encode(substr(data_key, 2, 4), 'hex') AND substr(iin, 2, 4) = substr(uuid_send(id), 13, 4)) IS NOT TRUE;
  IF FOUND THEN
    RAISE EXCEPTION 'a person is sealed as the columns say, under a live identity key' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN QUERY INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at)
    SELECT DISTINCT ON (u.subject, u.epoch) u.id, u.epoch, u.subject, u.data_key, u.iin, h.now
    FROM unnest(ids, epochs, subjects, data_keys, iins, besides) AS u (id, epoch, subject, data_key, iin, beside),
      (SELECT registry_now()) AS h (now)
    WHERE u.beside IS NOT DISTINCT FROM (SELECT p.person_id FROM people p
      WHERE p.subject = u.subject AND p.subject_epoch = u.epoch ORDER BY p.first_seen_at DESC, p.person_id DESC LIMIT 1)
    RETURNING person_id;
END $$;
REVOKE ALL ON FUNCTION add_people(uuid[], smallint[], bytea[], bytea[], bytea[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION add_people(uuid[], smallint[], bytea[], bytea[], bytea[], uuid[])
  TO tyiym_citizen, tyiym_lender, tyiym_bureau, tyiym_tool;
COMMENT ON FUNCTION add_people(uuid[], smallint[], bytea[], bytea[], bytea[], uuid[]) IS 'Adds each person whose newest row is still the one it names (none: NULL), and returns the rows that were added.';
REVOKE INSERT ON people FROM tyiym_citizen, tyiym_lender, tyiym_bureau, tyiym_tool;

-- Unlogged: a turn ends with its transaction, and nothing of it need outlive a crash.
CREATE UNLOGGED TABLE citizen_turns (
  name bytea PRIMARY KEY CHECK (octet_length(name) = 32)
);
COMMENT ON TABLE citizen_turns IS 'Of two transactions with one name the second waits for the first. A row lives within its transaction only; an advisory lock could be held by any role.';
COMMENT ON COLUMN citizen_turns.name IS 'SHA-256 of what takes turns.';
GRANT SELECT, INSERT, DELETE ON citizen_turns TO tyiym_citizen;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
