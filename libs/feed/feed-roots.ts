/**
 * The roots of the streams' secrets, old and new side by side: a day is sealed under the newest root that counts from that
 * day or before, and what was sealed before stays readable under the older ones. The bureaus' pseudonyms come from the
 * first root for good, because other ones would be other people.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

export interface FeedRoot {
  /** First UTC day that is sealed under it, `yyyy-mm-dd`; empty for the first root. */
  readonly from: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** In the order of their days; never empty. */
export type FeedRoots = readonly [FeedRoot, ...FeedRoot[]];

/** The root under which a day is sealed that nothing has been sealed on yet. @param day UTC, `yyyy-mm-dd` */
export function rootOfDay(roots: FeedRoots, day: string): Buffer {
  return (roots.findLast(({ from }) => from <= day) ?? roots[0]).secret;
}

/** Tells the roots apart without saying anything of them: kept beside each key of a day. 16 bytes. */
export function rootCheck(root: Buffer): Buffer {
  return createHmac('sha256', root).update('tyiym-feed-root').digest().subarray(0, 16);
}

/**
 * The root under which a day was begun to be sealed, whatever its date says by now.
 * @throws AssertionError when none of these has that check: the process was given another feed.json.
 */
export function rootWithCheck(roots: FeedRoots, check: Buffer): Buffer {
  const root = roots.find(({ secret }) => rootCheck(secret).equals(check));
  assert(root !== undefined, 'feed.json lacks the root under which this day is sealed');
  return root.secret;
}
