/**
 * The writer. It owns the transaction: a batch looks, decides, appends and commits, and only then is anybody answered.
 * Read `underLock` from top to bottom: at each durable step a comment says what a crash there means and who repairs it.
 */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import { frontierFromBytes } from '#libs/tlog/tree.js';
import type { Act, Tables } from './act.js';
import { answerAll, decideBatch, type Batch } from './batch.js';
import { saltLength } from './commitment.js';
import { isLostConnection, isServerError, isStale, isUniqueViolation, mayBeOneActs } from './failure.js';
import { signHead } from './head.js';
import { utcDay } from './idempotency.store.js';
import { clockOffsetProblem, isOfSandbox, type Head } from './head-row.js';
import type { Instant } from './instant.js';
import type { JournalOptions, JournalReadiness } from './config.js';
import { committed, fenceSql, journalHead, partitionsAhead } from './journal.store.js';
import { Lanes, type Lane } from './lanes.js';
import { randomSlice } from './random-slices.js';
import { appendValues, headAfter, lockSql, lookValues, runLook, Statements } from './write-path.store.js';
import type { Look, Statement } from './write-path.store.js';

interface Waiting<T extends Tables, Rules> {
  readonly act: Act<T, Rules, unknown>;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** What one statement appends: acts, what they came to, and the head that was signed for them. */
interface Part<T extends Tables, Rules> {
  readonly waiting: readonly Waiting<T, Rules>[];
  readonly batch: Batch<T>;
  readonly jws: string;
  /** Absent where there was nothing to append. */
  readonly appending?: Promise<unknown>;
}

/** An entry moved the rules since they were loaded. */
class RulesMoved extends Error {}

const maxSkewMs = 1000;
/** Acts of officials are rare, so a batch that meets more than these in a row has met something else. */
const mostReloads = 5;
/** As many as PostgreSQL writes while as many are decided; fewer pay more for the statement than they win. */
const partLength = 64;
/** Acts of the bulk in a batch beside single ones: half of a part, because each single waits for one batch and its own. */
const besideSingles = 32;
/** Two of the largest check-batches in the lane of the bulk. */
const defaultQueue = { single: 4096, bulk: 20_000 };

export class Journal<T extends Tables, Rules> {
  private readonly queue: Lanes<Waiting<T, Rules>>;
  private readonly maxBatch: number;
  private readonly statements: Statements;
  private readonly keyChecks: string;
  private readonly listeners: (() => void)[] = [];
  private running: Promise<void> | undefined;
  private stopped = false;
  private lastBatchAt = 0;
  private known: { readonly version: number; readonly rules: Rules; readonly offsetMs: number } | undefined;

  constructor(private readonly options: JournalOptions<T, Rules>) {
    this.maxBatch = options.maxBatch ?? 128;
    this.queue = new Lanes(options.maxQueue ?? defaultQueue, besideSingles);
    this.statements = new Statements(options.tables);
    this.keyChecks = JSON.stringify(options.keyChecks);
  }

  /**
   * Puts an act into the next batch and gives its answer once that is durable. Of many acts of one request each goes
   * into the lane of the bulk, so that nobody waits behind all of them; in each lane the parties take turns.
   * @throws Problem what `decide` threw; `too-many-requests` when too much of this party waits; `registry-unavailable`
   *   when nothing could be made durable.
   */
  submit<A>(act: Act<T, Rules, A>, lane: Lane = 'single'): Promise<A> {
    if (this.stopped || !this.queue.hasRoom(lane)) return Promise.reject(new Problem('registry-unavailable'));
    const { party = '' } = act;
    if (!this.queue.hasRoomFor(lane, party)) return Promise.reject(new Problem('too-many-requests'));
    const answer = new Promise<A>((resolve, reject) => {
      this.queue.add(lane, party, { act, resolve: resolve as (value: unknown) => void, reject });
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
  async readiness(): Promise<JournalReadiness> {
    const tx = this.options.dataSource.manager;
    const look = await this.withClient((client) => this.lookUp(client, [], this.registryNow()));
    const problems = [...this.misfits(look)];
    const { days, areThere } = await partitionsAhead(tx, this.maxBatch);
    if (!areThere) problems.push('partitions');
    return { ok: problems.length === 0, problems, daysOfPartitions: days };
  }

  /** Takes nothing more and resolves when what was queued is answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    // The last batch is answered in the turn after its commit.
    await turn();
  }

  /** Everything that waits when the batch before is committed is the next one: no timer gathers it. */
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
        const batch = this.queue.take(this.maxBatch);
        await this.settle(batch);
      }
    } finally {
      // In the same turn as the last look at the queue: an act that came in between would wait for the next one.
      this.running = undefined;
    }
  }

  /** Runs a batch under the lock. */
  private async settle(batch: readonly Waiting<T, Rules>[], attempt = 1): Promise<void> {
    try {
      await this.underNewestRules(batch);
    } catch (error) {
      await this.recover(batch, error, attempt);
    }
  }

  /** Nothing slow happens near the lock: rules are read and acts are verified here, and the batch begins again. */
  private async underNewestRules(batch: readonly Waiting<T, Rules>[], reloads = 0): Promise<void> {
    try {
      await this.underLock(batch);
    } catch (error) {
      if (!(error instanceof RulesMoved) || reloads === mostReloads) throw error;
      await this.refreshRules().catch((cause: unknown) => {
        throw new Problem('registry-unavailable', { cause });
      });
      await this.underNewestRules(batch, reloads + 1);
    }
  }

  /** What becomes of a batch that left nothing; the one act that may have made it fail is found by halving. */
  private async recover(batch: readonly Waiting<T, Rules>[], error: unknown, attempt: number): Promise<void> {
    if ((isUniqueViolation(error) || isStale(error)) && attempt <= 3) return this.settle(batch, attempt + 1);
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

  private async underLock(waiting: readonly Waiting<T, Rules>[]): Promise<void> {
    await this.withClient(async (client) => {
      try {
        // 1. + 2. This lock is the order: every entry before ours is visible from here on. The look is sent right behind
        // it, as a statement of its own, because its snapshot must be taken after the wait. Nothing is written yet; a crash
        // leaves nothing.
        const [, look] = await Promise.all([client.query(lockSql), this.lookFor(client, waiting)]);
        const parts = await this.appendParts(client, waiting, look, this.rulesAt(look.head));
        const last = parts.findLast(({ appending }) => appending !== undefined);
        if (last === undefined) {
          // 4.a Replays and refusals of the rule book leave no entry: they answer from what is committed already.
          await client.query('ROLLBACK');
          return answerParts(parts);
        }
        // COMMIT goes right behind the last append, and rolls back when one was refused. A crash before leaves nothing.
        // 5. A crash or a lost connection from here on leaves it open whether it happened: the fence finds out.
        await this.durably(last.batch, () =>
          Promise.all([...parts.map(({ appending }) => appending), client.query('COMMIT')]),
        );
        // Durable. A crash here loses only the answers: the same idempotency key finds them again. The next batch goes off
        // before anybody is answered, because PostgreSQL has nothing to do meanwhile.
        setImmediate(() => answerParts(parts));
      } catch (error) {
        // Of a connection that is gone nothing is left to roll back.
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /**
   * 3. Decides in order and 4. appends, part by part: PostgreSQL writes a part while the next one is decided on what the
   * ones before it wrote. Each part is a batch of its own, with its signed head, in the one transaction.
   */
  private async appendParts(
    client: PoolClient,
    waiting: readonly Waiting<T, Rules>[],
    look: Look,
    rules: Rules,
  ): Promise<readonly Part<T, Rules>[]> {
    const parts: Part<T, Rules>[] = [];
    let { head } = look;
    for (let from = 0; from < waiting.length; from += partLength) {
      const some = waiting.slice(from, from + partLength);
      const batch = this.decide(some, { ...look, head }, rules);
      if (batch.entries.length === 0) {
        parts.push({ waiting: some, batch, jws: '' });
        continue;
      }
      const jws = this.sign(batch);
      const after = headAfter(head, batch);
      const appending = client.query(this.appendOf(head, after, batch, jws));
      // Whether it failed is asked together with COMMIT.
      appending.catch(() => undefined);
      parts.push({ waiting: some, batch, jws, appending });
      head = after;
      // What was sent leaves, and whoever came meanwhile is heard, before the next part takes its time.
      if (from + partLength < waiting.length) await turn();
    }
    return parts;
  }

  /** Runs a task on a connection of its own. Whoever waits behind one that cannot be had would only wait for the same. */
  private async withClient<R>(task: (client: PoolClient, runner: QueryRunner) => Promise<R>): Promise<R> {
    const runner = this.options.dataSource.createQueryRunner();
    try {
      let client: PoolClient;
      try {
        client = (await runner.connect()) as PoolClient;
      } catch (cause) {
        const unreachable = new Problem('registry-unavailable', { cause });
        for (const { reject } of this.queue.takeAll()) reject(unreachable);
        throw unreachable;
      }
      return await task(client, runner);
    } finally {
      await runner.release();
    }
  }

  /** @throws Problem `registry-unavailable` when a look by this process cannot be trusted. */
  private async lookFor(client: PoolClient, waiting: readonly Waiting<T, Rules>[]): Promise<Look> {
    const guess = this.registryNow();
    let look = await this.lookUp(client, waiting, guess);
    // What was asked for a day that is over would miss the keys of today; and this process may have slept over an answer.
    if (utcDay(this.instantOf(look.head)) !== utcDay(guess) || this.skewMs(look.head) > maxSkewMs)
      look = await this.lookUp(client, waiting, this.instantOf(look.head));
    const misfit = this.misfits(look)[0];
    if (misfit !== undefined) throw new Problem('registry-unavailable', { cause: new Error(misfit) });
    return look;
  }

  private lookUp(client: PoolClient, waiting: readonly Waiting<T, Rules>[], at: Instant): Promise<Look> {
    const wanted = waiting.map(({ act }) => act.look);
    const { statement, tables } = this.statements.look(wanted);
    return runLook(client, statement, tables, lookValues(tables, this.options.sentinels, wanted, at));
  }

  /** Registry time of a batch on this head: the machine's clock, never before the last commit. */
  private instantOf(head: Head): Instant {
    return Math.max(Math.trunc(this.options.clock()) + head.clockOffsetMs, head.lastAt);
  }

  /** How far this machine's clock is from that of the database. */
  private skewMs(head: Head): number {
    return Math.abs(this.instantOf(head) - head.registryNow);
  }

  private decide(waiting: readonly Waiting<T, Rules>[], { head, found }: Look, rules: Rules): Batch<T> {
    const acts = waiting.map(({ act }) => act);
    return decideBatch(this.options.tables, acts, {
      app: this.options.app,
      at: this.instantOf(head),
      frontier: frontierFromBytes(head.size, head.frontier),
      rules,
      found,
      seed: () => randomSlice(saltLength),
    });
  }

  private misfits({ head, sentinels, silentBecause }: Look): readonly string[] {
    const { keyChecks: own, identityChecks = {}, origin, closes } = this.options;
    const keys = new Set([...Object.keys(own), ...Object.keys(head.keyChecks)]);
    return [
      ...(head.origin === (closes ?? origin) ? [] : ['origin']),
      // A copy that was put back may lack what was published, and rows may differ from their entries: nobody is "clear".
      ...(silentBecause === undefined || closes !== undefined ? [] : [silentBecause]),
      ...([...keys].every((epoch) => own[epoch] === head.keyChecks[epoch]) ? [] : ['lookup key']),
      // A person sealed under a wrong identity key would never open again.
      ...(Object.entries(identityChecks).every(([id, check]) => head.identityChecks[id] === check)
        ? []
        : ['identity key']),
      // Without its sentinel a look with a wrong key would find nobody, and everybody would be "clear".
      ...(sentinels === this.options.sentinels.length ? [] : ['sentinel']),
      ...(this.skewMs(head) <= maxSkewMs ? [] : ['clock']),
      // With an offset the owner of the database chooses when a lock ends; only a sandbox has one.
      ...(head.clockOffsetMs === 0 || isOfSandbox(origin) ? [] : [clockOffsetProblem]),
    ];
  }

  /** The rules as of this head, if they are known. @throws RulesMoved to be loaded without the lock. */
  private rulesAt(head: Head): Rules {
    if (this.known?.version !== head.rulesVersion) throw new RulesMoved();
    if (this.known.offsetMs !== head.clockOffsetMs)
      this.known = { ...this.known, offsetMs: head.clockOffsetMs };
    return this.known.rules;
  }

  private async rulesFor(head: Head, tx: EntityManager): Promise<Rules> {
    const offsetMs = head.clockOffsetMs;
    if (this.known?.version === head.rulesVersion) return this.rulesAt(head);
    const rules = await this.options.loadRules(tx, head);
    this.known = { version: head.rulesVersion, rules, offsetMs };
    for (const listener of this.listeners) listener();
    return rules;
  }

  private sign(batch: Batch<T>): string {
    const { headKey, iss, origin } = this.options;
    return signHead(headKey.key, headKey.kid, {
      iss,
      iat: Math.floor(batch.at / 1000),
      origin,
      size: batch.after.size,
      root: batch.root.toString('base64url'),
    });
  }

  private appendOf(
    head: Head,
    after: Head,
    batch: Batch<T>,
    jws: string,
  ): Statement & { readonly values: unknown[] } {
    const { statement, tables } = this.statements.append(batch.rows);
    const signed = { kid: this.options.headKey.kid, jws, keyChecks: this.keyChecks };
    return { ...statement, values: appendValues(tables, head, after, batch, signed) };
  }

  /** Runs the statement that commits, and settles the outcome when its answer does not come. */
  private async durably(batch: Batch<T>, commit: () => Promise<unknown>): Promise<void> {
    try {
      await commit();
    } catch (error) {
      if (isServerError(error)) throw error;
      await this.findOut(batch, error);
    }
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
}

function answerParts<T extends Tables, Rules>(parts: readonly Part<T, Rules>[]): void {
  for (const { waiting, batch, jws } of parts) answerAll(waiting, batch, jws);
}
