/**
 * What the operator's acts make: parties, their keys, officials, the regime and the registry's own public keys. Rows
 * have the shape of their tables; the whole is a fold of entries, done here for the writer and again by fsck.
 */
import type { Instant } from '#libs/journal/instant.js';
import type { PartyKind } from '#libs/party/party.js';
import type { RegimeRow } from '#libs/regime/regime.js';

export interface PartyRow {
  readonly clientId: string;
  readonly kind: PartyKind;
  readonly bin: string;
  readonly names: { readonly kk: string; readonly ru: string; readonly en: string };
  readonly scopes: readonly string[];
  readonly resource: string;
  readonly state: 'admitted' | 'suspended';
  readonly admittedAt: Instant;
  readonly entryIndex: number;
}

export type PublicJwk = Readonly<Record<string, string>>;

export interface PartyKeyRow {
  readonly clientId: string;
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  readonly jwk: PublicJwk;
  readonly certSha256?: string;
  readonly notBefore: Instant;
  readonly expiresAt?: Instant;
  readonly retiredAt?: Instant;
  readonly entryIndex: number;
}

export const officialRoles = ['operator', 'regulator', 'judge'] as const;
export type OfficialRole = (typeof officialRoles)[number];

export interface OfficialRow {
  readonly officialId: string;
  readonly name: string;
  readonly role: OfficialRole;
  /** The party they act for; none for operators. */
  readonly clientId?: string;
  readonly certSha256: readonly string[];
  readonly state: 'admitted' | 'suspended';
  readonly entryIndex: number;
}

export interface SigningKeyRow {
  readonly kid: string;
  readonly purpose: string;
  readonly kinds: readonly string[];
  readonly jwk: PublicJwk;
  /** Size of the Journal from which it signs: the index of the entry that published it. */
  readonly fromSize: number;
  readonly notBefore: Instant;
  readonly expiresAt: Instant;
  readonly retiredAt?: Instant;
  readonly revokedAt?: Instant;
  readonly entryIndex: number;
}

/** A log that had published more than a restored database held. */
export interface ClosedLogRow {
  readonly origin: string;
  readonly successor: string;
  /** Entries it had published; those from `entryIndex` on are lost. */
  readonly size: number;
  readonly root: Buffer;
  readonly entryIndex: number;
}

/** Rows of the six tables, as one change writes them. */
export interface RegistryRows {
  readonly parties?: readonly PartyRow[];
  readonly partyKeys?: readonly PartyKeyRow[];
  readonly officials?: readonly OfficialRow[];
  readonly regime?: readonly RegimeRow[];
  readonly signingKeys?: readonly SigningKeyRow[];
  readonly closedLogs?: readonly ClosedLogRow[];
}

/** The six tables whole. */
export interface Registry {
  /** Whether `registry.opened` is in the Journal: from then on every act needs two officials. */
  readonly isOpen: boolean;
  readonly parties: ReadonlyMap<string, PartyRow>;
  /** By `partyKeyName`. */
  readonly partyKeys: ReadonlyMap<string, PartyKeyRow>;
  readonly officials: ReadonlyMap<string, OfficialRow>;
  readonly regime: readonly RegimeRow[];
  readonly signingKeys: ReadonlyMap<string, SigningKeyRow>;
  readonly closedLogs: ReadonlyMap<string, ClosedLogRow>;
}

/** Where the entry of a change stands. */
export interface Place {
  readonly at: Instant;
  readonly index: number;
  readonly origin: string;
}

export const emptyRegistry: Registry = {
  isOpen: false,
  parties: new Map(),
  partyKeys: new Map(),
  officials: new Map(),
  regime: [],
  signingKeys: new Map(),
  closedLogs: new Map(),
};

/** The registry after rows were written; `regime` rows are only ever added. */
export function withRows(before: Registry, rows: RegistryRows, opens: boolean): Registry {
  const {
    parties = [],
    partyKeys = [],
    officials = [],
    regime = [],
    signingKeys = [],
    closedLogs = [],
  } = rows;
  return {
    isOpen: before.isOpen || opens,
    parties: joined(before.parties, parties, (row) => row.clientId),
    partyKeys: joined(before.partyKeys, partyKeys, partyKeyName),
    officials: joined(before.officials, officials, (row) => row.officialId),
    regime: [...before.regime, ...regime],
    signingKeys: joined(before.signingKeys, signingKeys, (row) => row.kid),
    closedLogs: joined(before.closedLogs, closedLogs, (row) => row.origin),
  };
}

/** A party's key as one text, for maps. */
export function partyKeyName({ clientId, kid }: Pick<PartyKeyRow, 'clientId' | 'kid'>): string {
  return `${clientId}/${kid}`;
}

/** A row of the regime as one text: the primary key of its table. */
export function regimeName({ name, subjectOfRule, appliesFrom, entryIndex }: RegimeRow): string {
  return JSON.stringify([name, subjectOfRule, appliesFrom, entryIndex]);
}

function joined<R>(
  before: ReadonlyMap<string, R>,
  rows: readonly R[],
  keyOf: (row: R) => string,
): Map<string, R> {
  return new Map([...before, ...rows.map((row): [string, R] => [keyOf(row), row])]);
}
