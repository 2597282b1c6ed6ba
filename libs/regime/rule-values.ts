/**
 * Every rule of law that code reads, with the shape of its value. A value of another shape is never replaced by a default:
 * a registry that guesses the law would give verdicts nobody enacted. A rule comes with the code that reads it, because a
 * law that is enacted and then ignored is a promise that the registry breaks.
 */

/** Name of a rule → its value. Times carry their unit in the name of the member or in the comment. */
export interface RuleValues {
  /** From when a refusal binds: the commit of its entry, or a bureau's stamp. */
  readonly effectFrom: 'commit' | 'first-stamp' | 'all-stamps';
  /** Hours between placing and effect. */
  readonly placeDelay: number;
  /** Hours the law itself makes a lift wait. */
  readonly liftDelay: number;
  /** Hours a citizen may choose as lock. */
  readonly lockAllowed: readonly number[];
  /** Whether a lift may name the hour at which it ends. */
  readonly returnAllowed: boolean;
  /** Seconds for which a clear verdict may be lent on. */
  readonly checkValidity: { readonly decision: number; readonly disbursement: number };
  /** Days after a clear check for which its lender is told of a refusal. */
  readonly noticeWindow: number;
  /** Minutes a bureau has for its stamp. */
  readonly bureauStampWithin: number;
  /** Kinds of party that must check. */
  readonly lenderKinds: readonly string[];
  /** Through which channels a citizen may act. */
  readonly channels: readonly string[];
  /** Checks a lender may ask, each item of a batch counted: so many each second, and so many beyond in any minute. */
  readonly checkQuota: { readonly perSecond: number; readonly beyondPerMinute: number };
  /** Other calls a party may make in a minute. */
  readonly callQuota: { readonly reads: number; readonly acts: number };
  readonly harvesting: HarvestingRule;
  readonly peopleADay: PeopleADayRule;
}
export type RuleName = keyof RuleValues;

/**
 * From where on a lender's questions look like harvesting, by the hour and by the day. Fewer people than `peopleAtLeast`
 * are never suspected; `timesPeers` is the multiple of the peers' median of people asked about per loan that follows,
 * `peoplePerLoan` stands in for it where there are fewer than three peers; `repeats` are checks about one person.
 */
export interface HarvestingRule {
  readonly peopleAtLeast: PerWindow;
  readonly timesPeers: number;
  readonly peoplePerLoan: number;
  readonly repeats: PerWindow;
}

/**
 * How many different people a lender may ask about on a legal day: so many a loan that it reports, at least the floor and
 * at most the most of its kind.
 */
export interface PeopleADayRule {
  readonly bank: AskedCeiling;
  readonly mfo: AskedCeiling;
  readonly peoplePerLoan: number;
}

/** People on one day: without any loan, and however many loans. */
export interface AskedCeiling {
  readonly floor: number;
  readonly most: number;
}

/** A number for each length of window. */
export interface PerWindow {
  readonly hour: number;
  readonly day: number;
}

type Test<T> = (value: unknown) => value is T;

const isHours: Test<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 8760;
const isCount: Test<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0;
const isBoolean: Test<boolean> = (value) => typeof value === 'boolean';
const isDay: Test<string> = (value): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d$/.test(value) &&
  new Date(`${value}T00:00:00Z`).toJSON()?.startsWith(value) === true;

const isPerWindow: Test<PerWindow> = hasCounts('hour', 'day');
const isAskedCeiling: Test<AskedCeiling> = (value): value is AskedCeiling =>
  hasCounts<AskedCeiling>('floor', 'most')(value) && value.floor <= value.most;

/** Whether a value has the shape its rule demands. */
const tests: { readonly [N in RuleName]: Test<RuleValues[N]> } = {
  effectFrom: (value): value is RuleValues['effectFrom'] =>
    value === 'commit' || value === 'first-stamp' || value === 'all-stamps',
  placeDelay: isHours,
  liftDelay: isHours,
  lockAllowed: (value): value is readonly number[] =>
    isListOf(isHours)(value) && value.length > 0 && new Set(value).size === value.length,
  returnAllowed: isBoolean,
  checkValidity: (value): value is RuleValues['checkValidity'] =>
    isRecord(value) &&
    hasOnly(value, ['decision', 'disbursement']) &&
    isCount(value['decision']) &&
    isCount(value['disbursement']),
  noticeWindow: isCount,
  bureauStampWithin: isCount,
  lenderKinds: isListOf((value): value is string => value === 'bank' || value === 'mfo'),
  channels: isListOf(
    (value): value is string => value === 'portal' || value === 'mobile' || value === 'front-office',
  ),
  checkQuota: hasCounts('perSecond', 'beyondPerMinute'),
  callQuota: hasCounts('reads', 'acts'),
  harvesting: (value): value is HarvestingRule =>
    isRecord(value) &&
    hasOnly(value, ['peopleAtLeast', 'timesPeers', 'peoplePerLoan', 'repeats']) &&
    isPerWindow(value['peopleAtLeast']) &&
    isCount(value['timesPeers']) &&
    isCount(value['peoplePerLoan']) &&
    isPerWindow(value['repeats']),
  peopleADay: (value): value is PeopleADayRule =>
    isRecord(value) &&
    hasOnly(value, ['bank', 'mfo', 'peoplePerLoan']) &&
    isAskedCeiling(value['bank']) &&
    isAskedCeiling(value['mfo']) &&
    isCount(value['peoplePerLoan']),
};

/** The rules there are. */
export const ruleNames = Object.keys(tests) as readonly RuleName[];

/**
 * Rules that came when registries had been opened without them. They bind parties and operators and move no verdict, so
 * that the value built in stands until officials enact one (`valueOrBuiltIn`).
 */
export const laterRules = [
  'checkQuota',
  'callQuota',
  'harvesting',
  'peopleADay',
] as const satisfies readonly RuleName[];
export type LaterRule = (typeof laterRules)[number];

/** Whether a registry may be opened without saying this rule. */
export function mayBeUnsaid(name: RuleName): name is LaterRule {
  return (laterRules as readonly RuleName[]).includes(name);
}

/** Whether a text is the name of a rule. */
export function isRuleName(name: unknown): name is RuleName {
  return typeof name === 'string' && Object.hasOwn(tests, name);
}

/** Rules that earlier releases enacted and that no code reads: their rows are read as they stand, and none is enacted. */
const formerRules: ReadonlySet<unknown> = new Set([
  ...[
    'lockDefault',
    'sanctionFrom',
    'writeOffDays',
    'disputeDays',
    'correctionDays',
    'releaseNeedsNoConsent',
  ],
  ...['clearCheckProtects', 'registryCheckFrom', 'loanReportWithin', 'exemptions', 'mci', 'workingDays'],
]);

/** Whether a rule of this name was enacted by an earlier release and is read by no code. */
export function isFormerRule(name: unknown): boolean {
  return formerRules.has(name);
}

/** Whether a value has the shape the rule demands. */
export function isValueOf<N extends RuleName>(name: N, value: unknown): value is RuleValues[N] {
  return tests[name](value);
}

/** Rules that are carried out in one way only, so far. */
const onlyWay: Partial<RuleValues> = {
  effectFrom: 'commit',
  placeDelay: 0,
  channels: ['portal', 'mobile'],
};

/** Whether the code does what this value says: a law it cannot carry out is refused when enacted, not ignored later. */
export function isCarriedOut<N extends RuleName>(name: N, value: RuleValues[N]): boolean {
  const only = onlyWay[name];
  return only === undefined || JSON.stringify(only) === JSON.stringify(value);
}

/** Whether a text is a day that exists, `yyyy-mm-dd`. */
export function isLegalDay(value: unknown): value is string {
  return isDay(value);
}

function isListOf<T>(test: Test<T>): Test<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every((item) => test(item));
}

/** These members, each a count, and no other. */
function hasCounts<T>(...members: (keyof T & string)[]): Test<T> {
  return (value): value is T =>
    isRecord(value) && hasOnly(value, members) && members.every((member) => isCount(value[member]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasOnly(value: Record<string, unknown>, members: readonly string[]): boolean {
  return Object.keys(value).every((member) => members.includes(member));
}
