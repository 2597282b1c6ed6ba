/** How long checks took, as the lender's processes measured it, for the public figures. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Figures1764000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE check_latencies (
  at timestamptz(3) NOT NULL DEFAULT registry_now(),
  process uuid NOT NULL,
  bounds_ms real[] NOT NULL CHECK (cardinality(bounds_ms) BETWEEN 1 AND 100),
  counts integer[] NOT NULL,
  CHECK (cardinality(counts) = cardinality(bounds_ms) + 1),
  PRIMARY KEY (at, process)
);
COMMENT ON TABLE check_latencies IS 'Each minute of each lender process: how many checks were answered within which time. Kept for an hour.';
COMMENT ON COLUMN check_latencies.at IS 'Registry time at which the minute ended.';
COMMENT ON COLUMN check_latencies.process IS 'Drawn by the process when it started.';
COMMENT ON COLUMN check_latencies.bounds_ms IS 'Upper bounds of the buckets, rising; the last bucket has none.';
COMMENT ON COLUMN check_latencies.counts IS 'Checks in each bucket.';
GRANT INSERT (process, bounds_ms, counts) ON check_latencies TO tyiym_lender;
GRANT SELECT, DELETE ON check_latencies TO tyiym_clerk_worker;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
