/**
 * The next root of the streams' secrets, beside those in use in the worker's `feed.json` and the tool's copy. It counts from a day that has not
 * begun, so that there is time to carry the file to its machine, and what was cut short is not begun again.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { replaceSecretFile } from './secret-file.service.js';
import { readJsonFile } from '#libs/platform/json-file.js';

/** A root that is added: the first UTC day sealed under it, `yyyy-mm-dd`, and the secret as base64url. */
interface LaterRoot {
  readonly from: string;
  readonly key: string;
}

interface FeedFile {
  readonly key: string;
  readonly later?: readonly LaterRoot[];
}

const dayMs = 86_400_000;

/**
 * Adds a root that counts from the day after tomorrow, or finds the one that was added and does not count yet.
 * @param now registry time in milliseconds
 * @param secret 32 random bytes, used when none waits
 */
export function addFeedRoot(
  out: string,
  now: number,
  secret: Buffer,
): { readonly from: string; readonly isNew: boolean } {
  const file = join(out, 'clerk-worker', 'feed.json');
  const { key, later = [] } = readJsonFile(file) as FeedFile;
  const waiting = later.find(({ from }) => from > utcDay(now));
  if (waiting !== undefined) return { from: waiting.from, isNew: false };
  const from = utcDay(now + 2 * dayMs);
  const content = { key, later: [...later, { from, key: secret.toString('base64url') }] };
  // The tool's copy first: cut short between the two, the next run finds the worker's without a root that waits.
  const copy = join(out, 'tool', 'feed.json');
  if (existsSync(copy)) replaceSecretFile(copy, content);
  replaceSecretFile(file, content);
  return { from, isNew: true };
}

function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
