/**
 * What the catalogue of PostgreSQL says of schema public, in an order that does not depend on how it came about, and with
 * the same words on PostgreSQL 17 and 18. What is as it always is (the owner, a trigger that is on) is left out.
 */
import type { EntityManager } from 'typeorm';
import type { SchemaFunction, SchemaPartition, SchemaTable } from './schema-text.js';

/** TypeORM's list of migrations is a table like the others; extensions and graphile-worker live in other schemas. */
const ours = `c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition`;

const grants = (acl: string): string => `
  SELECT coalesce(g.rolname, 'PUBLIC') AS role,
    a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
  FROM aclexplode(${acl}) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE g.rolname IS DISTINCT FROM 'tyiym_owner'`;

/** Statements about the relation `c` that nothing else would show; `name` is how they call it. */
const besides = (name: string): string => `
  SELECT format('ALTER TABLE %s OWNER TO %I', ${name}, pg_get_userbyid(c.relowner)) AS line
    WHERE pg_get_userbyid(c.relowner) <> 'tyiym_owner'
  UNION ALL SELECT format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', ${name}) WHERE c.relforcerowsecurity
  UNION ALL SELECT format('ALTER TABLE %s SET (%s)', ${name}, array_to_string(c.reloptions, ', '))
    WHERE c.reloptions IS NOT NULL
  UNION ALL SELECT format('ALTER TABLE %s %s TRIGGER %I', ${name}, CASE t.tgenabled WHEN 'D' THEN 'DISABLE'
      WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname)
    FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled <> 'O'
  UNION ALL SELECT rtrim(pg_get_ruledef(r.oid), ';') FROM pg_rewrite r
    WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'
  UNION ALL SELECT format('ALTER TABLE %s INHERIT %s', ${name}, h.inhparent::regclass) FROM pg_inherits h
    WHERE h.inhrelid = c.oid AND NOT c.relispartition
  UNION ALL SELECT format('ALTER TABLE %s ALTER COLUMN %I %s', ${name}, a.attname, concat_ws(' ',
      CASE WHEN a.attidentity <> '' THEN 'IDENTITY ' || a.attidentity::text END,
      CASE WHEN a.attgenerated <> '' THEN 'GENERATED ' || a.attgenerated::text END,
      CASE WHEN a.attcollation <> ty.typcollation THEN 'COLLATE ' || a.attcollation::regcollation END))
    FROM pg_attribute a JOIN pg_type ty ON ty.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND (a.attidentity <> '' OR a.attgenerated <> '' OR a.attcollation <> ty.typcollation)
  UNION ALL SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I NOT VALID', ${name}, k.conname) FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.contype = 'n' AND NOT k.convalidated
  UNION ALL SELECT format('ALTER INDEX %s IS NOT VALID', i.indexrelid::regclass) FROM pg_index i
    WHERE i.indrelid = c.oid AND NOT (i.indisvalid AND i.indisready AND i.indislive
      AND (i.indisunique OR NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))))`;

/** Tables and views by name. */
export async function schemaTables(tx: EntityManager): Promise<readonly SchemaTable[]> {
  return tx.query<SchemaTable[]>(`
    SELECT c.relname AS name, c.relkind AS kind, obj_description(c.oid, 'pg_class') AS comment,
      c.relpersistence = 'u' AS "isUnlogged", c.relrowsecurity AS "rowSecurity",
      CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionKey",
      CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END AS "viewText",
      coalesce((SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'notNull', a.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid),
          'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
      coalesce((SELECT json_agg(json_build_object('name', k.conname, 'text', pg_get_constraintdef(k.oid))
          ORDER BY k.contype <> 'p', k.conname)
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x')), '[]') AS constraints,
      coalesce((SELECT json_agg(pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid::regclass::text) FROM pg_index i
        WHERE i.indrelid = c.oid AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
          AND k.conrelid = c.oid)), '[]') AS indexes,
      coalesce((SELECT json_agg(json_build_object('name', p.policyname, 'isRestrictive', p.permissive = 'RESTRICTIVE',
          'command', p.cmd, 'roles', p.roles, 'using', p.qual, 'check', p.with_check) ORDER BY p.policyname)
        FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname), '[]') AS policies,
      coalesce((SELECT json_agg(pg_get_triggerdef(t.oid) ORDER BY t.tgname)
        FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), '[]') AS triggers,
      coalesce((SELECT json_agg(json_build_object('role', g.role, 'privilege', g.privilege, 'columns', g.columns)
          ORDER BY g.role, g.privilege) FROM (
        SELECT role, privilege, NULL::text[] AS columns FROM (${grants('c.relacl')}) whole
        UNION ALL
        SELECT g.role, g.privilege, array_agg(a.attname::text ORDER BY a.attnum)
        FROM pg_attribute a CROSS JOIN LATERAL (${grants('a.attacl')}) g
        WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL GROUP BY g.role, g.privilege) g), '[]') AS grants,
      coalesce((SELECT json_agg(line ORDER BY line) FROM (${besides('c.relname::text')}) b), '[]') AS besides
    FROM pg_class c WHERE ${ours} ORDER BY c.relkind = 'v', c.relname`);
}

/** Functions of ours by their signature. */
export async function schemaFunctions(tx: EntityManager): Promise<readonly SchemaFunction[]> {
  return tx.query<SchemaFunction[]>(`
    SELECT p.oid::regprocedure::text AS signature,
      CASE WHEN p.prokind = 'a' THEN 'CREATE AGGREGATE ' || p.oid::regprocedure ELSE pg_get_functiondef(p.oid) END AS text,
      obj_description(p.oid, 'pg_proc') AS comment,
      coalesce((SELECT json_agg(g.role ORDER BY g.role)
        FROM (${grants("coalesce(p.proacl, acldefault('f', p.proowner))")}) g WHERE g.privilege = 'EXECUTE'), '[]') AS "mayExecute",
      coalesce((SELECT json_agg(line ORDER BY line) FROM (
        SELECT format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, pg_get_userbyid(p.proowner)) AS line
          WHERE pg_get_userbyid(p.proowner) <> 'tyiym_owner'
        UNION ALL SELECT format('GRANT %s ON FUNCTION %s TO %I', g.privilege, p.oid::regprocedure, g.role)
          FROM (${grants('p.proacl')}) g WHERE g.privilege <> 'EXECUTE') b), '[]') AS besides
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1`);
}

/** Partitions, each by what it has of its own; an index or a trigger that came from the parent is named by it. */
export async function schemaPartitions(tx: EntityManager): Promise<readonly SchemaPartition[]> {
  return tx.query<SchemaPartition[]>(`
    SELECT c.relname AS name, coalesce(h.inhparent::regclass::text, '') AS parent,
      coalesce(pg_get_expr(c.relpartbound, c.oid), '') AS bound,
      (SELECT json_agg(replace(line, c.relname, '<partition>') ORDER BY line) FROM (
        SELECT format('kind %s %s', c.relkind, c.relpersistence) AS line
        UNION ALL SELECT 'row level security' WHERE c.relrowsecurity
        UNION ALL SELECT concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
          FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL SELECT 'constraint ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
          WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x')
        UNION ALL SELECT concat_ws(' ', 'index', regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \\S+ ON', ' INDEX ON'),
            'of ' || (SELECT x.inhparent::regclass FROM pg_inherits x WHERE x.inhrelid = i.indexrelid))
          FROM pg_index i WHERE i.indrelid = c.oid
        UNION ALL SELECT concat_ws(' ', pg_get_triggerdef(t.oid), CASE WHEN t.tgparentid <> 0 THEN 'of the parent' END)
          FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
        UNION ALL SELECT format('policy %s', p.polname) FROM pg_policy p WHERE p.polrelid = c.oid
        UNION ALL SELECT format('GRANT %s TO %s', g.privilege, g.role) FROM (${grants('c.relacl')}) g
        UNION ALL SELECT format('GRANT %s (%s) TO %s', g.privilege, a.attname, g.role)
          FROM pg_attribute a CROSS JOIN LATERAL (${grants('a.attacl')}) g WHERE a.attrelid = c.oid
        UNION ALL ${besides('c.relname::text')}) l) AS lines
    FROM pg_class c LEFT JOIN pg_inherits h ON h.inhrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relispartition AND c.relkind IN ('r', 'p', 'f')
    ORDER BY c.relname`);
}
