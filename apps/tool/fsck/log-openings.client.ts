/**
 * What a log says of its public entries, held against their leaves: the openings among the first entries, where the
 * registry's keys, parties and rules stand, and every key it serves against the entry that published it, wherever in the
 * log that lies. A key that no entry published could vouch for anything.
 */
import { leafOf } from '#libs/journal/commitment.js';
import type { ReadFile } from '#libs/tlog/audit.js';
import { tileWidth, tileWith } from '#libs/tlog/tile.js';
import { hashLength, leafHash, splitHashes } from '#libs/tlog/tree.js';
import type { LogClient } from '../verify/log.client.js';

/** An opening that does not open its leaf, or a key that is not the one its entry published. */
export interface OpeningFinding {
  readonly code: 'opening-differs' | 'key-differs';
  readonly path: string;
  readonly what: string;
}

interface Opened {
  /** Openings that fit. */
  readonly openings: number;
  readonly findings: readonly OpeningFinding[];
}

type Members = Readonly<Record<string, unknown>>;

/** Openings of the first tile's entries: each must fit its leaf. */
export async function checkOpenings(log: LogClient, read: ReadFile, size: number): Promise<Opened> {
  if (size === 0) return { openings: 0, findings: [] };
  const tile = await read(tileWith(0, 0, size));
  const hashes = tile !== undefined && tile.length % hashLength === 0 ? splitHashes(tile) : [];
  const answers = await Promise.all(hashes.map((_, at) => log.json(pathOf(at))));
  const fits = answers.map(
    (answer, at) => answer === undefined || hashes[at]?.equals(leafOfOpening(answer)) === true,
  );
  return {
    openings: answers.filter((answer, at) => answer !== undefined && fits[at]).length,
    findings: fits.flatMap((isGood, at) => (isGood ? [] : [opensNot(at)])),
  };
}

/**
 * Every key of the served set whose entry lies within the checkpoint, against that entry. Where no set is served, as by a
 * mirror, there is nothing to compare.
 */
export async function checkKeys(
  log: LogClient,
  read: ReadFile,
  size: number,
): Promise<readonly OpeningFinding[]> {
  const jwks = await log.jwks();
  const found: OpeningFinding[] = [];
  for (const key of jwks?.keys ?? []) found.push(...(await checkKey(log, read, size, membersOf(key))));
  return found;
}

async function checkKey(
  log: LogClient,
  read: ReadFile,
  size: number,
  key: Members,
): Promise<readonly OpeningFinding[]> {
  const index = key['fromSize'];
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0)
    return [isNot(key, 'names no entry that published it')];
  if (index >= size) return [];
  const opening = await log.json(pathOf(index));
  if (opening === undefined) return [isNot(key, `is published by entry ${index}, which is not open`)];
  const tile = await read(tileWith(0, index, size));
  const place = (index % tileWidth) * hashLength;
  const leaf = tile?.subarray(place, place + hashLength);
  if (leaf?.equals(leafOfOpening(opening)) !== true) return [opensNot(index)];
  return isPublishedBy(key, entryOf(opening))
    ? []
    : [isNot(key, `is not the one that entry ${index} published`)];
}

/** Whether the entry published this key, for this purpose and these kinds. */
function isPublishedBy(key: Members, entry: Members): boolean {
  const published = membersOf(entry['jwk']);
  return (
    entry['kind'] === 'key.published' &&
    ['kid', 'purpose'].every((name) => key[name] === entry[name]) &&
    JSON.stringify(key['kinds']) === JSON.stringify(entry['kinds']) &&
    ['kty', 'crv', 'x', 'y', 'n', 'e'].every((name) => key[name] === published[name])
  );
}

function pathOf(index: number): string {
  return `openings/${index}`;
}

function opensNot(index: number): OpeningFinding {
  return { code: 'opening-differs', path: pathOf(index), what: 'does not open its leaf' };
}

function isNot(key: Members, what: string): OpeningFinding {
  return {
    code: 'key-differs',
    path: '.well-known/jwks.json',
    what: `the key ${String(key['kid'])} ${what}`,
  };
}

function leafOfOpening(answer: unknown): Buffer {
  const { entry, salt } = membersOf(answer);
  const key = Buffer.from(String(salt), 'base64url');
  return key.length === hashLength ? leafHash(leafOf(String(entry), key)) : Buffer.alloc(0);
}

/** Its text was hashed: whatever it is, the registry wrote it. */
function entryOf(opening: unknown): Members {
  return membersOf(JSON.parse(String(membersOf(opening)['entry'])));
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
