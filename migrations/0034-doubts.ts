/**
 * A doubt stands while what the registry answers from cannot be what the entries say: rows of refusals that differ from
 * them, or entries that were blanked or changed. While one stands every look answers 503. The clerk's worker alone writes
 * and settles doubts; two small indexes let it find what it folds without reading the checks between.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Doubts1764000000034 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE doubts (
  kind text PRIMARY KEY CHECK (kind IN ('entries-blanked', 'entries-differ', 'refusals-differ')),
  what text NOT NULL,
  found_at timestamptz(3) NOT NULL DEFAULT registry_now()
);
COMMENT ON TABLE doubts IS 'Why nobody is answered: found by the clerk''s worker, which takes a doubt away once it has seen that it is over.';
COMMENT ON COLUMN doubts.kind IS 'entries-blanked: a text, seed or person is gone; entries-differ: entries say something else than before; refusals-differ: rows and entries name other refusals in force.';
COMMENT ON COLUMN doubts.what IS 'Where, in words; names no person.';
COMMENT ON COLUMN doubts.found_at IS 'Registry time at which it was found.';
GRANT SELECT ON doubts TO tyiym_citizen, tyiym_lender, tyiym_bureau, tyiym_clerk_worker, tyiym_tool;
GRANT INSERT (kind, what), DELETE ON doubts TO tyiym_clerk_worker;

CREATE INDEX entries_of_refusals ON entries (index)
  WHERE kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled');
CREATE INDEX entries_blanked ON entries (index) WHERE entry IS NULL OR seed IS NULL OR (subject IS NULL AND version IS NOT NULL);
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
