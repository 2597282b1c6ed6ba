/** Beside the key of a day stands a check of the root it was derived from, so that two roots never seal one day. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class FeedRoots1764000000046 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
ALTER TABLE day_keys ADD COLUMN root_check bytea CHECK (octet_length(root_check) = 16);
COMMENT ON COLUMN day_keys.root_check IS 'Check value of the root of the streams'' secrets from which the day''s key is derived; NULL: the first root''s, of the time before there were several.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
