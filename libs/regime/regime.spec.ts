import { describe, expect, it } from '@jest/globals';
import { defaultRules, valueOrBuiltIn } from './defaults.js';
import { faultOfRule, ruleAt, valueAt, type RegimeRow } from './regime.js';
import { ruleFromJson, ruleToJson } from './rule-json.js';
import { ruleNames } from './rule-values.js';

const at = Date.parse('2026-06-01T00:00:00.000Z');
const opened: readonly RegimeRow[] = defaultRules.map((rule) => ({ ...rule, entryIndex: 0 }));

function row(changes: Partial<RegimeRow>): RegimeRow {
  return {
    name: 'liftDelay',
    subjectOfRule: '',
    value: 0,
    appliesBy: 'signedAt',
    appliesFrom: 1000,
    source: 'a decree',
    certainty: 'sourced',
    entryIndex: 0,
    ...changes,
  };
}

describe('the regime', () => {
  it('applies a row from its first instant up to, not including, its last', () => {
    const regime = [row({ value: 1, appliesFrom: 1000, appliesTo: 2000 })];
    const held = [999, 1000, 1999, 2000].map((instant) => ruleAt(regime, 'liftDelay', instant)?.value);
    expect(held).toEqual([undefined, 1, 1, undefined]);
  });

  it('lets the later entry win, in whatever order the rows come', () => {
    const rows = [row({ value: 5, entryIndex: 7 }), row({ value: 1, entryIndex: 2 })];
    expect(valueAt(rows, 'liftDelay', 1500)).toBe(5);
    expect(valueAt(rows.toReversed(), 'liftDelay', 1500)).toBe(5);
  });

  it('lets the row of one lender go before a later general one, for that lender alone', () => {
    const rows = [
      row({ value: 9, subjectOfRule: 'bank-alpha', entryIndex: 1 }),
      row({ value: 2, entryIndex: 8 }),
    ];
    expect(valueAt(rows, 'liftDelay', 1500, 'bank-alpha')).toBe(9);
    expect(valueAt(rows, 'liftDelay', 1500, 'bank-beta')).toBe(2);
    expect(valueAt(rows, 'liftDelay', 1500)).toBe(2);
  });

  it('fails rather than guesses when the law says nothing or says it in another shape', () => {
    expect(() => valueAt([], 'liftDelay', 1500)).toThrow('no row of the regime says liftDelay');
    expect(() => valueAt([row({ value: '24' })], 'liftDelay', 1500)).toThrow('another shape');
  });
});

describe('the regime a registry opens with', () => {
  it('says every rule there is', () => {
    for (const name of ruleNames) expect(valueAt(opened, name, at)).not.toBeNull();
  });

  it('gives a clear verdict a day for the decision and two minutes for the disbursement', () => {
    expect(valueAt(opened, 'checkValidity', at)).toEqual({ decision: 86_400, disbursement: 120 });
  });

  it('may have been written before there were quotas, which then are those built in until somebody enacts others', () => {
    const older = opened.filter(({ name }) => name !== 'checkQuota');
    expect(valueOrBuiltIn(older, 'checkQuota', at)).toEqual(valueAt(opened, 'checkQuota', at));
    const own = row({
      name: 'checkQuota',
      value: { perSecond: 7, beyondPerMinute: 1 },
      subjectOfRule: 'bank-alpha',
    });
    expect(valueOrBuiltIn([...older, own], 'checkQuota', at, 'bank-alpha').perSecond).toBe(7);
    expect(valueOrBuiltIn([...older, own], 'checkQuota', at, 'bank-beta').perSecond).toBe(5000);
  });

  it('comes back the same from its text in an entry', () => {
    expect(defaultRules.map((rule) => ruleFromJson(ruleToJson(rule)))).toEqual(defaultRules);
  });
});

describe('a rule that cannot be enacted', () => {
  const good = ruleToJson(row({}));
  it.each([
    ['a name that is none', { name: 'lockDefualt' }, 'there is no rule of this name'],
    ['a value of another shape', { value: -1 }, 'liftDelay has a value of another shape'],
    [
      'a quota of nothing',
      { name: 'checkQuota', value: { perSecond: 0, beyondPerMinute: 1 } },
      'another shape',
    ],
    ['half a threshold', { name: 'harvesting', value: { timesPeers: 10 } }, 'another shape'],
    ['an unknown instant', { appliesBy: 'openedAt' }, 'appliesBy names no instant of a case'],
    ['a beginning in another spelling', { appliesFrom: '2026-01-01' }, 'appliesFrom is not an instant'],
    ['an end before its beginning', { appliesTo: '1970-01-01T00:00:00.500Z' }, 'appliesTo is not an instant'],
    ['a day that does not exist', { enactedOn: '2026-02-30' }, 'enactedOn is not a day'],
    ['no source', { source: '' }, 'a rule names its source'],
    ['an unknown certainty', { certainty: 'sure' }, 'certainty is'],
    ['a member nobody knows', { until: 'soon' }, 'a rule has no member until'],
  ])('with %s is refused in words', (_, change, fault) => {
    expect(() => ruleFromJson({ ...good, ...change })).toThrow(fault);
  });

  it('is named by what is wrong with it, and a good one by nothing', () => {
    expect(faultOfRule({ appliesTo: undefined, enactedOn: undefined, ...row({}) })).toBeUndefined();
  });

  it.each([
    { name: 'effectFrom', value: 'all-stamps' },
    { name: 'placeDelay', value: 24 },
    { name: 'channels', value: ['portal'] },
  ] as const)('is refused when $name would be enacted and not carried out', (change) => {
    expect(faultOfRule({ appliesTo: undefined, enactedOn: undefined, ...row(change) })).toMatch(
      'cannot carry out',
    );
  });
});
