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
  readonly isRestrictive: boolean;
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
  readonly isUnlogged: boolean;
  readonly rowSecurity: boolean;
  readonly partitionKey: string | null;
  readonly viewText: string | null;
  readonly columns: readonly SchemaColumn[];
  readonly constraints: readonly { readonly name: string; readonly text: string }[];
  readonly indexes: readonly string[];
  readonly policies: readonly SchemaPolicy[];
  readonly triggers: readonly string[];
  readonly grants: readonly SchemaGrant[];
  /** Statements about it that nothing above would show: another owner, a trigger that is off, a rule, an index not valid. */
  readonly besides: readonly string[];
}

/** A partition: what it is named after, and what it has of its own. */
export interface SchemaPartition {
  readonly name: string;
  readonly parent: string;
  readonly bound: string;
  /** One fact a line, in which its own name stands as `<partition>`. */
  readonly lines: readonly string[];
}

/** Everything that is compared. */
export interface Schema {
  readonly tables: readonly SchemaTable[];
  readonly functions: readonly SchemaFunction[];
  readonly partitions: readonly SchemaPartition[];
  /** Roles, schemas, rights and objects of other kinds, one statement a line. */
  readonly surroundings: readonly string[];
}

export interface SchemaFunction {
  readonly signature: string;
  readonly text: string;
  readonly comment: string | null;
  readonly mayExecute: readonly string[];
  readonly besides: readonly string[];
}

/** `migrations/schema.sql`; of the partitions of a table one block that all of them must be like. */
export function schemaText({ tables, functions, partitions, surroundings }: Schema): string {
  const head =
    '-- What the migrations come to. Generated: npm run -s tool -- migrate --print-schema. `tool fsck` compares a database with it.\n';
  const kinds = new Map(partitions.map((each) => [each.parent, partitionText(each)]));
  return [
    head,
    surroundingsText(surroundings),
    ...tables.map(tableText),
    ...[...kinds.values()],
    ...functions.map(functionText),
  ].join('\n');
}

/** The block of the roles and of what stands around the tables. */
export function surroundingsText(lines: readonly string[]): string {
  return [surroundingsHeading, ...lines.map((line) => `${line};`), ''].join('\n');
}

/** What every partition of its parent must be like. */
export function partitionText({ name, parent, bound, lines }: SchemaPartition): string {
  const own = bound === boundOf(parent, name) ? 'as it is named' : bound;
  return [
    `${partitionsHeading(parent)}`,
    ...[`bound ${own}`, ...lines].map((line) => `--   ${line}`),
    '',
  ].join('\n');
}

const surroundingsHeading = '-- Roles and surroundings';
const partitionsHeading = (parent: string): string => `-- Partitions of ${parent}`;

/** The bound that a partition's name stands for; undefined when the name stands for none. */
function boundOf(parent: string, name: string): string | undefined {
  const [, digits = ''] = new RegExp(`^${parent}_(\\d{6}|\\d{8})$`).exec(name) ?? [];
  if (parent === 'entries' && digits.length === 6) {
    const each = 1_000_000;
    const from = Number(digits) * each;
    return `FOR VALUES FROM ('${from}') TO ('${from + each}')`;
  }
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(digits) ?? [];
  const start = Date.parse(`${year ?? ''}-${month ?? ''}-${day ?? ''}T00:00:00Z`);
  if (Number.isNaN(start)) return undefined;
  const [from, to] = [start, start + dayMs].map((at) =>
    parent === 'checks' ? uuidFloor(at) : new Date(at).toISOString().slice(0, 10),
  );
  return `FOR VALUES FROM ('${from ?? ''}') TO ('${to ?? ''}')`;
}

const dayMs = 86_400_000;

/** The smallest UUIDv7 of an instant, as `uuid_floor` makes it. */
function uuidFloor(at: number): string {
  const hex = at.toString(16).padStart(12, '0').padEnd(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** `docs/grants.md`: role × table, what it may do. */
export function grantsText({ tables, functions }: Pick<Schema, 'tables' | 'functions'>): string {
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

/** A table or a view with all that belongs to it. */
export function tableText(table: SchemaTable): string {
  const { name, kind, isUnlogged, partitionKey, viewText } = table;
  const members = [
    ...table.columns.map((column) => `  ${columnText(column)}`),
    ...table.constraints.map((constraint) => `  CONSTRAINT ${constraint.name} ${constraint.text}`),
  ];
  const create =
    kind === 'v'
      ? `CREATE VIEW ${name} AS\n${viewText ?? ''}`
      : `CREATE ${isUnlogged ? 'UNLOGGED ' : ''}TABLE ${name} (\n${members.join(',\n')}\n)${partitionKey === null ? '' : ` PARTITION BY ${partitionKey}`};`;
  return [
    create,
    ...(table.rowSecurity ? [`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;`] : []),
    ...table.indexes.map((index) => `${index};`),
    ...table.triggers.map((trigger) => `${trigger};`),
    ...table.policies.map((policy) => policyText(name, policy)),
    ...table.grants.map((grant) => `GRANT ${grantWords(grant)} ON ${name} TO ${grant.role};`),
    ...table.besides.map((line) => `${line};`),
    ...comments(`${kind === 'v' ? 'VIEW' : 'TABLE'} ${name}`, table.comment),
    ...table.columns.flatMap((column) => comments(`COLUMN ${name}.${column.name}`, column.comment)),
    '',
  ].join('\n');
}

function columnText({ name, type, notNull, default: value }: SchemaColumn): string {
  return `${name} ${type}${value === null ? '' : ` DEFAULT ${value}`}${notNull ? ' NOT NULL' : ''}`;
}

function policyText(
  table: string,
  { name, isRestrictive, command, roles, using, check }: SchemaPolicy,
): string {
  const clauses = [
    ...(using === null ? [] : [`\n  USING ${bracketed(using)}`]),
    ...(check === null ? [] : [`\n  WITH CHECK ${bracketed(check)}`]),
  ];
  return `CREATE POLICY ${name} ON ${table}${isRestrictive ? ' AS RESTRICTIVE' : ''} FOR ${command} TO ${roles.join(', ')}${clauses.join('')};`;
}

/** A function with its rights. */
export function functionText({ signature, text, comment, mayExecute, besides }: SchemaFunction): string {
  return [
    `${text.trimEnd()};`,
    `REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC;`,
    ...mayExecute.map((role) => `GRANT EXECUTE ON FUNCTION ${signature} TO ${role};`),
    ...besides.map((line) => `${line};`),
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
  const flat = condition.replaceAll(/\s+/g, ' ');
  return flat.startsWith('(') ? flat : `(${flat})`;
}

/** A condition in a cell of a table: casts and line breaks say nothing to a reader. */
function cell(condition: string): string {
  return condition.replaceAll('::text', '').replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
