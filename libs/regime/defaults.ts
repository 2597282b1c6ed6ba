/**
 * The regime a registry opens with. What nobody has confirmed is a row here with its certainty `open`, so that a
 * correction is an entry and not a release.
 */
import { ruleAt, valueAt, type AppliesBy, type Certainty, type Regime, type Rule } from './regime.js';
import type { LaterRule, RuleName, RuleValues } from './rule-values.js';

/** 1 September 2024 in Asia/Almaty: the law's sanctions begin with this day. */
const beginning = Date.parse('2024-08-31T19:00:00.000Z');

const open = 'Not confirmed by the regulator; chosen so that the citizen is the safer.';

/** Every rule at its beginning. */
export const defaultRules: readonly Rule[] = [
  rule(
    'effectFrom',
    'commit',
    'askedAt',
    'inferred',
    'The refusal binds from its registration; bureaus follow.',
  ),
  rule('placeDelay', 0, 'signedAt', 'open', open),
  rule('liftDelay', 0, 'signedAt', 'open', 'The law lets a refusal be lifted at any time.'),
  rule(
    'lockAllowed',
    [0, 12, 24, 72, 168],
    'signedAt',
    'open',
    'A lock is the citizen’s own choice, not the law’s.',
  ),
  rule('returnAllowed', true, 'signedAt', 'open', 'A lift may name the hour at which it ends.'),
  rule(
    'checkValidity',
    { decision: 86_400, disbursement: 120 },
    'askedAt',
    'open',
    'Cooling-off before disbursement makes two checks; how long each holds is not confirmed.',
  ),
  rule('noticeWindow', 7, 'askedAt', 'open', 'Or until the loan is reported.'),
  rule('bureauStampWithin', 60, 'askedAt', 'open', open),
  rule(
    'lenderKinds',
    ['bank', 'mfo'],
    'askedAt',
    'sourced',
    'New bank loans and microcredits; pawnshops are outside.',
  ),
  rule(
    'channels',
    ['portal', 'mobile'],
    'signedAt',
    'sourced',
    'On eGov.kz or in eGov Mobile; the front office is off.',
  ),
  rule(
    'checkQuota',
    { perSecond: 5000, beyondPerMinute: 50_000 },
    'askedAt',
    'open',
    'Far above what any lender asks; keeps one that runs wild from the others. A row per lender says otherwise.',
  ),
  rule(
    'callQuota',
    { reads: 60_000, acts: 30_000 },
    'askedAt',
    'open',
    'Far above what any party calls, because a channel speaks for a whole country.',
  ),
  rule(
    'harvesting',
    {
      peopleAtLeast: { hour: 300, day: 2000 },
      timesPeers: 10,
      peoplePerLoan: 100,
      repeats: { hour: 12, day: 30 },
    },
    'askedAt',
    'open',
    'Nobody has named thresholds; an alarm asks for a look and decides nothing.',
  ),
  rule(
    'peopleADay',
    {
      bank: { floor: 20_000, most: 300_000 },
      mfo: { floor: 20_000, most: 150_000 },
      peoplePerLoan: 100,
    },
    'askedAt',
    'open',
    'The registry’s own, so that no lender learns of a whole country. A row per lender says otherwise.',
  ),
];

/** The value in force, or the one built in when a registry was opened before there was such a rule. */
export function valueOrBuiltIn<N extends LaterRule>(
  regime: Regime,
  name: N,
  instant: number,
  subjectOfRule = '',
): RuleValues[N] {
  const isSaid = ruleAt(regime, name, instant, subjectOfRule) !== undefined;
  return valueAt(isSaid ? regime : builtIn, name, isSaid ? instant : beginning, subjectOfRule);
}

const builtIn: Regime = defaultRules.map((each) => ({ ...each, entryIndex: 0 }));

function rule<N extends RuleName>(
  name: N,
  value: RuleValues[N],
  appliesBy: AppliesBy,
  certainty: Certainty,
  source: string,
): Rule {
  return { name, subjectOfRule: '', value, appliesBy, appliesFrom: beginning, source, certainty };
}
