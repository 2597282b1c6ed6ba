/**
 * What stands around the tables: the roles and what they are members of, settings that come with a log-in, who may use a
 * schema, the job queue's own functions, and objects of kinds that the migrations make none of.
 */
import type { EntityManager } from 'typeorm';

/** One statement each, in one order; the same words on PostgreSQL 17 and 18. */
export async function schemaSurroundings(tx: EntityManager): Promise<readonly string[]> {
  const rows = await tx.query<{ line: string }[]>(
    `SELECT line FROM (${parts.join('\nUNION ALL ')}) all_of_them ORDER BY line COLLATE "C"`,
  );
  return rows.map(({ line }) => line);
}

const isOurRole = (oid: string): string =>
  `EXISTS (SELECT FROM pg_roles o WHERE o.oid = ${oid} AND starts_with(o.rolname, 'tyiym_'))`;

const nameOf = (oid: string): string =>
  `coalesce((SELECT o.rolname FROM pg_roles o WHERE o.oid = ${oid}), 'PUBLIC')`;

const openSchemas = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

const roles = [
  // How many sessions a role may have follows from how many processes run; none at all is another matter.
  `SELECT concat_ws(' ', 'ROLE', rolname, CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
     CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
     CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN NOT rolcanlogin THEN 'NOLOGIN' END,
     CASE WHEN NOT rolinherit THEN 'NOINHERIT' END,
     CASE WHEN rolconnlimit = 0 THEN 'CONNECTION LIMIT 0' END) AS line
   FROM pg_roles WHERE starts_with(rolname, 'tyiym_')`,
  `SELECT format('ALTER ROLE %s SET %s', CASE WHEN s.setrole = 0 THEN 'ALL' ELSE ${nameOf('s.setrole')} END, c)
   FROM pg_db_role_setting s, unnest(s.setconfig) c
   WHERE ${isOurRole('s.setrole')} OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  `SELECT format('GRANT %s TO %s', ${nameOf('m.roleid')}, ${nameOf('m.member')}) ||
     CASE WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END
   FROM pg_auth_members m WHERE ${isOurRole('m.roleid')} OR ${isOurRole('m.member')}`,
] as const;

const rights = [
  `SELECT format('SCHEMA %s OWNED BY %s', n.nspname, pg_get_userbyid(n.nspowner)) FROM pg_namespace n WHERE ${openSchemas}`,
  `SELECT format('GRANT %s ON SCHEMA %s TO %s', a.privilege_type, n.nspname, ${nameOf('a.grantee')})
   FROM pg_namespace n, aclexplode(n.nspacl) a WHERE ${openSchemas} AND a.grantee <> n.nspowner`,
  `SELECT format('ALTER DEFAULT PRIVILEGES FOR %s%s: %s %s TO %s', pg_get_userbyid(d.defaclrole),
     CASE WHEN d.defaclnamespace = 0 THEN '' ELSE ' IN ' || d.defaclnamespace::regnamespace END, d.defaclobjtype,
     a.privilege_type, ${nameOf('a.grantee')})
   FROM pg_default_acl d, aclexplode(d.defaclacl) a`,
  `SELECT format('DATABASE OWNED BY %s', pg_get_userbyid(datdba)) FROM pg_database WHERE datname = current_database()`,
  `SELECT format('GRANT %s ON DATABASE TO %s', a.privilege_type, ${nameOf('a.grantee')})
   FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
   WHERE d.datname = current_database() AND a.grantee <> d.datdba`,
] as const;

/** The migrations make none of these, but for the sequence of TypeORM's list. */
const others = [
  `SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
     ELSE 'COMPOSITE TYPE' END, c.relname)
   FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('r', 'p', 'v', 'i', 'I', 't')`,
  `SELECT format('TYPE %s.%s', n.nspname, t.typname) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE ${openSchemas} AND t.typtype <> 'c' AND t.typelem = 0`,
  `SELECT format('OPERATOR %s', o.oid::regoperator) FROM pg_operator o WHERE o.oid >= 16384`,
  `SELECT format('CAST %s TO %s', castsource::regtype, casttarget::regtype) FROM pg_cast WHERE oid >= 16384`,
  `SELECT format('FUNCTION %s IN pg_catalog', oid::regprocedure) FROM pg_proc
   WHERE pronamespace = 'pg_catalog'::regnamespace AND oid >= 16384`,
  `SELECT format('EXTENSION %s', extname) FROM pg_extension`,
  `SELECT format('LANGUAGE %s', lanname) FROM pg_language WHERE oid >= 16384`,
  `SELECT format('EVENT TRIGGER %s', evtname) FROM pg_event_trigger`,
  `SELECT format('PUBLICATION %s', pubname) FROM pg_publication`,
  `SELECT format('SUBSCRIPTION %s', subname) FROM pg_subscription
   WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  `SELECT format('SERVER %s', srvname) FROM pg_foreign_server`,
] as const;

/** The job queue is a package's, so of its functions only hashes stand here. */
const queue = [
  `SELECT format('graphile_worker: FUNCTION %s %s OWNED BY %s', p.oid::regprocedure,
     left(encode(sha256(convert_to(CASE p.prokind WHEN 'a' THEN '' ELSE pg_get_functiondef(p.oid) END, 'UTF8')), 'hex'), 32),
     pg_get_userbyid(p.proowner))
   FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'graphile_worker'`,
  `SELECT format('graphile_worker: GRANT %s ON FUNCTION %s TO %s', a.privilege_type, p.oid::regprocedure, ${nameOf('a.grantee')})
   FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
     aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
   WHERE n.nspname = 'graphile_worker' AND a.grantee <> p.proowner`,
  `SELECT format('graphile_worker: %s %s OWNED BY %s%s%s', c.relkind, c.relname, pg_get_userbyid(c.relowner),
     CASE WHEN c.relrowsecurity THEN ' ROW LEVEL SECURITY' ELSE '' END,
     CASE WHEN c.relforcerowsecurity THEN ' FORCED' ELSE '' END)
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = 'graphile_worker' AND c.relkind NOT IN ('i', 't')`,
  `SELECT format('graphile_worker: GRANT %s ON %s TO %s', a.privilege_type, c.relname, ${nameOf('a.grantee')})
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
   WHERE n.nspname = 'graphile_worker' AND a.grantee <> c.relowner`,
  `SELECT format('graphile_worker: %s%s', pg_get_triggerdef(t.oid), CASE t.tgenabled WHEN 'O' THEN '' ELSE ' IS ' || t.tgenabled::text END)
   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = 'graphile_worker' AND NOT t.tgisinternal`,
  `SELECT format('graphile_worker: POLICY %s ON %s %s', p.policyname, p.tablename, coalesce(p.qual, p.with_check))
   FROM pg_policies p WHERE p.schemaname = 'graphile_worker'`,
] as const;

const parts: readonly string[] = [...roles, ...rights, ...others, ...queue];
