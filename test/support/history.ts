/**
 * Whether what callers were told agrees with the Journal, whoever called at once and whatever broke. The index is the
 * witness: one order for everybody, in which each call has its place between being made and being answered, and each
 * entry says what the entries before it say. The fold here is a second one and knows nothing of `libs/refusal`.
 */

/** What callers may do; a lift is asked for by the citizen and carried out by the clerk. */
export type CallKind = 'check' | 'place' | 'ask-lift' | 'lift';
export type Verdict = 'clear' | 'refused';
type State = 'none' | 'in-force' | 'lift-pending';

/** What a caller was told: where his entry stands and what it says, or why there is none. */
export type Told =
  | { readonly index: number; readonly id?: string; readonly verdict?: Verdict; readonly version?: number }
  | { readonly refusedAs: string };

/** One attempt, by the caller's own clock. One key is one operation, however often it is tried. */
export interface Call {
  readonly kind: CallKind;
  readonly key: string;
  readonly person: string;
  readonly madeAt: number;
  /** Absent: a 503, a lost connection or a killed process. It may have happened, once. */
  readonly answered?: { readonly at: number; readonly told: Told };
}

/** One entry of the Journal; `key` is the one of the call that left it. */
export interface Line {
  readonly index: number;
  readonly id: string;
  readonly kind: string;
  readonly at: number;
  readonly key: string;
  readonly person: string;
  readonly version: number;
  readonly verdict?: Verdict;
  readonly leaf: string;
  readonly prev?: string;
}

const kindsOf: Readonly<Record<CallKind, readonly string[]>> = {
  check: ['check.made'],
  place: ['refusal.placed', 'lift.cancelled'],
  'ask-lift': ['lift.requested'],
  lift: ['refusal.lifted'],
};

/** In which states of the person the rule book refuses; a clerk is outdated also by another lift that is pending. */
const refusedIn: Readonly<Record<string, readonly State[]>> = {
  'refusal-already-in-force': ['in-force'],
  'no-refusal-in-force': ['none'],
  'lift-already-pending': ['lift-pending'],
  outdated: ['none', 'in-force', 'lift-pending'],
};

/** Everything that contradicts, a sentence each; empty when history and Journal agree. */
export function historyFaults(calls: readonly Call[], journal: readonly Line[]): string[] {
  const { faults, states } = fold(journal);
  const order = new Order(calls, journal);
  return [
    ...faults,
    ...keyFaults(journal),
    ...journal.flatMap((line) => order.faultsOf(line)),
    ...calls.flatMap((call) => answerFaults(call, journal)),
    ...calls.flatMap((call) => refusalFaults(call, states, order)),
  ];
}

interface Standing {
  readonly state: State;
  readonly version: number;
  readonly moved?: string;
  readonly pending?: string;
}
const nobody: Standing = { state: 'none', version: 0 };

/** The states a person went through, each from an index on. */
type States = ReadonlyMap<string, readonly { readonly from: number; readonly state: State }[]>;

/** Reads the Journal once: gapless, never back in time, versions a chain, each verdict what the entries before say. */
function fold(journal: readonly Line[]): { faults: string[]; states: States } {
  const faults: string[] = [];
  const standings = new Map<string, Standing>();
  const states = new Map<string, { from: number; state: State }[]>();
  let lastAt = -Infinity;
  journal.forEach((line, place) => {
    const say = (what: string): void => void faults.push(`entry ${line.index} (${line.kind}): ${what}`);
    if (line.index !== place) say(`stands where ${place} belongs`);
    if (line.at < lastAt) say('is older than the one before it');
    lastAt = line.at;
    const before = standings.get(line.person) ?? nobody;
    const after = step(before, line, say);
    standings.set(line.person, after);
    if (after.state === before.state) return;
    const known = states.get(line.person) ?? [];
    known.push({ from: line.index + 1, state: after.state });
    states.set(line.person, known);
  });
  return { faults, states };
}

function step(before: Standing, line: Line, say: (what: string) => void): Standing {
  const { state, version } = before;
  const must = (isSo: boolean, what: string): void => {
    if (!isSo) say(`${what}, but before it: ${state}, version ${version}`);
  };
  const moves = line.kind === 'refusal.placed' || line.kind === 'refusal.lifted';
  must(line.version === version + (moves ? 1 : 0), `has version ${line.version}`);
  if (moves) must(line.prev === before.moved, 'names another one before it');
  const moved = moves ? { moved: line.leaf } : before.moved === undefined ? {} : { moved: before.moved };
  switch (line.kind) {
    case 'check.made':
      must(line.verdict === (state === 'none' ? 'clear' : 'refused'), `says ${line.verdict ?? 'nothing'}`);
      return before;
    case 'refusal.placed':
      must(state === 'none', 'places');
      return { state: 'in-force', version: line.version, ...moved };
    case 'lift.requested':
      must(state === 'in-force', 'asks');
      return { state: 'lift-pending', version, ...moved, pending: line.id };
    case 'lift.cancelled':
      must(state === 'lift-pending', 'calls off');
      return { state: 'in-force', version, ...moved };
    case 'refusal.lifted':
      must(state === 'lift-pending' && line.key === before.pending, `lifts for ${line.key}`);
      return { state: 'none', version: line.version, ...moved };
    default:
      say('is of a kind nobody here appends');
      return before;
  }
}

/** One key, one entry. */
function keyFaults(journal: readonly Line[]): string[] {
  const seen = new Map<string, number>();
  return journal.flatMap(({ key, index }) => {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    return first === undefined ? [] : [`key ${key} has two entries, ${first} and ${index}`];
  });
}

/** What was answered is in the Journal, in the place and in the words of the answer. */
function answerFaults({ kind, key, person, answered }: Call, journal: readonly Line[]): string[] {
  if (answered === undefined || 'refusedAs' in answered.told) return [];
  const { index, id, verdict, version } = answered.told;
  const line = journal[index];
  const told = `${kind} ${key} was answered with entry ${index}`;
  if (line?.key !== key)
    return [`${told}, which is ${line === undefined ? 'not there' : `that of ${line.key}`}`];
  const isSame =
    kindsOf[kind].includes(line.kind) &&
    line.person === person &&
    (id ?? line.id) === line.id &&
    (verdict ?? line.verdict) === line.verdict &&
    (version ?? line.version) === line.version;
  return isSame ? [] : [`${told}, which says something else`];
}

/** What the rule book refused was so at some instant between the call and its answer. */
function refusalFaults(call: Call, states: States, order: Order): string[] {
  const { kind, key, person, madeAt, answered } = call;
  if (answered === undefined || !('refusedAs' in answered.told)) return [];
  const { refusedAs } = answered.told;
  const [from, to] = [order.known(madeAt) + 1, order.notBefore(answered.at)];
  const all = [{ from: 0, state: 'none' as State }, ...(states.get(person) ?? [])];
  const met = all.filter((each, place) => each.from <= to && (all[place + 1]?.from ?? Infinity) > from);
  if (met.some(({ state }) => refusedIn[refusedAs]?.includes(state) === true)) return [];
  return [
    `${kind} ${key} was refused as ${refusedAs} when the refusal was ${met.map(({ state }) => state).join(', ')}`,
  ];
}

/** The order of real time: what was answered before a call was made has the lower index. */
class Order {
  /** By the instant of the answer: the highest index told until then. */
  private readonly told: readonly Step[];
  /** By the instant of the first call, from the last one: the lowest index of what was called for from then on. */
  private readonly calledFor: readonly Step[];
  private readonly firstMadeAt = new Map<string, number>();

  constructor(calls: readonly Call[], journal: readonly Line[]) {
    for (const { key, madeAt } of calls)
      this.firstMadeAt.set(key, Math.min(madeAt, this.firstMadeAt.get(key) ?? Infinity));
    const answers = calls.flatMap(({ answered }) =>
      answered === undefined || 'refusedAs' in answered.told
        ? []
        : [{ at: answered.at, index: answered.told.index }],
    );
    const entries = journal.flatMap(({ key, index }) => {
      const at = this.firstMadeAt.get(key);
      return at === undefined ? [] : [{ at, index }];
    });
    this.told = running(
      answers.toSorted((a, b) => a.at - b.at),
      Math.max,
    );
    this.calledFor = running(
      entries.toSorted((a, b) => b.at - a.at),
      Math.min,
    ).toReversed();
  }

  /** The highest index anybody had been told before this instant; −1: none. */
  known(at: number): number {
    return this.told[countBefore(this.told, at) - 1]?.index ?? -1;
  }

  /** No entry below this index was called for after this instant. */
  notBefore(at: number): number {
    return this.calledFor[countBefore(this.calledFor, at)]?.index ?? Infinity;
  }

  faultsOf({ key, index }: Line): string[] {
    const madeAt = this.firstMadeAt.get(key);
    if (madeAt === undefined) return [`entry ${index} has the key ${key}, which nobody sent`];
    const known = this.known(madeAt);
    if (known < index) return [];
    return [`entry ${index} (${key}) was called for when entry ${known} had been answered`];
  }
}

interface Step {
  readonly at: number;
  readonly index: number;
}

function running(steps: readonly Step[], pick: (a: number, b: number) => number): Step[] {
  let best: number | undefined;
  return steps.map(({ at, index }) => {
    best = best === undefined ? index : pick(best, index);
    return { at, index: best };
  });
}

/** How many of the steps, sorted by time, lie before the instant. */
function countBefore(steps: readonly Step[], at: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle]?.at ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
