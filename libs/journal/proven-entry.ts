/**
 * Whether a stored entry is a fact: its text is the one of its leaf, the leaf lies in a part of a commit, and that
 * part's own signed head verifies with a key that may vouch for the kind. A head of a later commit proves nothing,
 * because an honest process also signs over entries that a stranger put before its own.
 */
import { appendLeaves, frontierFromBytes, leafHash, rootOf } from '#libs/tlog/tree.js';
import { readCanonical } from './canonical.js';
import { commitmentOf, leafWith, saltOf } from './commitment.js';
import { uuidToId } from './id.js';
import { formatInstant, type Instant } from './instant.js';
import { ReceiptError } from './receipt-error.js';
import { openHead, type HeadKey } from './verify-head.js';

/** A row of `entries`; text and seed are null where a person was erased. */
export interface StoredEntry {
  readonly index: number;
  readonly uuid: string;
  readonly kind: string;
  readonly at: Instant;
  readonly text: string | null;
  readonly seed: Buffer | null;
  readonly leafHash: Buffer;
}

/** A row of `heads` with what its root is made of. */
export interface StoredPart {
  readonly fromSize: number;
  readonly size: number;
  readonly at: Instant;
  readonly root: Buffer;
  readonly jws: string;
  /** The log that the part was appended to. */
  readonly origin: string;
  /** Of the head before; empty at the beginning of the Journal. */
  readonly frontierBefore: Buffer;
  /** Of the entries fromSize … size − 1. */
  readonly leafHashes: readonly Buffer[];
}

/** A public head key of this registry with its life, instants in registry time. */
export interface PublishedHeadKey {
  readonly key: HeadKey;
  readonly notBefore: Instant;
  /** The first instant at which it no longer signs: expired, retired or compromised. */
  readonly endsAt: Instant;
}

/** By key identifier. */
export type PublishedHeadKeys = ReadonlyMap<string, PublishedHeadKey>;

/** What is wrong with an entry. Of `head-key-life` alone everything else was found to be right. */
export type EntryFault =
  | 'entry-unreadable'
  | 'leaf-differs'
  | 'outside-every-part'
  | 'root-differs'
  | 'head-not-signed'
  | 'head-differs'
  | 'head-key-not-for-kind'
  | 'head-key-life';

/** The members of an entry whose text, id, kind and instant agree with its row; undefined for every other row. */
export function membersOf(entry: StoredEntry): Readonly<Record<string, unknown>> | undefined {
  const members = entry.text === null ? undefined : readCanonical(entry.text);
  const agrees =
    members?.['v'] === 1 &&
    members['kind'] === entry.kind &&
    members['id'] === uuidToId('ent', entry.uuid) &&
    members['at'] === formatInstant(entry.at);
  return agrees ? members : undefined;
}

/**
 * The first thing that keeps an entry from being a fact; undefined when it is one.
 * @param part the one that holds its index, if any
 */
export async function faultOfEntry(
  entry: StoredEntry,
  part: StoredPart | undefined,
  keys: PublishedHeadKeys,
): Promise<EntryFault | undefined> {
  const { text, seed, index } = entry;
  if (text === null || seed === null || membersOf(entry) === undefined) return 'entry-unreadable';
  const leaf = leafHash(leafWith(commitmentOf(text, saltOf(seed))));
  if (!leaf.equals(entry.leafHash)) return 'leaf-differs';
  if (part === undefined || index < part.fromSize || index >= part.size) return 'outside-every-part';
  if (part.leafHashes[index - part.fromSize]?.equals(leaf) !== true) return 'leaf-differs';
  if (part.at !== entry.at || rootOfPart(part)?.equals(part.root) !== true) return 'root-differs';
  return faultOfHead(entry, part, keys);
}

/** The root that the frontier before and the leaves give; undefined when they cannot belong together. */
function rootOfPart({ fromSize, size, frontierBefore, leafHashes }: StoredPart): Buffer | undefined {
  if (leafHashes.length !== size - fromSize) return undefined;
  try {
    return rootOf(appendLeaves(frontierFromBytes(fromSize, frontierBefore), leafHashes));
  } catch {
    return undefined;
  }
}

async function faultOfHead(
  { kind }: StoredEntry,
  { at, size, root, origin, jws }: StoredPart,
  keys: PublishedHeadKeys,
): Promise<EntryFault | undefined> {
  try {
    const { payload, key } = await openHead(jws, { keys: [...keys.values()].map((each) => each.key) });
    const says = [payload.origin, payload.size, payload.root, payload.iat];
    const is = [origin, size, root.toString('base64url'), Math.floor(at / 1000)];
    if (says.some((each, place) => each !== is[place])) return 'head-differs';
    if (!key.kinds.includes(kind)) return 'head-key-not-for-kind';
    const life = keys.get(key.kid);
    return life !== undefined && life.notBefore <= at && at < life.endsAt ? undefined : 'head-key-life';
  } catch (error) {
    if (error instanceof ReceiptError) return 'head-not-signed';
    throw error;
  }
}
