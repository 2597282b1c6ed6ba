/** Tamperings with functions, triggers, rights and everything else that holds the rows. */
import type { Tampering } from './tampering.js';

const differs = (row: string): string => `schema-differs schema ${row}`;
const surroundings = differs('Roles and surroundings');
const someFunction = 'RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$';

const functions: readonly Tampering[] = [
  {
    name: 'the guard of refusals lets everything through',
    sql: `CREATE OR REPLACE FUNCTION refusals_guard() ${someFunction}`,
    named: differs('function refusals_guard()'),
  },
  {
    name: 'one line of a guard is gone',
    sql: `DO $$ BEGIN EXECUTE replace(pg_get_functiondef('refusals_guard'::regproc), 'session_user <> ''tyiym_owner''', 'false'); END $$`,
    named: differs('function refusals_guard()'),
  },
  {
    name: 'two lines of a guard change places',
    sql: `DO $$ BEGIN EXECUTE regexp_replace(pg_get_functiondef('log_closed'::regproc),
      '(  IF NOT FOUND THEN\n)(.*)(  END IF;\n)(.*)(  RETURN NULL;\n)', '\\1\\5\\2\\3\\4'); END $$`,
    named: differs('function log_closed()'),
  },
  {
    name: 'the clock of the registry is an hour ahead',
    sql: `CREATE OR REPLACE FUNCTION registry_now() RETURNS timestamptz LANGUAGE sql SECURITY DEFINER
      SET search_path = public, pg_temp AS $$ SELECT clock_timestamp() + interval '1 hour' $$`,
    named: differs('function registry_now()'),
  },
  {
    name: 'a guard runs with the rights of the one it guards against',
    sql: 'ALTER FUNCTION refusals_guard() SECURITY INVOKER',
    named: differs('function refusals_guard()'),
  },
  {
    name: 'a function looks for its tables elsewhere',
    sql: 'ALTER FUNCTION make_partitions(integer) SET search_path = pg_temp, public',
    named: differs('function make_partitions('),
  },
  {
    name: 'a function has another owner',
    sql: 'ALTER FUNCTION end_stuck_backends() OWNER TO tyiym_lender',
    named: differs('function end_stuck_backends()'),
  },
  {
    name: 'everybody may move the clock',
    sql: 'GRANT EXECUTE ON FUNCTION advance_clock(integer) TO PUBLIC',
    named: differs('function advance_clock('),
  },
  {
    name: 'the clerk may not end who holds the head',
    sql: 'REVOKE EXECUTE ON FUNCTION end_stuck_backends() FROM tyiym_clerk_worker',
    named: differs('function end_stuck_backends()'),
  },
  {
    name: 'a function more',
    sql: `CREATE FUNCTION helpful() ${someFunction}`,
    named: differs('function helpful()'),
  },
  {
    name: 'a second function of a known name',
    sql: `CREATE FUNCTION is_whole(written integer[], expected bigint[]) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
    named: differs('function is_whole'),
  },
  {
    name: 'a procedure more',
    sql: `CREATE PROCEDURE tidy() LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM checks'`,
    named: differs('function tidy()'),
  },
  {
    name: 'an aggregate more',
    sql: `CREATE AGGREGATE worst(integer) (SFUNC = int4larger, STYPE = integer)`,
    named: differs(''),
  },
  {
    name: 'a function, gone',
    sql: 'DROP FUNCTION feed_item() CASCADE',
    named: differs('function feed_item()'),
  },
  {
    name: 'a job is never added',
    sql: `DO $$ BEGIN EXECUTE replace(pg_get_functiondef(oid), 'begin', 'begin return null;') FROM pg_proc
      WHERE pronamespace = 'graphile_worker'::regnamespace AND proname = 'add_job'; END $$`,
    named: surroundings,
  },
  {
    name: 'a function stands in the server’s own schema',
    sql: `SET LOCAL allow_system_table_mods = on; CREATE FUNCTION pg_catalog.sha256(text) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$`,
    named: surroundings,
  },
];

const triggers: readonly Tampering[] = [
  {
    name: 'the triggers of the Journal are off',
    sql: 'ALTER TABLE entries DISABLE TRIGGER USER',
    named: differs('entries'),
  },
  {
    name: 'a trigger fires on a replica only',
    sql: 'ALTER TABLE refusals ENABLE REPLICA TRIGGER refusals_guard',
    named: differs('refusals'),
  },
  {
    name: 'the foreign keys are off',
    sql: 'ALTER TABLE stamps DISABLE TRIGGER ALL',
    named: differs('stamps'),
  },
  {
    name: 'the guard of the head, gone',
    sql: 'DROP TRIGGER journal_head_guard ON journal_head',
    named: differs('journal_head'),
  },
  {
    name: 'a guard that fires when it suits',
    sql: `DROP TRIGGER refusals_guard ON refusals; CREATE TRIGGER refusals_guard AFTER INSERT OR UPDATE ON refusals
      FOR EACH ROW WHEN (NEW.state <> 'none') EXECUTE FUNCTION refusals_guard()`,
    named: differs('refusals'),
  },
  {
    name: 'a trigger more, which turns verdicts',
    sql: `CREATE FUNCTION turn() ${someFunction}; CREATE TRIGGER turn BEFORE INSERT ON checks FOR EACH ROW EXECUTE FUNCTION turn()`,
    named: differs('checks'),
  },
  {
    name: 'a trigger on one partition',
    sql: `CREATE FUNCTION turn() ${someFunction}; CREATE TRIGGER turn BEFORE INSERT ON entries_000001 FOR EACH ROW EXECUTE FUNCTION turn()`,
    named: differs('partition entries_000001'),
  },
  {
    name: 'the feed’s trigger is off in one partition',
    sql: 'ALTER TABLE entries_000000 DISABLE TRIGGER feed_item',
    named: differs('partition entries_000000'),
  },
  {
    name: 'a trigger on the jobs',
    sql: `CREATE FUNCTION turn() ${someFunction}; CREATE TRIGGER turn BEFORE INSERT ON graphile_worker._private_jobs
      FOR EACH ROW EXECUTE FUNCTION turn()`,
    named: surroundings,
  },
  {
    name: 'a rule that swallows updates',
    sql: 'CREATE RULE still AS ON UPDATE TO refusals DO INSTEAD NOTHING',
    named: differs('refusals'),
  },
  {
    name: 'a trigger for every command',
    sql: `CREATE FUNCTION turn() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
      CREATE EVENT TRIGGER turn ON ddl_command_end EXECUTE FUNCTION turn()`,
    named: surroundings,
  },
];

const rights: readonly Tampering[] = [
  {
    name: 'a right to change entries',
    sql: 'GRANT UPDATE ON entries TO tyiym_lender',
    named: differs('entries'),
  },
  {
    name: 'a right to change one column',
    sql: 'GRANT UPDATE (clock_offset_ms) ON journal_head TO tyiym_clerk_worker',
    named: differs('journal_head'),
  },
  {
    name: 'a right to read people',
    sql: 'GRANT SELECT (iin) ON people TO tyiym_log',
    named: differs('people'),
  },
  { name: 'a right for everybody', sql: 'GRANT SELECT ON loans TO PUBLIC', named: differs('loans') },
  {
    name: 'a right that may be handed on',
    sql: 'GRANT SELECT ON refusals TO tyiym_lender WITH GRANT OPTION',
    named: differs('refusals'),
  },
  {
    name: 'a right to a partition, past the policies of its table',
    sql: 'GRANT SELECT ON entries_000000 TO tyiym_lender',
    named: differs('partition entries_000000'),
  },
  { name: 'a right, gone', sql: 'REVOKE SELECT ON refusals FROM tyiym_lender', named: differs('refusals') },
  {
    name: 'a right to make tables',
    sql: 'GRANT CREATE ON SCHEMA public TO tyiym_lender',
    named: surroundings,
  },
  {
    name: 'rights to every table to come',
    sql: 'ALTER DEFAULT PRIVILEGES FOR ROLE tyiym_owner GRANT SELECT ON TABLES TO tyiym_log',
    named: surroundings,
  },
  { name: 'a process is its owner', sql: 'GRANT tyiym_owner TO tyiym_lender', named: surroundings },
  { name: 'a process reads everything', sql: 'GRANT pg_read_all_data TO tyiym_log', named: surroundings },
  { name: 'a process passes every policy', sql: 'ALTER ROLE tyiym_lender BYPASSRLS', named: surroundings },
  { name: 'a process may do everything', sql: 'ALTER ROLE tyiym_tool SUPERUSER', named: surroundings },
  {
    name: 'a process logs in without triggers',
    sql: 'ALTER ROLE tyiym_lender SET session_replication_role = replica',
    named: surroundings,
  },
  {
    name: 'a process may take its time under the lock',
    sql: 'ALTER ROLE tyiym_lender RESET transaction_timeout',
    named: surroundings,
  },
  {
    name: 'everybody who logs in looks elsewhere first',
    sql: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = evil, public', current_database()); END $$`,
    named: surroundings,
  },
  {
    name: 'everybody may enter the database',
    sql: `DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO PUBLIC', current_database()); END $$`,
    named: surroundings,
  },
  {
    name: 'the queue of jobs is open to a lender’s process',
    sql: 'GRANT UPDATE ON graphile_worker._private_jobs TO tyiym_lender',
    named: surroundings,
  },
  {
    name: 'a lender reads every entry',
    sql: 'CREATE POLICY more ON entries FOR SELECT TO tyiym_lender USING (true)',
    named: differs('entries'),
  },
  {
    name: 'a process may append more kinds',
    sql: 'ALTER POLICY lender_appends ON entries WITH CHECK (true)',
    named: differs('entries'),
  },
  { name: 'a policy, gone', sql: 'DROP POLICY tool_inherits ON entries', named: differs('entries') },
  {
    name: 'a policy that allowed less now allows more',
    sql: `DROP POLICY tool_inherits ON entries; CREATE POLICY tool_inherits ON entries FOR INSERT TO tyiym_tool
      WITH CHECK (kind <> 'refusal.inherited' OR NOT EXISTS (SELECT FROM regime))`,
    named: differs('entries'),
  },
  {
    name: 'the policies of the Journal are off',
    sql: 'ALTER TABLE entries DISABLE ROW LEVEL SECURITY',
    named: differs('entries'),
  },
  {
    name: 'the policies hold for the owner’s functions, too, which find nothing any more',
    sql: 'ALTER TABLE entries FORCE ROW LEVEL SECURITY',
    named: differs('entries'),
  },
];

const shapes: readonly Tampering[] = [
  {
    name: 'a check of a table, gone',
    sql: 'ALTER TABLE refusals DROP CONSTRAINT refusals_lock_hours_check',
    named: differs('refusals'),
  },
  {
    name: 'a check that lets the old rows be',
    sql: `ALTER TABLE refusals DROP CONSTRAINT refusals_lock_hours_check;
      ALTER TABLE refusals ADD CONSTRAINT refusals_lock_hours_check CHECK (lock_hours >= 0) NOT VALID`,
    named: differs('refusals'),
  },
  {
    name: 'a check that stops every append',
    sql: 'ALTER TABLE checks ADD CONSTRAINT calm CHECK (stage <> loan_ref) NOT VALID',
    named: differs('checks'),
  },
  {
    name: 'a foreign key, gone',
    sql: 'ALTER TABLE contracts DROP CONSTRAINT contracts_entry_index_fkey',
    named: differs('contracts'),
  },
  {
    name: 'two checkpoints of a size can be',
    sql: 'ALTER TABLE checkpoints DROP CONSTRAINT checkpoints_pkey',
    named: differs('checkpoints'),
  },
  {
    name: 'a clock that starts ahead',
    sql: 'ALTER TABLE journal_head ALTER clock_offset_ms SET DEFAULT 3600000',
    named: differs('journal_head'),
  },
  {
    name: 'a column may be empty',
    sql: 'ALTER TABLE entries ALTER leaf_hash DROP NOT NULL',
    named: differs('entries'),
  },
  { name: 'a column more', sql: 'ALTER TABLE people ADD COLUMN note text', named: differs('people') },
  {
    name: 'a column of another type',
    sql: 'ALTER TABLE harvesting_alarms ALTER entry_index TYPE numeric',
    named: differs('harvesting_alarms'),
  },
  { name: 'an index, gone', sql: 'DROP INDEX refusals_to_lift', named: differs('refusals') },
  {
    name: 'an index that calls a function of the owner’s',
    sql: 'CREATE INDEX more ON checkpoints (abs(lag_ms))',
    named: differs('checkpoints'),
  },
  {
    name: 'an index that is not used',
    sql: `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'refusals_to_lift'::regclass`,
    named: differs('refusals'),
  },
  {
    name: 'an index that keeps nothing apart any more',
    sql: `UPDATE pg_index SET indisunique = false WHERE indexrelid = 'checkpoints_pkey'::regclass`,
    named: differs('checkpoints'),
  },
  {
    name: 'a table that a crash empties',
    sql: 'ALTER TABLE notice_deliveries SET UNLOGGED',
    named: differs('notice_deliveries'),
  },
  {
    name: 'entries that a crash empties',
    sql: 'ALTER TABLE entries_000000 SET UNLOGGED',
    named: differs('partition entries_000000'),
  },
  {
    name: 'a table that is never vacuumed',
    sql: 'ALTER TABLE refusals SET (autovacuum_enabled = off)',
    named: differs('refusals'),
  },
  {
    name: 'a view that shows less',
    sql: 'CREATE OR REPLACE VIEW public_openings AS SELECT index, entry, seed FROM entries WHERE false',
    named: differs('public_openings'),
  },
  {
    name: 'a view that asks with the rights of its reader',
    sql: 'ALTER VIEW public_openings SET (security_invoker = true)',
    named: differs('public_openings'),
  },
  {
    name: 'a table of another owner',
    sql: 'ALTER TABLE checks OWNER TO tyiym_lender',
    named: differs('checks'),
  },
  {
    name: 'a table more',
    sql: 'CREATE TABLE kept_aside AS SELECT * FROM refusals',
    named: differs('kept_aside'),
  },
  {
    name: 'rows that another table lends to the refusals',
    sql: 'CREATE TABLE more_refusals () INHERITS (refusals)',
    named: differs('more_refusals'),
  },
  {
    name: 'a partition for whatever fits in none',
    sql: 'CREATE TABLE entries_rest PARTITION OF entries DEFAULT',
    named: differs('partition entries_rest'),
  },
  {
    name: 'a partition of a longer range than its name says',
    sql: `ALTER TABLE entries DETACH PARTITION entries_000009;
      ALTER TABLE entries ATTACH PARTITION entries_000009 FOR VALUES FROM (9000000) TO (99000000)`,
    named: differs('partition entries_000009'),
  },
  {
    name: 'a partition, set aside',
    sql: 'ALTER TABLE entries DETACH PARTITION entries_000005',
    named: differs('entries_000005'),
  },
  { name: 'a schema more', sql: 'CREATE SCHEMA evil', named: surroundings },
  { name: 'a type more', sql: 'CREATE DOMAIN verdict AS text', named: surroundings },
  {
    name: 'an operator of the owner’s',
    sql: `CREATE FUNCTION equal(text, bytea) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE OPERATOR = (LEFTARG = text, RIGHTARG = bytea, FUNCTION = equal)`,
    named: surroundings,
  },
  {
    name: 'a cast of the owner’s',
    sql: 'CREATE CAST (text AS bytea) WITHOUT FUNCTION AS IMPLICIT',
    named: surroundings,
  },
  { name: 'a copy to elsewhere', sql: 'CREATE PUBLICATION elsewhere FOR ALL TABLES', named: surroundings },
  { name: 'a sequence more', sql: 'CREATE SEQUENCE counting', named: surroundings },
  {
    name: 'an explanation that says otherwise',
    sql: `COMMENT ON COLUMN journal_head.clock_offset_ms IS 'May be anything.'`,
    named: differs('journal_head'),
  },
];

export const schemaTamperings: readonly Tampering[] = [...functions, ...triggers, ...rights, ...shapes];
