/** The phone's copy of a document: it opens with what the QR code bears and with nothing that the registry keeps. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PhoneCopies1764000000037 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
ALTER TABLE applications ADD COLUMN phone_document bytea;
COMMENT ON COLUMN applications.document IS 'Sealed under the applicant''s data key: the exact bytes to sign.';
COMMENT ON COLUMN applications.phone_document IS 'The same bytes for the phone, sealed under a key derived from the secret in the QR code; NULL once it is signed.';
COMMENT ON COLUMN applications.phone_token_sha256 IS 'SHA-256 of the token handed to the phone that opened the QR code; the token is derived from its secret.';
GRANT UPDATE (phone_document) ON applications TO tyiym_citizen;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
