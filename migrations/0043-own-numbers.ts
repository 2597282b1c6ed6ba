/**
 * A lender's own numbers of contracts and payments leave the clear: sealed in the rows, committed to in the entries, found
 * by an HMAC. Entries that hold them in the clear stay for good, so a registry with loans cannot be brought here.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class OwnNumbers1764000000043 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
DO $$ BEGIN
  IF EXISTS (SELECT FROM loans) THEN
    RAISE EXCEPTION 'This registry was made by an older version and its loans hold contract numbers in the clear, for good. Begin anew: npm start -- --fresh';
  END IF;
END $$;

DROP TRIGGER contracts_guard ON contracts;
ALTER TABLE loans DROP COLUMN contract_number, DROP COLUMN payment_reference;
ALTER TABLE loans ADD COLUMN own_numbers bytea NOT NULL;
COMMENT ON COLUMN loans.own_numbers IS 'The lender''s own numbers of the contract and of the payment, sealed under the secret of the contract.';

ALTER TABLE contracts DROP CONSTRAINT contracts_pkey;
ALTER TABLE contracts DROP COLUMN contract_number;
ALTER TABLE contracts ADD COLUMN mac_epoch smallint NOT NULL;
ALTER TABLE contracts ADD COLUMN mac bytea NOT NULL CHECK (octet_length(mac) = 32);
ALTER TABLE contracts ADD COLUMN secret bytea NOT NULL;
ALTER TABLE contracts ADD PRIMARY KEY (party, lender_bin, mac);
COMMENT ON COLUMN contracts.mac_epoch IS 'Epoch of mac.';
COMMENT ON COLUMN contracts.mac IS 'HMAC of party, lender and contract number under a lookup key: what a further report of the contract is found by.';
COMMENT ON COLUMN contracts.secret IS 'Secret of the contract, sealed with the identity key: it seals the numbers in loans and makes what entries commit to.';

CREATE OR REPLACE FUNCTION contracts_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.entry_index <= OLD.entry_index THEN
    RAISE EXCEPTION 'a contract never goes back' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM 1 FROM loans l JOIN entries e ON e.index = l.entry_index
    WHERE l.entry_index = NEW.entry_index AND l.loan_id = NEW.loan_id AND l.party = NEW.party AND e.party = NEW.party
      AND l.lender_bin = NEW.lender_bin AND e.kind IN ('loan.reported', 'loan.amended');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a contract follows only a report of its party' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER contracts_guard AFTER INSERT OR UPDATE ON contracts FOR EACH ROW EXECUTE FUNCTION contracts_guard();
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
