/**
 * The writer. It owns the transaction: a batch takes the head row's lock, looks, decides, appends and commits, and only
 * then is anybody answered. Read `run` from top to bottom; after each durable step a comment says what a crash there
 * means and who repairs it.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { KeyObject } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import { frontierFromBytes, frontierToBytes } from '#libs/tlog/tree.js';
import type { Act, Tables } from './act.js';
import { answerAll, countersOf, decideBatch, type Batch } from './batch.js';
import type { ProcessName } from './entry.js';
import { isLostConnection, isServerError, isUniqueViolation, mayBeOneActs } from './failure.js';
import { signHead } from './head.js';
import { formatInstant, type Instant } from './instant.js';
import { Lanes, type Lane } from './lanes.js';
import {
  appendSql,
  committed,
  fenceSql,
  journalHead,
  lockHead,
  lookSql,
  lookTables,
  partitionsAhead,
  type Head,
} from './journal.store.js';

export interface JournalOptions<T extends Tables, Rules> {
  readonly dataSource: DataSource;
  readonly app: ProcessName;
  readonly origin: string;
  /** `iss` of heads: the public base URL of the log. */
  readonly iss: string;
  readonly headKey: { readonly kid: string; readonly key: KeyObject };
  /** What the head row must hold for this process's lookup keys: epoch → check value. */
  readonly keyChecks: Readonly<Record<string, string>>;
  /** Rows that must be found in every look, or the lookup key is wrong. */
  readonly sentinels: readonly { readonly epoch: number; readonly bytes: Buffer }[];
  readonly tables: T;
  loadRules(tx: EntityManager): Promise<Rules>;
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

interface Waiting<T extends Tables, Rules> {
  readonly act: Act<T, Rules, unknown>;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** What readiness reports; `ok` only when an append would succeed. */
export interface Readiness {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly daysOfPartitions: number;
}

const maxSkewMs = 1000;
/** Two of the largest check-batches in the lane of the bulk. */
const defaultQueue = { single: 4096, bulk: 20_000 };

export class Journal<T extends Tables, Rules> {
  private readonly queue: Lanes<Waiting<T, Rules>>;
  private readonly maxBatch: number;
  private readonly look: { readonly name: string; readonly text: string };
  private readonly append: { readonly name: string; readonly text: string };
  private readonly listeners: (() => void)[] = [];
  private running: Promise<void> | undefined;
  private stopped = false;
  private lastBatchAt = 0;
  private known: { readonly version: number; readonly rules: Rules; readonly offsetMs: number } | undefined;

  constructor(private readonly options: JournalOptions<T, Rules>) {
    this.maxBatch = options.maxBatch ?? 128;
    this.queue = new Lanes(options.maxQueue ?? defaultQueue);
    this.look = { name: 'journal.look', text: lookSql(options.tables) };
    this.append = { name: 'journal.append', text: appendSql(options.tables) };
  }

  /**
   * Puts an act into the next batch and gives its answer once that is durable. Of many acts of one request each goes
   * into the lane of the bulk, so that nobody waits behind all of them.
   * @throws Problem what `decide` threw; `registry-unavailable` when nothing could be made durable.
   */
  submit<A>(act: Act<T, Rules, A>, lane: Lane = 'single'): Promise<A> {
    if (this.stopped || !this.queue.hasRoom(lane)) return Promise.reject(new Problem('registry-unavailable'));
    const answer = new Promise<A>((resolve, reject) => {
      this.queue.add(lane, { act, resolve: resolve as (value: unknown) => void, reject });
    });
    this.running ??= this.work();
    return answer;
  }

  /** The rules as last loaded. @throws Problem `registry-unavailable` before the first load. */
  rules(): Rules {
    if (this.known === undefined) throw new Problem('registry-unavailable');
    return this.known.rules;
  }

  /** Registry time: the machine's clock plus the offset last seen. */
  registryNow(): Instant {
    return Math.trunc(this.options.clock()) + (this.known?.offsetMs ?? 0);
  }

  /** Loads the rules if an entry moved them; for what is decided outside of batches. */
  async refreshRules(): Promise<Rules> {
    const tx = this.options.dataSource.manager;
    return this.rulesFor(await journalHead(tx), tx);
  }

  /** Called whenever an entry about regime, parties or keys was seen: caches built on them are emptied. */
  onRulesChanged(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Whether an append would succeed now, and if not why. */
  async readiness(): Promise<Readiness> {
    const tx = this.options.dataSource.manager;
    const head = await journalHead(tx);
    const problems = [...this.misfits(head)];
    if (Math.abs(this.options.clock() + head.clockOffsetMs - head.registryNow) > maxSkewMs)
      problems.push('clock');
    const rows: { sentinels: number }[] = await tx.query(this.look.text, [
      ...this.lookParams([], head.registryNow),
    ]);
    if (Number(rows[0]?.sentinels) !== this.options.sentinels.length) problems.push('sentinel');
    const { days, areThere } = await partitionsAhead(tx, this.maxBatch);
    if (!areThere) problems.push('partitions');
    return { ok: problems.length === 0, problems, daysOfPartitions: days };
  }

  /** Takes nothing more and resolves when what was queued is answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Everything that waits when the previous commit returns is the next batch: no timer gathers it. */
  private async work(): Promise<void> {
    // Leaving the caller's turn first lets everything that arrives in it share the batch.
    await Promise.resolve();
    try {
      while (this.queue.size > 0) {
        const sinceLastMs = this.options.clock() - this.lastBatchAt;
        const pauseMs = (this.options.minIntervalMs ?? 0) - Math.max(sinceLastMs, 0);
        // Others wait for the same lock: only the lender's process takes it as often as it can.
        if (pauseMs > 0) await wait(pauseMs);
        this.lastBatchAt = this.options.clock();
        await this.settle(this.queue.take(this.maxBatch));
      }
    } finally {
      // In the same turn as the last look at the queue: an act that came in between would wait for the next one.
      this.running = undefined;
    }
  }

  /** Runs a batch; the one act that may have made it fail is found by halving. */
  private async settle(batch: readonly Waiting<T, Rules>[], attempt = 1): Promise<void> {
    try {
      await this.run(batch);
    } catch (error) {
      if (isUniqueViolation(error) && attempt <= 3) return this.settle(batch, attempt + 1);
      // Nothing of it was persisted, or `findOut` would have said so: it simply is the next batch, once.
      if (isLostConnection(error) && attempt === 1) return this.settle(batch, attempt + 1);
      if (mayBeOneActs(error) && batch.length > 1) {
        const half = Math.ceil(batch.length / 2);
        await this.settle(batch.slice(0, half));
        return this.settle(batch.slice(half));
      }
      this.options.onFailure?.('a batch failed', error);
      const answer = error instanceof Problem ? error : new Problem('registry-unavailable', { cause: error });
      for (const { reject } of batch) reject(answer);
    }
  }

  private async run(waiting: readonly Waiting<T, Rules>[]): Promise<void> {
    const runner = this.options.dataSource.createQueryRunner();
    let isBroken = false;
    try {
      const client = await this.connect(runner);
      // 1. This lock is the order: every entry before ours is visible from here on.
      const head = await lockHead(client);
      const misfit = this.misfits(head)[0];
      if (misfit !== undefined)
        throw new Problem('registry-unavailable', { cause: new Error(`head row: ${misfit}`) });
      const at = Math.max(Math.trunc(this.options.clock()) + head.clockOffsetMs, head.lastAt);
      if (Math.abs(at - head.registryNow) > maxSkewMs)
        throw new Problem('registry-unavailable', {
          cause: new Error('this clock and that of the database differ'),
        });
      // 2. + 3. Look in one snapshot, decide in order. Nothing is written yet; a crash leaves nothing.
      const rules = await this.rulesFor(head, runner.manager);
      const found = await this.lookUp(client, waiting, at);
      const batch = decideBatch(
        this.options.tables,
        waiting.map(({ act }) => act),
        {
          app: this.options.app,
          at,
          frontier: frontierFromBytes(head.size, head.frontier),
          rules,
          found,
          seed: () => randomBytes(32),
        },
      );
      if (batch.entries.length === 0) {
        // 4.a Replays and refusals of the rule book leave no entry: they answer from what is committed already.
        await client.query('ROLLBACK');
        return answerAll(waiting, batch, '');
      }
      // 4. Append: head, signed head, entries and rows in one statement. A crash here leaves nothing: not committed.
      const jws = await this.sign(batch);
      await this.write(client, head, batch, jws);
      // 5. A crash or a lost connection from here on leaves it open whether it happened: the fence finds out.
      try {
        await client.query('COMMIT');
      } catch (error) {
        isBroken = true;
        if (isServerError(error)) throw error;
        await this.findOut(batch, error);
      }
      // Durable. A crash here loses only the answers: the same idempotency key finds them again.
      answerAll(waiting, batch, jws);
    } catch (error) {
      if (!isBroken) await this.rollback(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Whoever waits behind a batch that could not even connect would only wait for the same. */
  private async connect(runner: QueryRunner): Promise<PoolClient> {
    try {
      return (await runner.connect()) as PoolClient;
    } catch (cause) {
      const unreachable = new Problem('registry-unavailable', { cause });
      for (const { reject } of this.queue.take(this.queue.size)) reject(unreachable);
      throw unreachable;
    }
  }

  private misfits(head: Head): readonly string[] {
    const own = this.options.keyChecks;
    const keys = new Set([...Object.keys(own), ...Object.keys(head.keyChecks)]);
    return [
      ...(head.origin === this.options.origin ? [] : ['origin']),
      ...([...keys].every((epoch) => own[epoch] === head.keyChecks[epoch]) ? [] : ['lookup key']),
    ];
  }

  private async rulesFor(head: Head, tx: EntityManager): Promise<Rules> {
    const offsetMs = head.clockOffsetMs;
    if (this.known?.version === head.rulesVersion) {
      if (this.known.offsetMs !== offsetMs) this.known = { ...this.known, offsetMs };
      return this.known.rules;
    }
    const rules = await this.options.loadRules(tx);
    this.known = { version: head.rulesVersion, rules, offsetMs };
    for (const listener of this.listeners) listener();
    return rules;
  }

  private lookParams(waiting: readonly Waiting<T, Rules>[], at: Instant): readonly unknown[] {
    const { sentinels, tables } = this.options;
    const params: unknown[] = [sentinels.map(({ bytes }) => bytes), sentinels.map(({ epoch }) => epoch)];
    for (const { name, look } of lookTables(tables))
      params.push(
        ...look.params(
          waiting.flatMap(({ act }) => act.look[name] ?? []),
          at,
        ),
      );
    return params;
  }

  private async lookUp(
    client: PoolClient,
    waiting: readonly Waiting<T, Rules>[],
    at: Instant,
  ): Promise<ReadonlyMap<string, Map<string, unknown>>> {
    const { rows } = await client.query<Record<string, unknown>>({
      ...this.look,
      values: [...this.lookParams(waiting, at)],
    });
    const seen = rows[0];
    // Without its sentinel a look with a wrong key would find nobody, and everybody would be "clear".
    if (Number(seen?.['sentinels']) !== this.options.sentinels.length)
      throw new Problem('registry-unavailable', { cause: new Error('sentinel not found: wrong lookup key') });
    const found = new Map<string, Map<string, unknown>>();
    for (const { name, look } of lookTables(this.options.tables)) {
      const table = this.options.tables[name];
      const list = seen?.[name];
      assert(table !== undefined && Array.isArray(list));
      const some = list.map((row) => look.fromJson(row as Record<string, unknown>));
      found.set(name, new Map(some.map((row): [string, unknown] => [table.keyOf(row), row])));
    }
    return found;
  }

  private sign(batch: Batch<T>): Promise<string> {
    const { headKey, iss, origin } = this.options;
    return signHead(headKey.key, headKey.kid, {
      iss,
      iat: Math.floor(batch.at / 1000),
      origin,
      size: batch.after.size,
      root: batch.root.toString('base64url'),
    });
  }

  private async write(client: PoolClient, head: Head, batch: Batch<T>, jws: string): Promise<void> {
    const { entries, after, root } = batch;
    const at = formatInstant(batch.at);
    const moves = countersOf(entries);
    const frontier = frontierToBytes(after);
    const { tables } = this.options;
    const values = [
      ...[after.size, root, frontier, head.stateVersion + moves.state, head.rulesVersion + moves.rules],
      ...[head.feedSeq + moves.feed, at, head.origin, head.size, head.stateVersion, head.rulesVersion],
      JSON.stringify(this.options.keyChecks),
      ...[after.size, head.size, at, root, frontier, this.options.headKey.kid, jws],
      ...[entries.map((e) => e.index), entries.map((e) => e.uuid), entries.map((e) => e.kind)],
      ...[entries.map((e) => e.text), entries.map((e) => e.seed), entries.map((e) => e.leafHash)],
      entries.map((e) => e.draft.person?.subject.epoch ?? null),
      entries.map((e) => e.draft.person?.subject.bytes ?? null),
      ...[entries.map((e) => e.draft.person?.version ?? null), entries.map((e) => e.draft.party ?? null), at],
      ...Object.values(tables).flatMap(
        (table) => table.insert?.params([...(batch.rows.get(table.name)?.values() ?? [])]) ?? [],
      ),
    ];
    const { rows } = await client.query<Record<string, number>>({ ...this.append, values });
    const counts = rows[0] ?? {};
    assert(
      counts['moved'] === 1 && counts['signed'] === 1,
      'the head row moved under our lock, or the clocks differ',
    );
    assert(counts['appended'] === entries.length, 'entries were lost in the append');
    for (const [name, written] of batch.rows)
      if (tables[name]?.insert)
        assert(counts[`t_${name}`] === written.size, `rows of ${name} were lost in the append`);
  }

  /**
   * The connection was lost while COMMIT was under way. The fence waits for the orphan or makes its compare fail;
   * afterwards the signed head is there or never will be.
   * @throws `lost` when it never will be; Problem `registry-unavailable` when that could not be found out.
   */
  private async findOut(batch: Batch<T>, lost: unknown): Promise<void> {
    const runner = this.options.dataSource.createQueryRunner();
    let isThere: boolean;
    try {
      const client = (await runner.connect()) as PoolClient;
      await client.query(fenceSql);
      isThere = await committed(client, batch.after.size, batch.root);
    } catch (cause) {
      throw new Problem('registry-unavailable', { cause });
    } finally {
      await runner.release();
    }
    if (!isThere) throw lost;
  }

  private async rollback(runner: QueryRunner): Promise<void> {
    try {
      await ((await runner.connect()) as PoolClient).query('ROLLBACK');
    } catch {
      // The connection is gone, and with it the transaction.
    }
  }
}
