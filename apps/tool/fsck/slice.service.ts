/** What fsck does with one family of tables once the Journal is read: a slice like every other, gone through in their order. */
import type { EntityManager } from 'typeorm';
import type { FeedRoots } from '#libs/feed/feed-roots.js';
import type { SealingKey } from '#libs/subject/seal.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import type { Registry } from '#libs/acts/registry.js';
import type { Finding } from './finding.js';

/** What a slice may use. */
export interface SliceRun {
  readonly tx: EntityManager;
  /** Rows written by entries from here on are newer than this run and left out. */
  readonly size: number;
  readonly pageSize: number;
  readonly origin: string;
  readonly identityKey: SealingKey;
  readonly lookupKeys: LookupKeys;
  /** Roots of the streams' secrets; without them what bureaus were sent cannot be opened. */
  readonly feedRoots: FeedRoots | undefined;
  /** How many entries move the rules. */
  readonly acts: number;
  /** As the entries make it. */
  readonly registry: Registry;
}

export interface Slice {
  /** Tables that it judges, whole or the columns that no other slice does. */
  readonly tables: readonly string[];
  compare(run: SliceRun): Promise<readonly Finding[]>;
}
