/**
 * Many callers at once against one registry, while things break: two lender's processes over lines that are cut, one of
 * them killed and frozen, a citizen's process, a clerk, and a PostgreSQL that is killed. What is called for and what
 * breaks comes from a seed; who comes first does not. In the end the Journal is the witness of what everybody was told.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { Auditor } from './auditor.js';
import { breakingProxy, type Break, type BreakingProxy } from './breaking-proxy.js';
import {
  citizensHere,
  clerkHere,
  lenderHere,
  personOf,
  type Citizens,
  type Clerk,
  type Lender,
} from './contenders.js';
import { testDatabase } from './database.js';
import { forkedLender, type ForkedLender } from './forked-lender.js';
import { historyFaults, type Call, type Line, type Told } from './history.js';
import { journalLines } from './journal-lines.js';
import { newLookupKeys, openRegistry } from './journals.js';
import type { OwnCluster } from './own-cluster.js';
import { Recorder } from './recorder.js';
import { validIins } from './vectors.js';

export interface Contest {
  readonly operations: number;
  readonly seed: number;
}

export interface Outcome {
  /** What contradicts; empty when all is well. */
  readonly faults: readonly string[];
  readonly calls: readonly Call[];
  readonly journal: readonly Line[];
  /** What broke, in the order in which it did. */
  readonly broken: readonly string[];
}

/** What a caller is to do; whoever insists asks again until he is answered, the others leave it open. */
interface Wish {
  readonly kind: 'check' | 'place' | 'ask-lift';
  readonly iin: string;
  readonly insists: boolean;
  /** Sends the same key to both processes at once. */
  readonly isDoubled: boolean;
}

type Harm = 'cut' | 'silence' | 'kill' | 'freeze' | 'server';
interface Planned extends Omit<Break, 'how'> {
  readonly line: 0 | 1 | 2;
}

const callers = 32;
/** Cheap ones often, long ones seldom. */
const harms: readonly Harm[] = [
  'cut',
  'kill',
  'cut',
  'cut',
  'freeze',
  'cut',
  'cut',
  'server',
  'cut',
  'silence',
];
const everyOperations = 1000;
const pauseMs = 50;
const frozenMs = 2500;
const triesAtMost = 1200;

const wishes: fc.Arbitrary<Wish> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('check' as const) },
    { weight: 1, arbitrary: fc.constant('place' as const) },
    { weight: 1, arbitrary: fc.constant('ask-lift' as const) },
  ),
  // A few people about whom everybody asks, and others.
  iin: fc.oneof(fc.constantFrom(...validIins.slice(0, 4)), fc.constantFrom(...validIins)),
  insists: fc.oneof(...[true, true, true, false].map((each) => fc.constant(each))),
  isDoubled: fc.oneof(...[true, false, false, false, false].map((each) => fc.constant(each))),
});
const plans: fc.Arbitrary<Planned> = fc.record({
  statement: fc.constantFrom('FOR UPDATE', 'journal.look', 'journal.append', 'COMMIT'),
  when: fc.constantFrom('before it is sent' as const, 'before its answer' as const),
  line: fc.constantFrom(0 as const, 1 as const, 2 as const),
});

/** Runs a contest on a cluster that it may kill, and audits everything. */
export async function contest(cluster: OwnCluster, given: Contest): Promise<Outcome> {
  const database = await testDatabase(cluster);
  const lookup = newLookupKeys();
  await openRegistry(database, lookup);
  const roles = ['tyiym_lender', 'tyiym_lender', 'tyiym_citizen'] as const;
  const lines = await Promise.all(roles.map((role) => breakingProxy(database.target(role))));
  const [first, second, third] = lines.map(({ target }) => ({ target, lookup }));
  if (first === undefined || second === undefined || third === undefined) throw new Error('three lines');
  const clerk = await clerkHere({ target: database.target('tyiym_clerk_worker'), lookup });
  const lenders = [await lenderHere(first), await forkedLender(second)] as const;
  const run = new Run(given, {
    ...{ cluster, lines, clerk, lenders, citizens: await citizensHere(third) },
    person: (iin) => personOf(lookup, iin),
    begin: () => forkedLender(second),
  });
  try {
    await run.all();
  } finally {
    await run.close();
  }
  const after = await database.again();
  const auditor = await Auditor.open({ database: after });
  try {
    const journal = await journalLines(after);
    const { calls, surprises } = run.recorder;
    const faults = [...surprises, ...historyFaults(calls, journal), ...(await auditor.auditNews())];
    return { faults, calls, journal, broken: run.broken };
  } finally {
    await auditor.close();
    await after.leave();
    await database.drop();
  }
}

interface Scene {
  readonly cluster: OwnCluster;
  readonly lines: readonly BreakingProxy[];
  readonly lenders: readonly [Lender, ForkedLender];
  readonly citizens: Citizens;
  readonly clerk: Clerk;
  person(iin: string): string;
  /** Starts the second lender's process again. */
  begin(): Promise<ForkedLender>;
}

class Run {
  readonly recorder = new Recorder();
  readonly broken: string[] = [];
  private readonly iins: ReadonlyMap<string, string>;
  private readonly wishes: readonly Wish[];
  private readonly plans: readonly Planned[];
  private forked: ForkedLender;
  private taken = 0;
  private isOver = false;

  constructor(
    { operations, seed }: Contest,
    private readonly scene: Scene,
  ) {
    this.wishes = fc.sample(wishes, { seed, numRuns: operations });
    this.plans = fc.sample(plans, { seed, numRuns: Math.max(harms.length, operations / everyOperations) });
    this.iins = new Map(validIins.map((iin) => [scene.person(iin), iin]));
    [, this.forked] = scene.lenders;
  }

  async all(): Promise<void> {
    const left = this.wishes.entries();
    const aside = [this.clerk(), this.watchdog(), this.breakThings()];
    const caller = async (): Promise<void> => {
      for (const [place, wish] of left) {
        this.taken += 1;
        await this.grant(wish, place);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    this.isOver = true;
    await Promise.all(aside);
  }

  async close(): Promise<void> {
    const { lenders, citizens, clerk, lines } = this.scene;
    await Promise.all([lenders[0], this.forked, citizens, clerk].map((each) => each.close()));
    await Promise.all(lines.map((line) => line.close()));
  }

  private async grant({ kind, iin, insists, isDoubled }: Wish, place: number): Promise<void> {
    const key = randomUUID();
    const tries = insists ? triesAtMost : 1;
    for (let count = 0; count < tries; count += 1) {
      const attempts =
        kind === 'check' && isDoubled
          ? [this.attempt(kind, key, iin, 0), this.attempt(kind, key, iin, 1)]
          : [this.attempt(kind, key, iin, place + count)];
      if ((await Promise.all(attempts)).some((told) => told !== undefined)) return;
      await wait(pauseMs);
    }
    if (insists) this.recorder.surprises.push(`${kind} ${key} was never answered`);
  }

  private attempt(kind: Wish['kind'], key: string, iin: string, which: number): Promise<Told | undefined> {
    const { lenders, citizens } = this.scene;
    const make = {
      check: () => (which % 2 === 0 ? lenders[0] : this.forked).check(key, iin),
      place: () => citizens.place(key, iin),
      'ask-lift': () => citizens.askLift(key, iin),
    }[kind];
    return this.recorder.call({ kind, key, person: this.scene.person(iin) }, make);
  }

  /** Lifts what is due, all the time; what was not answered is due again. */
  private async clerk(): Promise<void> {
    const { clerk, person } = this.scene;
    while (!this.isOver) {
      const due = await clerk.due().catch(() => []);
      const lifts = due.map(async (one) => {
        const iin = this.iins.get(`${one.subject.epoch}:${one.subject.bytes.toString('base64url')}`) ?? '';
        const what = { kind: 'lift', key: one.key, person: person(iin) } as const;
        await this.recorder.call(what, () => clerk.lift(one, iin));
      });
      await Promise.all(lifts);
      await wait(pauseMs);
    }
  }

  private async watchdog(): Promise<void> {
    while (!this.isOver) {
      await this.scene.clerk.watch().catch(() => 0);
      await wait(1000);
    }
  }

  /** One thing after another, spread evenly over the operations. */
  private async breakThings(): Promise<void> {
    for (const [place, plan] of this.plans.entries()) {
      const from = ((place + 1) / (this.plans.length + 1)) * this.wishes.length;
      while (this.taken < from && !this.isOver) await wait(10);
      if (this.isOver) return;
      const harm = harms[place % harms.length] ?? 'cut';
      await this[harm](plan);
    }
  }

  private cut(plan: Planned, how: Break['how'] = 'hangs up'): Promise<void> {
    const { statement, when, line } = plan;
    // Not waited for: it may never come to this statement again, or only after something else has broken.
    void this.scene.lines[line]?.breakAt({ statement, when, how }, () => {
      this.broken.push(`line ${line} ${how} at ${statement}, ${when}`);
    });
    return Promise.resolve();
  }

  private silence(plan: Planned): Promise<void> {
    return this.cut(plan, 'falls silent');
  }

  /** The second lender's process, where it happens to be; started again by whoever supervises it. */
  private async kill(): Promise<void> {
    this.forked.signal('SIGKILL');
    this.broken.push('a lender is killed');
    this.forked = await this.scene.begin();
  }

  private async freeze({ statement, when }: Planned): Promise<void> {
    const [, line] = this.scene.lines;
    void line?.breakAt({ statement, when, how: 'goes on' }, () => {
      this.forked.signal('SIGSTOP');
      this.broken.push(`a lender is frozen at ${statement}, ${when}`);
    });
    await wait(frozenMs);
    line?.disarm();
    this.forked.signal('SIGCONT');
  }

  private async server(): Promise<void> {
    this.scene.cluster.kill();
    this.broken.push('PostgreSQL is killed');
    await this.scene.cluster.startAgain();
  }
}
