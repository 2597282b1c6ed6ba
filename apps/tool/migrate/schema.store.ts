/** What the catalogue of PostgreSQL says of schema public: our tables, without partitions and TypeORM's own list. */
import type { EntityManager } from 'typeorm';
import type { SchemaFunction, SchemaTable } from './schema-text.js';

/** Extensions and graphile-worker live in other schemas; partitions are made by `make_partitions`. */
const ours = `c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
  AND c.relname <> 'migrations'`;

const grants = (acl: string): string => `
  SELECT coalesce(g.rolname, 'PUBLIC') AS role, a.privilege_type AS privilege
  FROM aclexplode(${acl}) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE g.rolname IS DISTINCT FROM 'tyiym_owner'`;

/** Tables and views by name, everything in them in an order that does not depend on how it came about. */
export async function schemaTables(tx: EntityManager): Promise<readonly SchemaTable[]> {
  return tx.query<SchemaTable[]>(`
    SELECT c.relname AS name, c.relkind AS kind, obj_description(c.oid, 'pg_class') AS comment,
      c.relrowsecurity AS "rowSecurity",
      CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionKey",
      CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END AS "viewText",
      coalesce((SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'notNull', a.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid),
          'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
      coalesce((SELECT json_agg(json_build_object('name', k.conname, 'text', pg_get_constraintdef(k.oid))
          ORDER BY k.contype <> 'p', k.conname)
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c')), '[]') AS constraints,
      coalesce((SELECT json_agg(pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid::regclass::text) FROM pg_index i
        WHERE i.indrelid = c.oid AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)),
        '[]') AS indexes,
      coalesce((SELECT json_agg(json_build_object('name', p.policyname, 'command', p.cmd, 'roles', p.roles,
          'using', p.qual, 'check', p.with_check) ORDER BY p.policyname)
        FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname), '[]') AS policies,
      coalesce((SELECT json_agg(pg_get_triggerdef(t.oid) ORDER BY t.tgname)
        FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), '[]') AS triggers,
      coalesce((SELECT json_agg(json_build_object('role', g.role, 'privilege', g.privilege, 'columns', g.columns)
          ORDER BY g.role, g.privilege) FROM (
        SELECT role, privilege, NULL::text[] AS columns FROM (${grants('c.relacl')}) whole
        UNION ALL
        SELECT g.role, g.privilege, array_agg(a.attname::text ORDER BY a.attnum)
        FROM pg_attribute a CROSS JOIN LATERAL (${grants('a.attacl')}) g
        WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL GROUP BY g.role, g.privilege) g), '[]') AS grants
    FROM pg_class c WHERE ${ours} ORDER BY c.relkind = 'v', c.relname`);
}

/** Functions of ours by their signature. */
export async function schemaFunctions(tx: EntityManager): Promise<readonly SchemaFunction[]> {
  return tx.query<SchemaFunction[]>(`
    SELECT p.oid::regprocedure::text AS signature, pg_get_functiondef(p.oid) AS text,
      obj_description(p.oid, 'pg_proc') AS comment,
      coalesce((SELECT json_agg(g.role ORDER BY g.role)
        FROM (${grants("coalesce(p.proacl, acldefault('f', p.proowner))")}) g), '[]') AS "mayExecute"
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1`);
}
