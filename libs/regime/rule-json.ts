/**
 * A rule as it stands in an entry and in an act that officials sign: instants as RFC 3339 texts, absent members left
 * out. The fold of the entries gives the regime, so both directions stand side by side.
 */
import assert from 'node:assert/strict';
import { faultOfRule, type Rule } from './regime.js';

/** The member `rule` of `regime.changed`, one item of `regime` of `registry.opened`. */
export type RuleJson = Readonly<Record<string, unknown>>;

export function ruleToJson(rule: Rule): RuleJson {
  return {
    name: rule.name,
    ...(rule.subjectOfRule !== '' && { subjectOfRule: rule.subjectOfRule }),
    value: rule.value,
    appliesBy: rule.appliesBy,
    appliesFrom: new Date(rule.appliesFrom).toISOString(),
    ...(rule.appliesTo !== undefined && { appliesTo: new Date(rule.appliesTo).toISOString() }),
    ...(rule.enactedOn !== undefined && { enactedOn: rule.enactedOn }),
    source: rule.source,
    certainty: rule.certainty,
  };
}

/** @throws AssertionError saying what is wrong with it. */
export function ruleFromJson(json: unknown): Rule {
  assert(typeof json === 'object' && json !== null, 'a rule is an object');
  const { appliesFrom, appliesTo, subjectOfRule = '', ...rest } = json as Record<string, unknown>;
  const unknown = Object.keys(rest).filter((member) => !members.includes(member));
  assert(unknown.length === 0, `a rule has no member ${unknown.join(', ')}`);
  const rule = {
    ...rest,
    subjectOfRule,
    appliesFrom: instantOf(appliesFrom),
    ...(appliesTo !== undefined && { appliesTo: instantOf(appliesTo) }),
  } as unknown as Rule;
  const fault = faultOfRule({ appliesTo: undefined, enactedOn: undefined, ...rule });
  assert(fault === undefined, fault);
  return rule;
}

const members = ['name', 'value', 'appliesBy', 'enactedOn', 'source', 'certainty'];

/** One spelling only: milliseconds and `Z`. */
function instantOf(text: unknown): number {
  const at = typeof text === 'string' ? Date.parse(text) : NaN;
  return Number.isNaN(at) || new Date(at).toISOString() !== text ? NaN : at;
}
