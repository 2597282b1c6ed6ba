/**
 * A person's trail: the entries about him as he may read them. What a lender wrote for itself (its number of the
 * application) is left out; nothing here holds an IIN, because no entry does.
 */
import assert from 'node:assert/strict';
import type { Party } from '#libs/party/party.js';

/** Names of an organisation in the languages of the registry. */
export type Names = Party['names'];

export interface TrailItem {
  /** `ent_…` */
  readonly entryId: string;
  readonly kind: string;
  readonly at: string;
  /** The person's refusal version then in force. */
  readonly version?: number;
  /** Own acts. */
  readonly applicationId?: string;
  readonly channel?: string;
  readonly identifiedBy?: string;
  readonly lockHours?: number;
  readonly placeAgainAfterHours?: number;
  readonly requestedBy?: string;
  readonly reason?: string;
  /** Checks. */
  readonly checkId?: string;
  readonly lender?: { readonly bin: string; readonly names?: Names };
  /** Stamps: which bureau, about which entry, and when it says it recorded it. */
  readonly bureau?: { readonly bin: string; readonly names?: Names };
  readonly about?: string;
  readonly recordedAt?: string;
  readonly product?: string;
  readonly stage?: string;
  readonly verdict?: string;
  /** Readings. */
  readonly by?: string;
  readonly what?: string;
}

/** Members of entries that the person is shown as they stand. */
const shown = [
  'version',
  'applicationId',
  'channel',
  'identifiedBy',
  'lockHours',
  'placeAgainAfterHours',
  'requestedBy',
  'reason',
  'checkId',
  'product',
  'stage',
  'verdict',
  'about',
  'recordedAt',
  'by',
  'what',
] as const;

/** An entry as its person reads it. @param namesOf the names of an organisation by its BIN */
export function trailItem(entryText: string, namesOf: (bin: string) => Names | undefined): TrailItem {
  const entry = JSON.parse(entryText) as Readonly<Record<string, unknown>>;
  const { id, kind, at, lender, bureau } = entry;
  assert(typeof id === 'string' && typeof kind === 'string' && typeof at === 'string', 'not an entry');
  const members = shown.filter((name) => entry[name] !== undefined).map((name) => [name, entry[name]]);
  return {
    entryId: id,
    kind,
    at,
    ...(Object.fromEntries(members) as Partial<TrailItem>),
    ...(typeof lender === 'string' && { lender: namedBy(lender, namesOf(lender)) }),
    ...(typeof bureau === 'string' && { bureau: namedBy(bureau, namesOf(bureau)) }),
  };
}

function namedBy(bin: string, names: Names | undefined): NonNullable<TrailItem['lender']> {
  return { bin, ...(names && { names }) };
}

/** The cursor after an entry: opaque to callers, the index to us. */
export function cursorOf(index: number): string {
  return Buffer.from(`t${index}`).toString('base64url');
}

/** The index in a cursor; undefined for a text that is none of ours. */
export function readCursor(cursor: string): number | undefined {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const index = /^t(0|[1-9]\d{0,15})$/.test(text) ? Number(text.slice(1)) : undefined;
  return index !== undefined && cursorOf(index) === cursor ? index : undefined;
}
