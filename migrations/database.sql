-- Who may enter the registry's database, and what PostgreSQL lets everybody do there that no process of ours needs: run by a
-- superuser inside that database, before `tool migrate`. Run again it changes nothing.

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format(
    'GRANT CONNECT ON DATABASE %I TO tyiym_citizen, tyiym_lender, tyiym_bureau, tyiym_access, tyiym_log,
       tyiym_clerk_worker, tyiym_clerk_signer, tyiym_tool', current_database());
  -- An import stages what it reads.
  EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO tyiym_tool', current_database());
END $$;

-- To keep files in large objects, which no grant of a table bounds, and to hold advisory locks, behind which others of ours
-- wait. Locks that end with their transaction stay with the roles that use them.
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite') OR proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$')
  LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f); END LOOP;
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    AND proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$'
  LOOP EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tyiym_owner', f); END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker;
