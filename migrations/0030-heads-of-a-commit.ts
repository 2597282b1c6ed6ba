/** A commit of many acts is appended in parts, each with a signed head of its own (ADR 54); the comment says so. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class HeadsOfACommit1764000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
COMMENT ON TABLE heads IS 'One signed head a part of a commit; an old proof comes from the frontier of the head before and the leaf hashes of the part.';
COMMENT ON COLUMN heads.size IS 'Size of the tree after the part.';
COMMENT ON COLUMN heads.from_size IS 'Size before it: the part is the entries from_size … size − 1.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
