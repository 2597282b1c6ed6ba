/** Checks, idempotency keys and figures; partitions are made ahead by a function the clerk may call. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Checks1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE checks (
  check_id uuid NOT NULL,
  lender text NOT NULL,
  entry_index bigint NOT NULL,
  subject_epoch smallint,
  subject bytea,
  product text NOT NULL CHECK (product IN ('bank-loan', 'microcredit')),
  stage text NOT NULL CHECK (stage IN ('decision', 'disbursement')),
  loan_ref text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('clear', 'refused')),
  version integer NOT NULL,
  at timestamptz(3) NOT NULL,
  valid_until timestamptz(3),
  CHECK ((verdict = 'clear') = (valid_until IS NOT NULL)),
  PRIMARY KEY (check_id)
) PARTITION BY RANGE (check_id);
CREATE INDEX checks_of_lender ON checks (lender, check_id);
CREATE INDEX checks_of_subject ON checks (subject) WHERE subject IS NOT NULL;
COMMENT ON TABLE checks IS 'Checks as lenders look them up again: fold of check.made. Partitioned by day through the UUIDv7.';
COMMENT ON COLUMN checks.check_id IS 'UUIDv7 at registry time; chk_… on the wire.';
COMMENT ON COLUMN checks.lender IS 'Client id of the lender that asked.';
COMMENT ON COLUMN checks.entry_index IS 'Its entry.';
COMMENT ON COLUMN checks.subject_epoch IS 'Epoch of subject.';
COMMENT ON COLUMN checks.subject IS 'Pseudonym of the person asked about.';
COMMENT ON COLUMN checks.product IS 'What is to be lent.';
COMMENT ON COLUMN checks.stage IS 'Before deciding or before money moves.';
COMMENT ON COLUMN checks.loan_ref IS 'The lender''s own number of the application.';
COMMENT ON COLUMN checks.verdict IS 'What was answered.';
COMMENT ON COLUMN checks.version IS 'Refusal version it rests on.';
COMMENT ON COLUMN checks.at IS 'Registry time of the answer.';
COMMENT ON COLUMN checks.valid_until IS 'Until when a clear verdict may be lent on.';
GRANT SELECT, INSERT ON checks TO tyiym_lender;
GRANT SELECT ON checks TO tyiym_clerk_worker, tyiym_tool;

CREATE TABLE idempotency_keys (
  day date NOT NULL,
  app text NOT NULL,
  party text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  body_hmac bytea NOT NULL CHECK (octet_length(body_hmac) = 32),
  resource uuid,
  entry_index bigint,
  person_id uuid,
  answer bytea,
  PRIMARY KEY (day, app, party, route, key)
) PARTITION BY RANGE (day);
COMMENT ON TABLE idempotency_keys IS 'Answers already given, for at least 72 h; a day partition each.';
COMMENT ON COLUMN idempotency_keys.day IS 'UTC day of registry time at which the key was first used.';
COMMENT ON COLUMN idempotency_keys.app IS 'App that keeps it; row-level security by it.';
COMMENT ON COLUMN idempotency_keys.party IS 'Client id of the party that sent it.';
COMMENT ON COLUMN idempotency_keys.route IS 'Method and route.';
COMMENT ON COLUMN idempotency_keys.key IS 'The key.';
COMMENT ON COLUMN idempotency_keys.body_hmac IS 'HMAC-SHA-256 of the raw body under the app''s idempotency key.';
COMMENT ON COLUMN idempotency_keys.resource IS 'What was made.';
COMMENT ON COLUMN idempotency_keys.entry_index IS 'Its entry, if one was appended.';
COMMENT ON COLUMN idempotency_keys.person_id IS 'Whose data key sealed the answer.';
COMMENT ON COLUMN idempotency_keys.answer IS 'Sealed answer, where it cannot be rebuilt from rows.';
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY citizen_keys ON idempotency_keys TO tyiym_citizen USING (app = 'citizen') WITH CHECK (app = 'citizen');
CREATE POLICY lender_keys ON idempotency_keys TO tyiym_lender USING (app = 'lender') WITH CHECK (app = 'lender');
CREATE POLICY tool_keys ON idempotency_keys FOR SELECT TO tyiym_tool USING (true);
GRANT SELECT, INSERT ON idempotency_keys TO tyiym_citizen, tyiym_lender;
GRANT SELECT ON idempotency_keys TO tyiym_tool;

CREATE TABLE figures (
  name text NOT NULL,
  hour timestamptz NOT NULL,
  value double precision NOT NULL,
  PRIMARY KEY (name, hour)
);
COMMENT ON TABLE figures IS 'Public figures: counts by the hour, rounded.';
COMMENT ON COLUMN figures.name IS 'What is counted.';
COMMENT ON COLUMN figures.hour IS 'Start of the hour, registry time.';
COMMENT ON COLUMN figures.value IS 'The figure.';
GRANT SELECT ON figures TO tyiym_log;
GRANT SELECT, INSERT, UPDATE ON figures TO tyiym_clerk_worker;

CREATE FUNCTION uuid_floor(instant timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;
COMMENT ON FUNCTION uuid_floor(timestamptz) IS 'Smallest UUID whose first 48 bits are this instant in milliseconds, as in a UUIDv7.';

CREATE FUNCTION make_partition(parent text, part text, low text, high text) RETURNS boolean LANGUAGE plpgsql
  SET search_path = public, pg_temp AS $$
BEGIN
  IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION make_partition(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION make_partition(text, text, text, text) IS 'CREATE LIKE and ATTACH, which does not stop inserts as CREATE … PARTITION OF would behind a reader.';

CREATE FUNCTION make_partitions(days_ahead integer) RETURNS integer LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  entries_each CONSTANT bigint := 1000000;
  made integer := 0;
  today date := (registry_now() AT TIME ZONE 'UTC')::date;
  first_index bigint := (SELECT coalesce(max(size), 0) FROM journal_head) / entries_each;
  d date;
  n bigint;
BEGIN
  IF days_ahead NOT BETWEEN 1 AND 400 THEN RAISE EXCEPTION 'days_ahead must lie between 1 and 400'; END IF;
  FOR n IN first_index .. first_index + 9 LOOP
    made := made + make_partition('entries', 'entries_' || lpad(n::text, 6, '0'), (n * entries_each)::text, ((n + 1) * entries_each)::text)::integer;
  END LOOP;
  FOR d IN SELECT today + g FROM generate_series(-1, days_ahead) g LOOP
    made := made + make_partition('checks', 'checks_' || to_char(d, 'YYYYMMDD'),
      uuid_floor(d::timestamp AT TIME ZONE 'UTC')::text, uuid_floor((d + 1)::timestamp AT TIME ZONE 'UTC')::text)::integer;
    made := made + make_partition('idempotency_keys', 'idempotency_keys_' || to_char(d, 'YYYYMMDD'), d::text, (d + 1)::text)::integer;
  END LOOP;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION make_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partitions(integer) TO tyiym_clerk_worker;
COMMENT ON FUNCTION make_partitions(integer) IS 'Makes the partitions of the days ahead and ten ranges of entries; returns how many were missing.';

CREATE FUNCTION drop_old_idempotency_keys() RETURNS integer LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
  part text;
  dropped integer := 0;
BEGIN
  FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'idempotency_keys'::regclass
      AND c.relname < 'idempotency_keys_' || to_char((registry_now() AT TIME ZONE 'UTC')::date - 4, 'YYYYMMDD')
  LOOP
    EXECUTE format('ALTER TABLE idempotency_keys DETACH PARTITION %I', part);
    EXECUTE format('DROP TABLE %I', part);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION drop_old_idempotency_keys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_old_idempotency_keys() TO tyiym_clerk_worker;
COMMENT ON FUNCTION drop_old_idempotency_keys() IS 'Drops the day partitions that are over 72 h old in whole; behind a reader it gives up at once, because checks would queue behind it.';

CREATE FUNCTION days_ahead() RETURNS integer LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(min(last_day) - (registry_now() AT TIME ZONE 'UTC')::date, -1) FROM (
    SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')) AS last_day
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('checks'::regclass, 'idempotency_keys'::regclass) GROUP BY i.inhparent) p
$$;
COMMENT ON FUNCTION days_ahead() IS 'For how many days from today partitions exist; readyz warns below 7.';
GRANT EXECUTE ON FUNCTION days_ahead(), registry_now()
  TO tyiym_citizen, tyiym_lender, tyiym_access, tyiym_log, tyiym_clerk_worker, tyiym_clerk_signer, tyiym_tool;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
