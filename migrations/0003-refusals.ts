/** People, their applications with the signed documents (sealed), and the refusals as the Journal left them. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Refusals1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE people (
  person_id uuid PRIMARY KEY,
  subject_epoch smallint NOT NULL,
  subject bytea NOT NULL CHECK (octet_length(subject) = 32),
  data_key bytea NOT NULL,
  iin bytea NOT NULL,
  first_seen_at timestamptz(3) NOT NULL,
  UNIQUE (subject, subject_epoch)
);
COMMENT ON TABLE people IS 'Citizens who ever opened an application. The IIN stands here, sealed, and nowhere else but in documents they signed.';
COMMENT ON COLUMN people.person_id IS 'Row number for sealed places and references; says nothing.';
COMMENT ON COLUMN people.subject_epoch IS 'Epoch of the lookup key of subject.';
COMMENT ON COLUMN people.subject IS 'Pseudonym of the person.';
COMMENT ON COLUMN people.data_key IS 'Key of this person''s sealed columns, itself sealed with the identity key.';
COMMENT ON COLUMN people.iin IS 'Sealed IIN.';
COMMENT ON COLUMN people.first_seen_at IS 'Registry time of the first application.';
GRANT SELECT, INSERT ON people TO tyiym_citizen;
GRANT SELECT ON people TO tyiym_clerk_worker, tyiym_tool;

CREATE TABLE applications (
  application_id uuid PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES people,
  subject_epoch smallint NOT NULL,
  subject bytea NOT NULL,
  kind text NOT NULL CHECK (kind IN ('place', 'lift')),
  state text NOT NULL CHECK (state IN ('open', 'signed', 'void')),
  channel text NOT NULL REFERENCES parties,
  identified_by text NOT NULL CHECK (identified_by IN ('eds', 'sms', 'biometrics', 'qr')),
  lock_hours integer NOT NULL CHECK (lock_hours >= 0),
  place_again_after_hours integer,
  language text NOT NULL CHECK (language IN ('kk', 'ru', 'en')),
  document bytea NOT NULL,
  document_sha256 bytea NOT NULL CHECK (octet_length(document_sha256) = 32),
  opened_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  cms_sha256 bytea,
  entry_index bigint,
  phone_secret_sha256 bytea NOT NULL,
  phone_token_sha256 bytea,
  phone_expires_at timestamptz(3) NOT NULL,
  CHECK ((state = 'signed') = (cms_sha256 IS NOT NULL AND entry_index IS NOT NULL))
);
CREATE INDEX applications_open ON applications (subject, subject_epoch) WHERE state = 'open';
CREATE UNIQUE INDEX applications_phone_secret ON applications (phone_secret_sha256);
CREATE UNIQUE INDEX applications_phone_token ON applications (phone_token_sha256) WHERE phone_token_sha256 IS NOT NULL;
COMMENT ON TABLE applications IS 'Documents opened for signing. An open one past expires_at is expired.';
COMMENT ON COLUMN applications.application_id IS 'UUIDv7; app_… on the wire.';
COMMENT ON COLUMN applications.person_id IS 'Applicant.';
COMMENT ON COLUMN applications.subject_epoch IS 'Epoch of subject.';
COMMENT ON COLUMN applications.subject IS 'Pseudonym of the applicant.';
COMMENT ON COLUMN applications.kind IS 'place or lift.';
COMMENT ON COLUMN applications.state IS 'open, signed, or void: replaced by a newer one or overtaken by a change of the refusal.';
COMMENT ON COLUMN applications.channel IS 'Client id of the channel that opened it.';
COMMENT ON COLUMN applications.identified_by IS 'How the channel identified the citizen, as it says.';
COMMENT ON COLUMN applications.lock_hours IS 'place: the lock asked for; lift: the lock in force when it was opened.';
COMMENT ON COLUMN applications.place_again_after_hours IS 'lift: hours after which the same signature places again.';
COMMENT ON COLUMN applications.language IS 'Language of the document.';
COMMENT ON COLUMN applications.document IS 'Sealed: the exact bytes to sign.';
COMMENT ON COLUMN applications.document_sha256 IS 'SHA-256 of those bytes.';
COMMENT ON COLUMN applications.opened_at IS 'Registry time.';
COMMENT ON COLUMN applications.expires_at IS 'Registry time until which a signature is taken.';
COMMENT ON COLUMN applications.cms_sha256 IS 'SHA-256 of the accepted CMS.';
COMMENT ON COLUMN applications.entry_index IS 'Newest entry that came of it.';
COMMENT ON COLUMN applications.phone_secret_sha256 IS 'SHA-256 of the one-time secret in the QR code.';
COMMENT ON COLUMN applications.phone_token_sha256 IS 'SHA-256 of the token handed to the phone that opened the QR code.';
COMMENT ON COLUMN applications.phone_expires_at IS 'Registry time until which the QR code opens.';
GRANT SELECT, INSERT ON applications TO tyiym_citizen;
GRANT UPDATE (state, cms_sha256, entry_index, phone_token_sha256) ON applications TO tyiym_citizen;
GRANT SELECT ON applications TO tyiym_clerk_worker, tyiym_tool;

CREATE TABLE signed_documents (
  entry_index bigint PRIMARY KEY,
  application_id uuid NOT NULL,
  person_id uuid NOT NULL REFERENCES people,
  document bytea NOT NULL,
  cms bytea NOT NULL,
  revocation bytea NOT NULL,
  revocation_kind text NOT NULL CHECK (revocation_kind IN ('crl', 'ocsp', 'ncanode')),
  revocation_stale boolean NOT NULL
);
CREATE INDEX signed_documents_of_application ON signed_documents (application_id);
COMMENT ON TABLE signed_documents IS 'What stands behind an act of a citizen, sealed: insert-only, verified again by fsck.';
COMMENT ON COLUMN signed_documents.entry_index IS 'Entry that rests on it.';
COMMENT ON COLUMN signed_documents.application_id IS 'Application; also the row name of the sealed places.';
COMMENT ON COLUMN signed_documents.person_id IS 'Whose data key sealed it.';
COMMENT ON COLUMN signed_documents.document IS 'Sealed: the signed bytes.';
COMMENT ON COLUMN signed_documents.cms IS 'Sealed: the CMS, DER.';
COMMENT ON COLUMN signed_documents.revocation IS 'Sealed: the CRL or OCSP answer that was used, DER.';
COMMENT ON COLUMN signed_documents.revocation_kind IS 'Which of them.';
COMMENT ON COLUMN signed_documents.revocation_stale IS 'The CRL was past its nextUpdate (placing only); it is asked again.';
GRANT SELECT, INSERT ON signed_documents TO tyiym_citizen;
GRANT SELECT ON signed_documents TO tyiym_clerk_worker, tyiym_tool;

CREATE TABLE refusals (
  subject bytea NOT NULL CHECK (octet_length(subject) = 32),
  subject_epoch smallint NOT NULL,
  state text NOT NULL CHECK (state IN ('none', 'in-force', 'lift-pending', 'sentinel')),
  version integer NOT NULL CHECK (version >= 0),
  lock_hours integer NOT NULL CHECK (lock_hours >= 0),
  placed_at timestamptz(3),
  lift_requested_at timestamptz(3),
  lifts_at timestamptz(3),
  place_again_after_hours integer,
  placed_again_at timestamptz(3),
  requested_by uuid,
  request_index bigint,
  moved_leaf bytea,
  entry_index bigint,
  PRIMARY KEY (subject, subject_epoch),
  CHECK (state <> 'lift-pending' OR (lifts_at IS NOT NULL AND requested_by IS NOT NULL)),
  CHECK (state = 'sentinel' OR (entry_index IS NOT NULL AND moved_leaf IS NOT NULL AND version > 0))
);
COMMENT ON TABLE refusals IS 'One row a person, narrow because every check reads it: fold of the person''s entries. One sentinel an epoch.';
COMMENT ON COLUMN refusals.subject IS 'Pseudonym of the person.';
COMMENT ON COLUMN refusals.subject_epoch IS 'Epoch of its lookup key.';
COMMENT ON COLUMN refusals.state IS 'none, in-force, lift-pending; sentinel proves that the lookup key is right.';
COMMENT ON COLUMN refusals.version IS 'Refusal version: rises with every placing and lifting.';
COMMENT ON COLUMN refusals.lock_hours IS 'The lock; kept after lifting for a return.';
COMMENT ON COLUMN refusals.placed_at IS 'Registry time of the placing in force.';
COMMENT ON COLUMN refusals.lift_requested_at IS 'Registry time of the signed lift.';
COMMENT ON COLUMN refusals.lifts_at IS 'When the pending lift may be carried out.';
COMMENT ON COLUMN refusals.place_again_after_hours IS 'Hours between lifting and return, as signed.';
COMMENT ON COLUMN refusals.placed_again_at IS 'When the return is due.';
COMMENT ON COLUMN refusals.requested_by IS 'Id of the lift.requested entry.';
COMMENT ON COLUMN refusals.request_index IS 'Its index.';
COMMENT ON COLUMN refusals.moved_leaf IS 'Leaf hash of the newest entry that raised the version.';
COMMENT ON COLUMN refusals.entry_index IS 'Entry that wrote this row last.';

CREATE FUNCTION refusals_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  moved entries;
BEGIN
  IF NEW.state = 'sentinel' OR (TG_OP = 'UPDATE' AND OLD.state = 'sentinel') THEN
    IF session_user <> 'tyiym_owner' THEN
      RAISE EXCEPTION 'a sentinel is the owner''s' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END IF;
  SELECT * INTO moved FROM entries WHERE index = NEW.entry_index;
  IF moved.subject IS DISTINCT FROM NEW.subject OR moved.subject_epoch IS DISTINCT FROM NEW.subject_epoch
     OR moved.version IS DISTINCT FROM NEW.version
     OR NEW.state <> (CASE moved.kind
       WHEN 'refusal.placed' THEN 'in-force' WHEN 'refusal.inherited' THEN 'in-force' WHEN 'refusal.lock-grown' THEN 'in-force'
       WHEN 'lift.cancelled' THEN 'in-force' WHEN 'lift.requested' THEN 'lift-pending'
       WHEN 'refusal.lifted' THEN 'none' WHEN 'refusal.annulled' THEN 'none' ELSE '' END) THEN
    RAISE EXCEPTION 'a refusal moves only as an entry of the person says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND (NEW.subject <> OLD.subject OR NEW.entry_index <= OLD.entry_index OR NEW.version < OLD.version) THEN
    RAISE EXCEPTION 'a refusal never goes back' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION refusals_guard() IS 'The projection can only follow the Journal, so a role that may not append a lift cannot lift.';
CREATE TRIGGER refusals_guard AFTER INSERT OR UPDATE ON refusals FOR EACH ROW EXECUTE FUNCTION refusals_guard();
GRANT SELECT ON refusals TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker, tyiym_tool;
GRANT INSERT, UPDATE ON refusals TO tyiym_citizen, tyiym_clerk_worker, tyiym_tool;

CREATE TABLE assertion_ids (
  channel text NOT NULL,
  jti text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (channel, jti)
);
CREATE INDEX assertion_ids_expired ON assertion_ids (expires_at);
COMMENT ON TABLE assertion_ids IS 'Citizen assertions that were used: each counts once.';
COMMENT ON COLUMN assertion_ids.channel IS 'Client id of the channel.';
COMMENT ON COLUMN assertion_ids.jti IS 'Identifier of the assertion.';
COMMENT ON COLUMN assertion_ids.expires_at IS 'Machine time after which the assertion is refused anyway.';
GRANT SELECT, INSERT, DELETE ON assertion_ids TO tyiym_citizen;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
