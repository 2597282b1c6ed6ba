/** How often parties may call, counted together by all processes, and alarms about lenders that ask too much. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Limits1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
-- Unlogged: counting must not wait for a disk, and after a crash everybody begins at nothing.
CREATE UNLOGGED TABLE rate_limits (
  key text PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
COMMENT ON TABLE rate_limits IS 'Calls of a window, as rate-limiter-flexible counts them. Never one about a person; unlogged, emptied by a crash.';
COMMENT ON COLUMN rate_limits.key IS '<app>:<policy>:<client id, or network address>; row-level security by the app.';
COMMENT ON COLUMN rate_limits.points IS 'Calls counted in this window.';
COMMENT ON COLUMN rate_limits.expire IS 'End of the window, machine time in ms; the clerk deletes the row after it.';
ALTER TABLE rate_limits ENABLE ROW LEVEL SECURITY;
CREATE POLICY citizen_limits ON rate_limits TO tyiym_citizen USING (starts_with(key, 'citizen:')) WITH CHECK (starts_with(key, 'citizen:'));
CREATE POLICY lender_limits ON rate_limits TO tyiym_lender USING (starts_with(key, 'lender:')) WITH CHECK (starts_with(key, 'lender:'));
CREATE POLICY access_limits ON rate_limits TO tyiym_access USING (starts_with(key, 'access:')) WITH CHECK (starts_with(key, 'access:'));
CREATE POLICY clerk_limits ON rate_limits TO tyiym_clerk_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON rate_limits TO tyiym_citizen, tyiym_lender, tyiym_access;
GRANT SELECT, DELETE ON rate_limits TO tyiym_clerk_worker;

CREATE UNLOGGED TABLE lender_processes (
  process uuid PRIMARY KEY,
  beat_at timestamptz NOT NULL
);
COMMENT ON TABLE lender_processes IS 'Processes that answer checks, among which the quota of each lender is shared out. Unlogged.';
COMMENT ON COLUMN lender_processes.process IS 'Drawn by the process when it starts.';
COMMENT ON COLUMN lender_processes.beat_at IS 'Its last sign of life, clock of the database; without one for three seconds its shares are free.';

CREATE UNLOGGED TABLE check_shares (
  process uuid NOT NULL REFERENCES lender_processes ON DELETE CASCADE,
  lender text NOT NULL,
  demand integer NOT NULL CHECK (demand >= 0),
  held integer NOT NULL CHECK (held >= 0),
  PRIMARY KEY (process, lender)
);
COMMENT ON TABLE check_shares IS 'What each process has been asked by a lender, and the part of its quota it may answer. Unlogged.';
COMMENT ON COLUMN check_shares.process IS 'Who holds it.';
COMMENT ON COLUMN check_shares.lender IS 'Client id of the lender.';
COMMENT ON COLUMN check_shares.demand IS 'Checks asked for in its last second, refused ones too.';
COMMENT ON COLUMN check_shares.held IS 'Checks a second it may answer; the sum of a lender stays within its quota.';
GRANT SELECT, INSERT, UPDATE, DELETE ON lender_processes, check_shares TO tyiym_lender;

CREATE TABLE harvesting_alarms (
  lender text NOT NULL,
  span text NOT NULL CHECK (span IN ('hour', 'day')),
  begins_at timestamptz(3) NOT NULL,
  entry_index bigint NOT NULL,
  PRIMARY KEY (lender, span, begins_at)
);
COMMENT ON TABLE harvesting_alarms IS 'Windows in which a lender was suspected of harvesting: fold of harvesting.suspected, one a lender and window.';
COMMENT ON COLUMN harvesting_alarms.lender IS 'Client id of the lender.';
COMMENT ON COLUMN harvesting_alarms.span IS 'Length of the window.';
COMMENT ON COLUMN harvesting_alarms.begins_at IS 'First instant of the window, registry time; days are those of Asia/Almaty.';
COMMENT ON COLUMN harvesting_alarms.entry_index IS 'Its entry, which holds the figures.';
GRANT SELECT, INSERT ON harvesting_alarms TO tyiym_clerk_worker;
GRANT SELECT ON harvesting_alarms TO tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
