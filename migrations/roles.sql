-- The roles of a registry, one per process, on the server that will hold it: run once by a superuser, in any database.
-- Run again it changes nothing that is as it says. No role has a password yet, so none can enter; docs/operations.md says
-- how each gets one. What a role may do in the registry's database is in database.sql and in the migrations.

DO $$
DECLARE
  role text;
  -- Sessions of a role: two processes with a pool of ten each and their listeners. The sum stays below max_connections, so
  -- that a role that opens as many as it may keeps no other out.
  sessions CONSTANT jsonb := '{
    "tyiym_citizen": 24, "tyiym_lender": 28, "tyiym_bureau": 24, "tyiym_access": 24, "tyiym_log": 24,
    "tyiym_clerk_worker": 36, "tyiym_clerk_signer": 8, "tyiym_tool": 12}';
BEGIN
  -- Owns the database and everything in it; migrations run as it, no process does.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tyiym_owner') THEN CREATE ROLE tyiym_owner; END IF;
  FOR role IN SELECT jsonb_object_keys(sessions) LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN EXECUTE format('CREATE ROLE %I', role); END IF;
    EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', role, sessions ->> role);
    -- One open snapshot made all checks slower, and a lock waited for is a request that hangs.
    EXECUTE format('ALTER ROLE %I SET transaction_timeout = ''5s''', role);
    EXECUTE format('ALTER ROLE %I SET lock_timeout = ''2s''', role);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''5s''', role);
    EXECUTE format('ALTER ROLE %I SET default_transaction_isolation = ''read committed''', role);
  END LOOP;
  FOR role IN SELECT 'tyiym_owner' UNION SELECT jsonb_object_keys(sessions) LOOP
    EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role);
  END LOOP;
END $$;

-- For end_stuck_backends(): which session holds the head and since when, and to end it.
GRANT pg_signal_backend, pg_read_all_stats TO tyiym_owner;
