/**
 * One fault, played: a lender's process over a line that breaks, and beside it a twin, citizens and the clerk's
 * watchdog, who all go on. What everybody was told is written down and held against the Journal at the end.
 */
import { randomUUID } from 'node:crypto';
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
  type LenderOptions,
} from './contenders.js';
import { testDatabase, type TestDatabase } from './database.js';
import { eventually } from './eventually.js';
import { forkedLender, type ForkedLender } from './forked-lender.js';
import { historyFaults, type Call, type Told } from './history.js';
import { journalLines } from './journal-lines.js';
import { newLookupKeys, openRegistry } from './journals.js';
import type { OwnCluster } from './own-cluster.js';
import { Recorder } from './recorder.js';
import { validIins } from './vectors.js';

/** What breaks: a line at a statement, with what else happens then, or something of the database for a while. */
export interface Fault {
  readonly at?: Break;
  /** Happens to the lender's process, which is one of its own, when the line comes to `at`. */
  readonly signal?: 'SIGKILL' | 'SIGSTOP';
  /** By how much the clock of the lender's process is wrong until it is set right. */
  readonly clockOffByMs?: number;
  /** What has to be so before anything else happens. */
  before?(scene: FaultScene): Promise<unknown>;
  /** Happens to something else when the line comes to `at`. */
  strike?(): void;
  harm?(scene: FaultScene): Promise<unknown>;
  heal?(scene: FaultScene): Promise<unknown>;
}

/** What came of it. */
export interface Played {
  /** How many of those who waited were answered at once, without asking again. */
  readonly answered: number;
  readonly waited: number;
  /** Whether what was under way was there afterwards, or had to be appended again. */
  readonly wasPersisted: boolean;
  /** Whether a new check was answered at the first attempt after all. */
  readonly goesOn: boolean;
  readonly faults: readonly string[];
}

export interface FaultScene {
  readonly database: TestDatabase;
  readonly line: BreakingProxy;
  readonly lender: Lender & Partial<ForkedLender>;
  readonly twin: Lender;
  readonly citizens: Citizens;
  readonly clerk: Clerk;
}

const append = 'journal.append';
const waited = 5;
const watchEveryMs = 1000;
const patienceMs = 20_000;
const [placing = '', refused = '', ...others] = validIins;

/** Plays a fault in a database of its own. */
export async function play(fault: Fault, cluster?: OwnCluster): Promise<Played> {
  const database = await testDatabase(cluster);
  const lookup = newLookupKeys();
  await openRegistry(database, lookup);
  const line = await breakingProxy(database.target('tyiym_lender'));
  const contender = { target: line.target, lookup };
  let offByMs = 0;
  const changes: Partial<LenderOptions> = { clock: () => Date.now() + offByMs };
  const begin = (): Promise<Lender> => lenderHere(contender, changes);
  const role = (name: Parameters<TestDatabase['target']>[0]) => ({ target: database.target(name), lookup });
  const scene = {
    ...{
      database,
      line,
      lender: fault.signal === undefined ? await begin() : await forkedLender(contender),
    },
    twin: await lenderHere(role('tyiym_lender')),
    citizens: await citizensHere(role('tyiym_citizen')),
    clerk: await clerkHere(role('tyiym_clerk_worker')),
  };
  const watch = setInterval(() => void scene.clerk.watch().catch(() => undefined), watchEveryMs);
  try {
    const told = new Teller(new Recorder(), (iin) => personOf(lookup, iin));
    await fault.before?.(scene);
    await told.insist('place', refused, (key) => scene.citizens.place(key, refused));
    await told.insist('check', refused, (key) => scene.lender.check(key, refused));
    const played = await strike({ fault, scene, told, begin, setClock: (ms) => (offByMs = ms) });
    return { ...played, faults: await faultsIn(database, told) };
  } finally {
    clearInterval(watch);
    await Promise.all([scene.lender, scene.twin, scene.citizens, scene.clerk].map((each) => each.close()));
    await line.close();
    await database.drop();
  }
}

interface Stage {
  readonly fault: Fault;
  readonly scene: FaultScene & { lender: Lender & Partial<ForkedLender> };
  readonly told: Teller;
  begin(): Promise<Lender>;
  setClock(offByMs: number): void;
}

async function strike({ fault, scene, told, begin, setClock }: Stage): Promise<Omit<Played, 'faults'>> {
  const { line } = scene;
  const { at, signal, clockOffByMs, harm, heal } = fault;
  const ask =
    (key: string, iin: string): (() => Promise<Told>) =>
    () =>
      scene.lender.check(key, iin);
  const happened =
    at &&
    line.breakAt(at, () => {
      line.watch(append);
      fault.strike?.();
      if (signal !== undefined) scene.lender.signal?.(signal);
    });
  setClock(clockOffByMs ?? 0);
  await harm?.(scene);
  const iins = [placing, refused, ...others].slice(0, waited);
  const keys = iins.map((iin) => [randomUUID(), iin] as const);
  const running = Promise.all(keys.map(([key, iin]) => told.once('check', key, iin, ask(key, iin))));
  await happened;
  if (at === undefined) await running;
  if (at === undefined) line.watch(append);
  await heal?.(scene);
  setClock(0);
  await goOnBeside(scene, told);
  if (signal === 'SIGSTOP') scene.lender.signal?.('SIGCONT');
  const first = await running;
  if (signal === 'SIGKILL') scene.lender = await begin();
  for (const [key, iin] of keys) await told.until('check', key, iin, ask(key, iin));
  const wasPersisted = line.count(append) === 0;
  const key = randomUUID();
  const goesOn = (await told.once('check', key, placing, ask(key, placing))) !== undefined;
  return { answered: first.filter((each) => each !== undefined).length, waited, wasPersisted, goesOn };
}

/** Others do not wait for whoever is in trouble longer than the watchdog does: a refusal is placed and asked about. */
async function goOnBeside({ twin, citizens }: FaultScene, told: Teller): Promise<void> {
  await told.insist('place', placing, (key) => citizens.place(key, placing));
  for (const iin of [placing, refused]) await told.insist('check', iin, (key) => twin.check(key, iin));
}

/** Asks as the contract tells clients to, and writes down what came. */
class Teller {
  constructor(
    private readonly recorder: Recorder,
    private readonly person: (iin: string) => string,
  ) {}

  once(kind: Call['kind'], key: string, iin: string, make: () => Promise<Told>): Promise<Told | undefined> {
    return this.recorder.call({ kind, key, person: this.person(iin) }, make);
  }

  /** The same key again until there is an answer. */
  async until(kind: Call['kind'], key: string, iin: string, make: () => Promise<Told>): Promise<void> {
    const ask = (): Promise<Told | undefined> => this.once(kind, key, iin, make);
    await eventually(`an answer to ${kind}`, ask, (answer) => answer !== undefined, patienceMs);
  }

  insist(kind: Call['kind'], iin: string, make: (key: string) => Promise<Told>): Promise<void> {
    const key = randomUUID();
    return this.until(kind, key, iin, () => make(key));
  }

  faultsIn(journal: Parameters<typeof historyFaults>[1]): readonly string[] {
    return [...this.recorder.surprises, ...historyFaults(this.recorder.calls, journal)];
  }
}

/** Over new connections, because the server itself may have been killed. */
async function faultsIn(before: TestDatabase, told: Teller): Promise<readonly string[]> {
  const database = await before.again();
  const auditor = await Auditor.open({ database });
  try {
    return [...told.faultsIn(await journalLines(database)), ...(await auditor.auditNews())];
  } finally {
    await auditor.close();
    await database.leave();
  }
}
