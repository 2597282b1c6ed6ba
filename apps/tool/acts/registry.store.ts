/** SQL of the six tables the operator's acts write, whole rows as JSON in both directions. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { bytesFromJson, instantFromJson } from '#libs/journal/json-row.js';
import type { PartyKind } from '#libs/party/party.js';
import type { RegimeRow } from '#libs/regime/regime.js';
import { allRegimeRows } from '#libs/regime/regime.store.js';
import {
  partyKeyName,
  regimeName,
  type ClosedLogRow,
  type OfficialRole,
  type OfficialRow,
  type PartyKeyRow,
  type PartyRow,
  type PublicJwk,
  type Registry,
  type SigningKeyRow,
} from '#libs/acts/registry.js';

type Json = Readonly<Record<string, unknown>>;

/** Inserts rows given as one JSON array, or lets the newer row take the place of the older. */
function tableOf<R>(
  name: string,
  table: string,
  keyOf: (row: R) => string,
  toJson: (row: R) => Json,
  upsert: { readonly key: string; readonly columns: readonly string[] } | undefined,
): Table<never, R> {
  const set = upsert?.columns.map((column) => `${column} = excluded.${column}`).join(', ');
  return {
    name,
    keyOf,
    insert: {
      sql: `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)
        ${upsert === undefined ? '' : `ON CONFLICT (${upsert.key}) DO UPDATE SET ${set ?? ''}`} RETURNING 1`,
      params: (rows) => [JSON.stringify(rows.map(toJson))],
    },
  };
}

/** The tables of the tool's Journal, without the acts themselves. */
export const registryTables = {
  parties: tableOf<PartyRow>('parties', 'parties', (row) => row.clientId, partyToJson, {
    key: 'client_id',
    columns: ['name_kk', 'name_ru', 'name_en', 'scopes', 'resource', 'state', 'entry_index'],
  }),
  partyKeys: tableOf<PartyKeyRow>('partyKeys', 'party_keys', partyKeyName, partyKeyToJson, {
    key: 'client_id, kid',
    columns: ['retired_at', 'entry_index'],
  }),
  officials: tableOf<OfficialRow>('officials', 'officials', (row) => row.officialId, officialToJson, {
    key: 'official_id',
    columns: ['name', 'role', 'client_id', 'cert_sha256', 'state', 'entry_index'],
  }),
  regime: tableOf<RegimeRow>('regime', 'regime', regimeName, regimeToJson, undefined),
  signingKeys: tableOf<SigningKeyRow>('signingKeys', 'signing_keys', (row) => row.kid, signingKeyToJson, {
    key: 'kid',
    columns: ['retired_at', 'revoked_at', 'entry_index'],
  }),
  closedLogs: tableOf<ClosedLogRow>(
    'closedLogs',
    'closed_logs',
    (row) => row.origin,
    closedLogToJson,
    undefined,
  ),
} as const;

/** The six tables as they stand; whether the registry is open is known by its regime, which only opening begins. */
export async function loadRegistry(tx: EntityManager): Promise<Registry> {
  const regime = await allRegimeRows(tx);
  const parties = (await rowsOf(tx, 'parties')).map(partyFromJson);
  const partyKeys = (await rowsOf(tx, 'party_keys')).map(partyKeyFromJson);
  const officials = (await rowsOf(tx, 'officials')).map(officialFromJson);
  const signingKeys = (await rowsOf(tx, 'signing_keys')).map(signingKeyFromJson);
  const closedLogs = await closedLogRows(tx);
  return {
    isOpen: regime.length > 0,
    parties: new Map(parties.map((row) => [row.clientId, row])),
    partyKeys: new Map(partyKeys.map((row) => [partyKeyName(row), row])),
    officials: new Map(officials.map((row) => [row.officialId, row])),
    regime,
    signingKeys: new Map(signingKeys.map((row) => [row.kid, row])),
    closedLogs: new Map(closedLogs.map((row) => [row.origin, row])),
  };
}

/** Logs that were closed, in the order in which they were. */
export async function closedLogRows(tx: EntityManager): Promise<readonly ClosedLogRow[]> {
  return (await rowsOf(tx, 'closed_logs')).map(closedLogFromJson);
}

async function rowsOf(tx: EntityManager, table: string): Promise<readonly Json[]> {
  const rows = await tx.query<{ row: Json }[]>(
    `SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY entry_index`,
  );
  return rows.map(({ row }) => row);
}

function partyToJson(row: PartyRow): Json {
  return {
    client_id: row.clientId,
    kind: row.kind,
    bin: row.bin,
    name_kk: row.names.kk,
    name_ru: row.names.ru,
    name_en: row.names.en,
    scopes: row.scopes,
    resource: row.resource,
    state: row.state,
    admitted_at: formatInstant(row.admittedAt),
    entry_index: row.entryIndex,
  };
}

function partyFromJson(row: Json): PartyRow {
  return {
    clientId: row['client_id'] as string,
    kind: row['kind'] as PartyKind,
    bin: row['bin'] as string,
    names: { kk: row['name_kk'] as string, ru: row['name_ru'] as string, en: row['name_en'] as string },
    scopes: row['scopes'] as string[],
    resource: row['resource'] as string,
    state: row['state'] as PartyRow['state'],
    admittedAt: instantOf(row['admitted_at']),
    entryIndex: row['entry_index'] as number,
  };
}

function partyKeyToJson(row: PartyKeyRow): Json {
  return {
    client_id: row.clientId,
    kid: row.kid,
    use: row.use,
    jwk: row.jwk,
    cert_sha256: row.certSha256,
    not_before: formatInstant(row.notBefore),
    expires_at: textOf(row.expiresAt),
    retired_at: textOf(row.retiredAt),
    entry_index: row.entryIndex,
  };
}

function partyKeyFromJson(row: Json): PartyKeyRow {
  return {
    clientId: row['client_id'] as string,
    kid: row['kid'] as string,
    use: row['use'] as 'sig' | 'enc',
    jwk: row['jwk'] as PublicJwk,
    ...optional({ certSha256: (row['cert_sha256'] ?? undefined) as string | undefined }),
    notBefore: instantOf(row['not_before']),
    ...optional({
      expiresAt: instantFromJson(row['expires_at']),
      retiredAt: instantFromJson(row['retired_at']),
    }),
    entryIndex: row['entry_index'] as number,
  };
}

function officialToJson(row: OfficialRow): Json {
  return {
    official_id: row.officialId,
    name: row.name,
    role: row.role,
    client_id: row.clientId,
    cert_sha256: row.certSha256,
    state: row.state,
    entry_index: row.entryIndex,
  };
}

function officialFromJson(row: Json): OfficialRow {
  return {
    officialId: row['official_id'] as string,
    name: row['name'] as string,
    role: row['role'] as OfficialRole,
    ...optional({ clientId: (row['client_id'] ?? undefined) as string | undefined }),
    certSha256: row['cert_sha256'] as string[],
    state: row['state'] as OfficialRow['state'],
    entryIndex: row['entry_index'] as number,
  };
}

function regimeToJson(row: RegimeRow): Json {
  return {
    name: row.name,
    subject_of_rule: row.subjectOfRule,
    value: row.value,
    applies_by: row.appliesBy,
    applies_from: formatInstant(row.appliesFrom),
    applies_to: textOf(row.appliesTo),
    enacted_on: row.enactedOn,
    source: row.source,
    certainty: row.certainty,
    entry_index: row.entryIndex,
  };
}

function signingKeyToJson(row: SigningKeyRow): Json {
  return {
    kid: row.kid,
    purpose: row.purpose,
    kinds: row.kinds,
    jwk: row.jwk,
    from_size: row.fromSize,
    not_before: formatInstant(row.notBefore),
    expires_at: formatInstant(row.expiresAt),
    retired_at: textOf(row.retiredAt),
    revoked_at: textOf(row.revokedAt),
    entry_index: row.entryIndex,
  };
}

function signingKeyFromJson(row: Json): SigningKeyRow {
  return {
    kid: row['kid'] as string,
    purpose: row['purpose'] as string,
    kinds: row['kinds'] as string[],
    jwk: row['jwk'] as PublicJwk,
    fromSize: row['from_size'] as number,
    notBefore: instantOf(row['not_before']),
    expiresAt: instantOf(row['expires_at']),
    ...optional({
      retiredAt: instantFromJson(row['retired_at']),
      revokedAt: instantFromJson(row['revoked_at']),
    }),
    entryIndex: row['entry_index'] as number,
  };
}

function instantOf(value: unknown): Instant {
  const at = instantFromJson(value);
  if (at === undefined) throw new Error('a row without its instant');
  return at;
}

function textOf(at: Instant | undefined): string | undefined {
  return at === undefined ? undefined : formatInstant(at);
}

/** Absent members are left out, so that rows read and rows made compare as equal. */
function optional<T extends object>(members: T): Partial<{ [N in keyof T]: NonNullable<T[N]> }> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<{
    [N in keyof T]: NonNullable<T[N]>;
  }>;
}

function closedLogToJson(row: ClosedLogRow): Json {
  return {
    origin: row.origin,
    successor: row.successor,
    size: row.size,
    root: `\\x${row.root.toString('hex')}`,
    entry_index: row.entryIndex,
  };
}

function closedLogFromJson(row: Json): ClosedLogRow {
  return {
    origin: row['origin'] as string,
    successor: row['successor'] as string,
    size: row['size'] as number,
    root: bytesFromJson(row['root']),
    entryIndex: row['entry_index'] as number,
  };
}
