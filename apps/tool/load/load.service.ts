/**
 * `tool load`: fills a sandbox's registry with as many inherited refusals and checks as a country has, so that what is
 * measured is measured in the size it must work in. Entries, leaves, tree and signed heads are real: `fsck` stays clean,
 * and receipts of loaded checks verify. Chunks commit one by one; an interrupted load goes on where it stopped.
 */
import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';
import { signHead } from '#libs/journal/head.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { journalHead } from '#libs/journal/journal.store.js';
import type { SigningKey } from '#libs/platform/keys.js';
import { subjectOf, type SubjectKey } from '#libs/subject/subject.js';
import {
  appendLeaves,
  frontierFromBytes,
  frontierToBytes,
  rootOf,
  splitHashes,
  type Frontier,
} from '#libs/tlog/tree.js';
import type { ChunkPlan, LoadGround, MadeChunk } from './chunk.js';
import {
  areRefused,
  loadedSoFar,
  makePartitions,
  prepareSession,
  settleTables,
  writeChunk,
} from './load.store.js';
import type { LoadedKind } from './load.store.js';
import { PeopleInOrder } from './order.js';
import { iinOfPerson } from './synthetic-person.js';

export interface LoadOptions {
  /** Connected as the owner. */
  readonly dataSource: DataSource;
  /** Likewise, and patient: a pool of ours hangs up on a statement that is silent for seconds. */
  readonly client: ClientBase;
  readonly origin: string;
  readonly iss: string;
  /** Who may vouch for which kind. */
  readonly headKeys: Readonly<Record<LoadedKind, SigningKey>>;
  readonly ground: LoadGround;
  /** Entries in all: the refusals, then checks. */
  readonly entries: number;
  /** Days over which they are spread: the sandbox's clock goes forward with them. */
  readonly days: number;
  /** Entries a chunk, below one head. */
  readonly chunkSize: number;
  makeChunk(plan: ChunkPlan): Promise<MadeChunk>;
  /** Keys of the order of the people with numbers in [from, to). */
  orderKeys(part: { readonly from: number; readonly to: number }): Promise<Float64Array>;
  putClockForward(hours: number): Promise<void>;
  /** Machine time in milliseconds. */
  clock(): number;
  onStep(step: string, total: number): void;
  onProgress(done: number): void;
}

/** What stops a load before anything is written. */
export class LoadRefused extends Error {}

/** A size of a partition, which no chunk crosses. */
const partitionSize = 1_000_000;
/** Chunks made ahead of the one that is written. */
const ahead = 2;
const attempts = 5;
/** People whose place in the order a thread reckons at once. */
const partOfPeople = 100_000;

/** @returns how many entries this run appended. @throws LoadRefused */
export async function loadRegistry(options: LoadOptions): Promise<number> {
  return new Load(options).run();
}

/** Where the next chunk begins. */
interface Place {
  readonly index: number;
  readonly at: Instant;
  readonly done: number;
}

/** A chunk that is being made. */
interface Ahead {
  readonly plan: ChunkPlan;
  readonly made: Promise<MadeChunk>;
}

class Load {
  private readonly order: PeopleInOrder;
  private tree: Frontier = { size: 0, hashes: [] };
  private lastAt: Instant = 0;
  private offsetMs = 0;
  private done = 0;
  private day = 0;
  private partitioned = -1;

  private readonly client: ClientBase;

  constructor(private readonly options: LoadOptions) {
    this.client = options.client;
    this.order = new PeopleInOrder(options.ground.refused);
  }

  async run(): Promise<number> {
    const { options, client } = this;
    const before = await this.findPlace();
    if (before === options.entries) return 0;
    await prepareSession(client);
    options.onStep('entries', options.entries);
    let failures = 0;
    while (this.done < options.entries) {
      const from = this.done;
      try {
        await this.readHead();
        await this.writeAll();
      } catch (error) {
        // Somebody else appended in between, as the watchdog does every minute: the chunks are made anew on top of that.
        failures = this.done > from ? 0 : failures + 1;
        if (!isOvertaken(error) || failures >= attempts) throw error;
      }
    }
    for (const table of ['refusals', 'entries', 'checks', 'feed']) {
      options.onStep(`vacuum ${table}`, 1);
      await settleTables(client, table);
    }
    return options.entries - before;
  }

  private async sortPeople(): Promise<void> {
    const { onStep, onProgress, orderKeys, ground } = this.options;
    const { refused } = ground;
    onStep('people', refused);
    const parts = Array.from({ length: Math.ceil(refused / partOfPeople) }, (_, place) => ({
      from: place * partOfPeople,
      to: Math.min((place + 1) * partOfPeople, refused),
    }));
    await Promise.all(parts.map(async (part) => onProgress(this.order.add(await orderKeys(part)))));
  }

  /** Where an earlier load stopped. */
  private async findPlace(): Promise<number> {
    const { ground, entries } = this.options;
    const { refusals, checks, lastSubject } = await loadedSoFar(this.client);
    const differs = new LoadRefused(
      'this registry was loaded with other numbers before: begin anew with npm start -- --fresh',
    );
    if (refusals > ground.refused || refusals + checks > entries) throw differs;
    if (checks > 0 && refusals < ground.refused) throw differs;
    const subject = (number: number): SubjectKey =>
      subjectOf(Buffer.from(ground.lookupKey), ground.epoch, iinOfPerson(number, ground.seed));
    if (refusals < ground.refused) {
      await this.sortPeople();
      const [last] = refusals > 0 ? this.order.slice(refusals - 1, refusals) : [];
      if (last !== undefined && lastSubject?.equals(subject(last).bytes) !== true) throw differs;
    } else if (!(await areRefused(this.client, [subject(0), subject(ground.refused - 1)]))) throw differs;
    this.done = refusals + checks;
    this.day = this.dayOf(this.done);
    return this.done;
  }

  private async readHead(): Promise<void> {
    const head = await journalHead(this.options.dataSource.manager);
    this.tree = frontierFromBytes(head.size, head.frontier);
    this.lastAt = head.lastAt;
    this.offsetMs = head.clockOffsetMs;
  }

  /** Plans, makes and writes chunk after chunk, a few of them made while one is written. */
  private async writeAll(): Promise<void> {
    const { entries } = this.options;
    const queue: Ahead[] = [];
    let next: Place = { index: this.tree.size, at: this.lastAt, done: this.done };
    try {
      while (this.done < entries) {
        while (next.done < entries && queue.length <= ahead && this.dayOf(next.done) === this.day) {
          const plan = this.plan(next);
          queue.push({ plan, made: this.options.makeChunk(plan) });
          const count = plan.people.length;
          next = { index: next.index + count, at: plan.at, done: next.done + count };
        }
        const first = queue.shift();
        if (first === undefined) {
          await this.nextDay();
          continue;
        }
        await this.write(first.plan, await first.made);
      }
    } finally {
      await Promise.allSettled(queue.map(({ made }) => made));
    }
  }

  private plan({ index, at, done }: Place): ChunkPlan {
    const { ground, entries, chunkSize, clock } = this.options;
    const isRefusal = done < ground.refused;
    const count = Math.min(
      chunkSize,
      (isRefusal ? ground.refused : entries) - done,
      partitionSize - (index % partitionSize),
      this.endOfDay(this.dayOf(done)) - done,
    );
    const firstCheck = done - ground.refused;
    return {
      kind: isRefusal ? 'refusal.inherited' : 'check.made',
      firstIndex: index,
      at: Math.max(at, Math.trunc(clock()) + this.offsetMs),
      people: isRefusal ? this.order.slice(done, done + count) : this.asked(firstCheck, count),
      firstCheck: Math.max(firstCheck, 0),
    };
  }

  /** Half of those asked about have a refusal; both checks of an application are about one person. */
  private asked(firstCheck: number, count: number): Uint32Array {
    const { refused } = this.options.ground;
    const people = Math.max(2 * refused, 1000);
    return Uint32Array.from({ length: count }, (_, place) => {
      const application = Math.floor((firstCheck + place) / 2);
      return (application * 7919) % people;
    });
  }

  private async write(plan: ChunkPlan, made: MadeChunk): Promise<void> {
    const { origin, iss, headKeys, onProgress } = this.options;
    const partition = Math.floor(plan.firstIndex / partitionSize);
    if (partition !== this.partitioned) await makePartitions(this.client);
    this.partitioned = partition;
    const after = appendLeaves(
      this.tree,
      splitHashes(Buffer.from(made.leaves.buffer, made.leaves.byteOffset, made.leaves.byteLength)),
    );
    const root = rootOf(after);
    const { kid, key } = headKeys[plan.kind];
    const iat = Math.floor(plan.at / 1000);
    const jws = signHead(key, kid, {
      iss,
      iat,
      origin,
      size: after.size,
      root: root.toString('base64url'),
    });
    const frontier = frontierToBytes(after);
    const at = formatInstant(plan.at);
    const fromSize = this.tree.size;
    await writeChunk(this.client, plan.kind, made, {
      ...{ origin, fromSize, size: after.size, at, root, frontier, kid, jws },
    });
    this.tree = after;
    this.lastAt = plan.at;
    this.done += plan.people.length;
    onProgress(this.done);
  }

  private dayOf(done: number): number {
    const { days, entries } = this.options;
    return Math.min(Math.floor((done / entries) * (days + 1)), days);
  }

  /** The first piece of the load that belongs to a later day. */
  private endOfDay(day: number): number {
    const { days, entries } = this.options;
    return day >= days ? entries : Math.ceil(((day + 1) * entries) / (days + 1));
  }

  private async nextDay(): Promise<void> {
    await this.options.putClockForward(24);
    this.day += 1;
    await this.readHead();
    await makePartitions(this.client);
  }
}

/** The head was moved by another, or the row is there already: what was made no longer fits. */
function isOvertaken(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return (
    ['23505', '40P01', '23000'].includes(code ?? '') || message === 'the head has moved' || code === '55P03'
  );
}
