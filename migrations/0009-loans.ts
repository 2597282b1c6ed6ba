/** Loans as lenders report them, and the notices that a refusal was placed; neither names a person but by his row. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Loans1764000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
COMMENT ON TABLE people IS 'Whoever opened an application or is named in a loan. The IIN stands here, sealed, and nowhere else but in documents he signed.';
COMMENT ON COLUMN people.first_seen_at IS 'Registry time at which this row came.';
GRANT INSERT ON people TO tyiym_lender;
GRANT SELECT (person_id, subject_epoch, subject) ON people TO tyiym_lender;

CREATE TABLE loans (
  entry_index bigint PRIMARY KEY,
  loan_id uuid NOT NULL,
  about uuid NOT NULL,
  party text NOT NULL,
  lender_bin text NOT NULL,
  contract_number text NOT NULL,
  person_id uuid REFERENCES people,
  subject_epoch smallint,
  subject bytea CHECK (octet_length(subject) = 32),
  product text NOT NULL CHECK (product IN ('bank-loan', 'microcredit')),
  circumstance text,
  amount numeric(17, 2) NOT NULL CHECK (amount > 0),
  signed_at timestamptz(3) NOT NULL,
  disbursed_at timestamptz(3),
  disbursed_on date,
  payment_reference text,
  check_id uuid,
  at timestamptz(3) NOT NULL,
  CHECK ((disbursed_at IS NULL) <> (disbursed_on IS NULL))
);
CREATE INDEX loans_of_loan ON loans (loan_id, entry_index);
CREATE INDEX loans_of_subject ON loans (subject) WHERE subject IS NOT NULL;
COMMENT ON TABLE loans IS 'Loans as reported, one row a report, insert-only: fold of loan.reported and loan.amended. Of one loan_id the newest counts.';
COMMENT ON COLUMN loans.entry_index IS 'The entry of this report.';
COMMENT ON COLUMN loans.loan_id IS 'UUIDv7 of the first report; lon_… on the wire.';
COMMENT ON COLUMN loans.about IS 'Id of the loan.reported entry that amendments follow up.';
COMMENT ON COLUMN loans.party IS 'Client id of who reported.';
COMMENT ON COLUMN loans.lender_bin IS 'BIN of the lender.';
COMMENT ON COLUMN loans.contract_number IS 'The lender''s own number of the contract.';
COMMENT ON COLUMN loans.person_id IS 'Borrower.';
COMMENT ON COLUMN loans.subject_epoch IS 'Epoch of subject.';
COMMENT ON COLUMN loans.subject IS 'Pseudonym of the borrower.';
COMMENT ON COLUMN loans.product IS 'What was lent.';
COMMENT ON COLUMN loans.circumstance IS 'How it came to be, as for a check.';
COMMENT ON COLUMN loans.amount IS 'Tenge.';
COMMENT ON COLUMN loans.signed_at IS 'When the contract was signed, as the lender says.';
COMMENT ON COLUMN loans.disbursed_at IS 'When the payment instruction became irrevocable, as the lender says.';
COMMENT ON COLUMN loans.disbursed_on IS 'The day of it, where no instant is known.';
COMMENT ON COLUMN loans.payment_reference IS 'The lender''s own number of the payment.';
COMMENT ON COLUMN loans.check_id IS 'The check of this lender that it names.';
COMMENT ON COLUMN loans.at IS 'Registry time of the report.';
GRANT SELECT, INSERT ON loans TO tyiym_lender;
GRANT SELECT ON loans TO tyiym_clerk_worker, tyiym_tool;

CREATE TABLE contracts (
  party text NOT NULL,
  lender_bin text NOT NULL,
  contract_number text NOT NULL,
  loan_id uuid NOT NULL UNIQUE,
  entry_index bigint NOT NULL REFERENCES loans,
  PRIMARY KEY (party, lender_bin, contract_number)
);
CREATE INDEX contracts_of_party ON contracts (party, loan_id);
COMMENT ON TABLE contracts IS 'Which loan a contract is, and its newest report. Two reports of one contract meet here.';
COMMENT ON COLUMN contracts.party IS 'Client id of who reports.';
COMMENT ON COLUMN contracts.lender_bin IS 'BIN of the lender.';
COMMENT ON COLUMN contracts.contract_number IS 'The lender''s own number of the contract.';
COMMENT ON COLUMN contracts.loan_id IS 'Its loan.';
COMMENT ON COLUMN contracts.entry_index IS 'The newest report.';
GRANT SELECT, INSERT ON contracts TO tyiym_lender;
GRANT UPDATE (entry_index) ON contracts TO tyiym_lender;
GRANT SELECT ON contracts TO tyiym_clerk_worker, tyiym_tool;

CREATE FUNCTION contracts_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.entry_index <= OLD.entry_index THEN
    RAISE EXCEPTION 'a contract never goes back' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM 1 FROM loans l JOIN entries e ON e.index = l.entry_index
    WHERE l.entry_index = NEW.entry_index AND l.loan_id = NEW.loan_id AND l.party = NEW.party AND e.party = NEW.party
      AND l.lender_bin = NEW.lender_bin AND l.contract_number = NEW.contract_number
      AND e.kind IN ('loan.reported', 'loan.amended');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a contract follows only a report of its party' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION contracts_guard() IS 'The pointer can only follow the Journal: no report is hidden by going back to an older one.';
CREATE TRIGGER contracts_guard AFTER INSERT OR UPDATE ON contracts FOR EACH ROW EXECUTE FUNCTION contracts_guard();

CREATE TABLE notices (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  notice_id uuid NOT NULL UNIQUE,
  lender text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('refusal-placed', 'breach-found', 'claim-lodged', 'release-issued', 'release-revoked')),
  entry_index bigint NOT NULL,
  about uuid NOT NULL,
  at timestamptz(3) NOT NULL,
  loan_ref text,
  check_id uuid,
  UNIQUE NULLS NOT DISTINCT (entry_index, lender, kind, loan_ref)
);
CREATE INDEX notices_of_lender ON notices (lender, seq);
COMMENT ON TABLE notices IS 'What lenders are told, written by the clerk alone, insert-only. A number later is a commit later, because numbers are given under the lock of notices_position.';
COMMENT ON COLUMN notices.seq IS 'Order in which notices are read.';
COMMENT ON COLUMN notices.notice_id IS 'UUIDv7; ntc_… on the wire.';
COMMENT ON COLUMN notices.lender IS 'Client id of the lender that is told.';
COMMENT ON COLUMN notices.kind IS 'What happened.';
COMMENT ON COLUMN notices.entry_index IS 'The entry it tells of; nothing is told twice of it to a lender about one loan_ref.';
COMMENT ON COLUMN notices.about IS 'Id of that entry.';
COMMENT ON COLUMN notices.at IS 'Registry time of that entry.';
COMMENT ON COLUMN notices.loan_ref IS 'The lender''s own number of the application in flight.';
COMMENT ON COLUMN notices.check_id IS 'Its newest clear check.';
GRANT SELECT ON notices TO tyiym_lender, tyiym_tool;
GRANT SELECT, INSERT ON notices TO tyiym_clerk_worker;

CREATE TABLE notice_deliveries (
  notice_id uuid PRIMARY KEY REFERENCES notices (notice_id),
  entry_index bigint NOT NULL UNIQUE
);
COMMENT ON TABLE notice_deliveries IS 'Notices that their lender has fetched, once each: fold of notice.delivered.';
COMMENT ON COLUMN notice_deliveries.notice_id IS 'The notice.';
COMMENT ON COLUMN notice_deliveries.entry_index IS 'The entry of its first fetching.';
GRANT SELECT, INSERT ON notice_deliveries TO tyiym_lender;
GRANT SELECT ON notice_deliveries TO tyiym_tool;

CREATE TABLE notices_position (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  entry_index bigint NOT NULL
);
COMMENT ON TABLE notices_position IS 'How far the clerk has read the feed for notices. Whoever makes notices holds this row.';
COMMENT ON COLUMN notices_position.one IS 'There is one row.';
COMMENT ON COLUMN notices_position.entry_index IS 'Entries up to this one are dealt with.';
-- Nobody is told of placings from before there were notices.
INSERT INTO notices_position (entry_index) SELECT coalesce(max(size), 0) - 1 FROM journal_head;
GRANT SELECT ON notices_position TO tyiym_clerk_worker, tyiym_tool;
GRANT UPDATE (entry_index) ON notices_position TO tyiym_clerk_worker;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
