/** What the authority said about a certificate at the hour of a lift: kept, so that the lift can be judged again. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class RevocationAnswers1764000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE revocation_answers (
  entry_index bigint PRIMARY KEY,
  application_id uuid NOT NULL,
  person_id uuid NOT NULL REFERENCES people,
  answer bytea NOT NULL,
  kind text NOT NULL CHECK (kind IN ('crl', 'ncanode'))
);
COMMENT ON TABLE revocation_answers IS 'What the authority said when a lift was carried out or called off, sealed: insert-only, judged again by fsck.';
COMMENT ON COLUMN revocation_answers.entry_index IS 'The refusal.lifted or lift.cancelled that rests on it.';
COMMENT ON COLUMN revocation_answers.application_id IS 'Application of the lift; also the row name of the sealed place.';
COMMENT ON COLUMN revocation_answers.person_id IS 'Whose data key sealed it.';
COMMENT ON COLUMN revocation_answers.answer IS 'Sealed: the list as downloaded, DER, or the answer of the NCANode service.';
COMMENT ON COLUMN revocation_answers.kind IS 'Which of them.';
GRANT SELECT, INSERT ON revocation_answers TO tyiym_clerk_worker;
GRANT SELECT ON revocation_answers TO tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
