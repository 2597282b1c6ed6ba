/** How many people each lender has asked about on a legal day, and the ceiling beyond which it is not answered. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PeopleAsked1764000000042 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE people_asked (
  lender text NOT NULL,
  day date NOT NULL,
  people integer NOT NULL CHECK (people >= 0),
  ceiling integer NOT NULL CHECK (ceiling > 0),
  ends_at timestamptz(3) NOT NULL,
  counted_at timestamptz NOT NULL,
  PRIMARY KEY (lender, day)
);
COMMENT ON TABLE people_asked IS 'People a lender has asked about on a legal day, as the clerk counts them from checks; no verdict rests on it. The lender''s process reads who is beyond its ceiling.';
COMMENT ON COLUMN people_asked.lender IS 'Client id of the lender.';
COMMENT ON COLUMN people_asked.day IS 'Legal day, Asia/Almaty.';
COMMENT ON COLUMN people_asked.people IS 'Different people it has asked about on that day; it only rises, so that a clerk that begins anew opens nothing.';
COMMENT ON COLUMN people_asked.ceiling IS 'How many it may ask about, by the regime in force when they were counted.';
COMMENT ON COLUMN people_asked.ends_at IS 'First instant after the day, registry time.';
COMMENT ON COLUMN people_asked.counted_at IS 'When the clerk counted last, clock of the database.';
GRANT SELECT ON people_asked TO tyiym_lender, tyiym_tool;
GRANT SELECT, INSERT, DELETE ON people_asked TO tyiym_clerk_worker;
GRANT UPDATE (people, ceiling, counted_at) ON people_asked TO tyiym_clerk_worker;

ALTER TABLE harvesting_alarms DROP CONSTRAINT harvesting_alarms_span_check;
ALTER TABLE harvesting_alarms ADD CONSTRAINT harvesting_alarms_span_check CHECK (span IN ('hour', 'day', 'today'));
COMMENT ON COLUMN harvesting_alarms.span IS 'Length of the window; today is a day that has not ended, in which too many people were asked about.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
