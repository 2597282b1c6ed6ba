/**
 * The secret of a contract can be wrapped anew under another identity key: only the owner may change that column, and the
 * guard holds the others against the Journal as before.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WrappedAnew1764000000047 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
DROP TRIGGER contracts_guard ON contracts;
CREATE TRIGGER contracts_guard AFTER INSERT OR UPDATE OF party, lender_bin, loan_id, entry_index, mac_epoch, mac
  ON contracts FOR EACH ROW EXECUTE FUNCTION contracts_guard();
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
