/**
 * The schema as one text, for people to read and for a diff: what the migrations came to. The same database gives the
 * same text, byte by byte, whatever server it lies on.
 */

export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly comment: string | null;
}

export interface SchemaPolicy {
  readonly name: string;
  readonly command: string;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

export interface SchemaGrant {
  readonly role: string;
  readonly privilege: string;
  /** Null: the whole table. */
  readonly columns: readonly string[] | null;
}

export interface SchemaTable {
  readonly name: string;
  /** `r` table, `p` partitioned table, `v` view. */
  readonly kind: 'r' | 'p' | 'v';
  readonly comment: string | null;
  readonly rowSecurity: boolean;
  readonly partitionKey: string | null;
  readonly viewText: string | null;
  readonly columns: readonly SchemaColumn[];
  readonly constraints: readonly { readonly name: string; readonly text: string }[];
  readonly indexes: readonly string[];
  readonly policies: readonly SchemaPolicy[];
  readonly triggers: readonly string[];
  readonly grants: readonly SchemaGrant[];
}

export interface SchemaFunction {
  readonly signature: string;
  readonly text: string;
  readonly comment: string | null;
  readonly mayExecute: readonly string[];
}

/** `migrations/schema.sql` */
export function schemaText(tables: readonly SchemaTable[], functions: readonly SchemaFunction[]): string {
  const head =
    '-- What the migrations come to, without partitions and graphile-worker. Generated: npm run -s tool -- migrate --print-schema\n';
  return [head, ...tables.map(tableText), ...functions.map(functionText)].join('\n');
}

/** `docs/grants.md`: role × table, what it may do. */
export function grantsText(tables: readonly SchemaTable[], functions: readonly SchemaFunction[]): string {
  const all = tables.flatMap(({ name, grants }) => grants.map((grant) => ({ name, ...grant })));
  const roles = [
    ...new Set([...all.map(({ role }) => role), ...functions.flatMap((each) => each.mayExecute)]),
  ];
  const sections = roles.toSorted().map((role) => {
    const rows = tables.flatMap((table) => {
      const may = table.grants.filter((grant) => grant.role === role).map(grantWords);
      const kinds = table.policies
        .filter((policy) => policy.roles.includes(role))
        .map((policy) => `${policy.name}: ${cell(policy.check ?? policy.using ?? '')}`);
      return may.length === 0 ? [] : [`| \`${table.name}\` | ${may.join(', ')} | ${kinds.join('<br>')} |`];
    });
    const calls = functions
      .filter(({ mayExecute }) => mayExecute.includes(role))
      .map(({ signature }) => signature);
    const table = ['| table | may | rows |', '|---|---|---|', ...rows];
    return [
      `## ${role}`,
      '',
      ...(rows.length > 0 ? [...table, ''] : []),
      ...(calls.length > 0 ? [`Calls ${calls.map((call) => `\`${call}\``).join(', ')}.`, ''] : []),
    ].join('\n');
  });
  const intro = `# Who may do what in the database

Generated from the grants of the migrations: \`npm run -s tool -- migrate --print-grants\`. What a role is not granted
here it cannot do; \`test/integration/grants.spec.ts\` tries.
`;
  return [intro, ...sections].join('\n');
}

function tableText(table: SchemaTable): string {
  const { name, kind, partitionKey, viewText } = table;
  const members = [
    ...table.columns.map((column) => `  ${columnText(column)}`),
    ...table.constraints.map((constraint) => `  CONSTRAINT ${constraint.name} ${constraint.text}`),
  ];
  const create =
    kind === 'v'
      ? `CREATE VIEW ${name} AS\n${viewText ?? ''}`
      : `CREATE TABLE ${name} (\n${members.join(',\n')}\n)${partitionKey === null ? '' : ` PARTITION BY ${partitionKey}`};`;
  return [
    create,
    ...(table.rowSecurity ? [`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;`] : []),
    ...table.indexes.map((index) => `${index};`),
    ...table.triggers.map((trigger) => `${trigger};`),
    ...table.policies.map((policy) => policyText(name, policy)),
    ...table.grants.map((grant) => `GRANT ${grantWords(grant)} ON ${name} TO ${grant.role};`),
    ...comments(`${kind === 'v' ? 'VIEW' : 'TABLE'} ${name}`, table.comment),
    ...table.columns.flatMap((column) => comments(`COLUMN ${name}.${column.name}`, column.comment)),
    '',
  ].join('\n');
}

function columnText({ name, type, notNull, default: value }: SchemaColumn): string {
  return `${name} ${type}${value === null ? '' : ` DEFAULT ${value}`}${notNull ? ' NOT NULL' : ''}`;
}

function policyText(table: string, { name, command, roles, using, check }: SchemaPolicy): string {
  const clauses = [
    ...(using === null ? [] : [`\n  USING ${bracketed(using)}`]),
    ...(check === null ? [] : [`\n  WITH CHECK ${bracketed(check)}`]),
  ];
  return `CREATE POLICY ${name} ON ${table} FOR ${command} TO ${roles.join(', ')}${clauses.join('')};`;
}

function functionText({ signature, text, comment, mayExecute }: SchemaFunction): string {
  return [
    `${text.trimEnd()};`,
    `REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC;`,
    ...mayExecute.map((role) => `GRANT EXECUTE ON FUNCTION ${signature} TO ${role};`),
    ...comments(`FUNCTION ${signature}`, comment),
    '',
  ].join('\n');
}

function grantWords({ privilege, columns }: SchemaGrant): string {
  return columns === null ? privilege : `${privilege} (${columns.join(', ')})`;
}

function comments(what: string, comment: string | null): readonly string[] {
  return comment === null ? [] : [`COMMENT ON ${what} IS '${comment.replaceAll("'", "''")}';`];
}

function bracketed(condition: string): string {
  return condition.startsWith('(') ? condition : `(${condition})`;
}

/** A condition in a cell of a table: casts and line breaks say nothing to a reader. */
function cell(condition: string): string {
  return condition.replaceAll('::text', '').replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
