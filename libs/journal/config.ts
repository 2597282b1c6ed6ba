/** What a process brings to its writer, and what the writer reports of itself. */
import type { KeyObject } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { Tables } from './act.js';
import type { ProcessName } from './entry.js';
import type { Head } from './head-row.js';
import type { Lane } from './lanes.js';

export interface JournalOptions<T extends Tables, Rules> {
  readonly dataSource: DataSource;
  readonly app: ProcessName;
  readonly origin: string;
  /**
   * The log that an append of this writer closes: the head row still has its name, and the database is known to be behind
   * what it published. Of `tool recover` alone.
   */
  readonly closes?: string;
  /** `iss` of heads: the public base URL of the log. */
  readonly iss: string;
  readonly headKey: { readonly kid: string; readonly key: KeyObject };
  /** What the head row must hold for this process's lookup keys: epoch → check value. */
  readonly keyChecks: Readonly<Record<string, string>>;
  /** What the head row must hold for this process's identity key; absent when it has none. */
  readonly identityChecks?: Readonly<Record<string, string>>;
  /** Rows that must be found in every look, or the lookup key is wrong. */
  readonly sentinels: readonly { readonly epoch: number; readonly bytes: Buffer }[];
  readonly tables: T;
  /** Asked outside of the head's lock; of entries at or beyond `head.size` nothing may count. */
  loadRules(tx: EntityManager, head: Head): Promise<Rules>;
  /** Machine time in milliseconds. */
  clock(): number;
  readonly maxBatch?: number;
  /** How many acts may wait in each lane; beyond it whoever comes is told so at once. */
  readonly maxQueue?: Readonly<Record<Lane, number>>;
  /** Pause between commits; 0 for the lender's process, which must not wait. */
  readonly minIntervalMs?: number;
  /** Told of failures nobody is answered with in detail. */
  onFailure?(what: string, error: unknown): void;
}

/** What readiness reports; `ok` only when an append would succeed. */
export interface JournalReadiness {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly daysOfPartitions: number;
}
