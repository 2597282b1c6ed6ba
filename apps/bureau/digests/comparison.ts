/** Two digests compared, purely: what one side has in a bucket that the other has not. */
import { bucketOf, itemOf, toggledBy, type Member, type Toggle } from '#libs/feed/digest.js';

/** A refusal in force in a bucket; `entryUuid` of its placing while it still is. */
export interface BucketMember extends Member {
  readonly entryUuid?: string;
}

export interface Difference {
  /** What the bureau lacks. */
  readonly missing: readonly BucketMember[];
  /** base64url items of the bureau that the registry does not have. */
  readonly extra: readonly string[];
}

/**
 * A bucket as it was, from how it stands and the items since.
 * @param since items of the feed after that instant, oldest first
 * @returns item in base64url → member
 */
export function bucketBefore(
  bucket: number,
  members: readonly BucketMember[],
  since: readonly Toggle[],
): ReadonlyMap<string, BucketMember> {
  const nameOf = (member: Member): string => itemOf(member).toString('base64url');
  const standing = new Map(members.map((member) => [nameOf(member), member]));
  // Undone from the newest on: what was placed and lifted since was not there before.
  for (const toggle of since.toReversed()) {
    const member = toggledBy(toggle);
    if (bucketOf(itemOf(member)) !== bucket) continue;
    if (toggle.kind === 'refusal-placed') standing.delete(nameOf(member));
    else standing.set(nameOf(member), member);
  }
  return standing;
}

export function compareBucket(
  ours: ReadonlyMap<string, BucketMember>,
  theirs: ReadonlySet<string>,
): Difference {
  return {
    missing: [...ours].filter(([item]) => !theirs.has(item)).map(([, member]) => member),
    extra: [...theirs].filter((item) => !ours.has(item)),
  };
}
