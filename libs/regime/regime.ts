/**
 * The dated table of law. What the law says at an instant is looked up, never an `if`: of the rows whose period holds
 * the instant, one made for the lender comes before the general one, and the later entry before the earlier.
 */
import assert from 'node:assert/strict';
import { Problem } from '#libs/problem/problem.js';
import {
  isCarriedOut,
  isFormerRule,
  isLegalDay,
  isRuleName,
  isValueOf,
  type RuleName,
  type RuleValues,
} from './rule-values.js';

/** Which instant of a case chooses the row; the caller asks with that one. */
export type AppliesBy = 'signedAt' | 'disbursedAt' | 'discoveredAt' | 'askedAt';

/** How sure we are: said by the regulator or a statute, following from it, or confirmed by nobody. */
export type Certainty = 'sourced' | 'inferred' | 'open';

/** A rule as an entry of the Journal enacts it; instants in milliseconds of registry time. */
export interface Rule {
  readonly name: RuleName;
  /** Client id of the lender it is made for; empty for everybody. */
  readonly subjectOfRule: string;
  readonly value: unknown;
  readonly appliesBy: AppliesBy;
  readonly appliesFrom: number;
  /** First instant at which it no longer applies. */
  readonly appliesTo?: number;
  /** `yyyy-mm-dd` */
  readonly enactedOn?: string;
  readonly source: string;
  readonly certainty: Certainty;
}

/** A rule and the entry that wrote it. */
export interface RegimeRow extends Rule {
  readonly entryIndex: number;
}

export type Regime = readonly RegimeRow[];

/** The row in force at `instant`; undefined when no row holds it, which means the law says nothing. */
export function ruleAt(
  regime: Regime,
  name: RuleName,
  instant: number,
  subjectOfRule = '',
): RegimeRow | undefined {
  let found: RegimeRow | undefined;
  for (const row of regime) {
    const isMeant = row.name === name && (row.subjectOfRule === '' || row.subjectOfRule === subjectOfRule);
    const holds = row.appliesFrom <= instant && instant < (row.appliesTo ?? Infinity);
    if (isMeant && holds && (found === undefined || overrides(row, found))) found = row;
  }
  return found;
}

/**
 * The law begins with the opening of the registry: until then refusals are still being inherited, so nobody is told
 * anything that rests on them. @throws Problem `registry-not-open`
 */
export function assertOpen(regime: Regime): void {
  if (regime.length === 0) throw new Problem('registry-not-open');
}

/**
 * The value in force at `instant`, in the shape of its rule.
 * @throws AssertionError when no row holds the instant or a row is malformed: the law is never guessed.
 */
export function valueAt<N extends RuleName>(
  regime: Regime,
  name: N,
  instant: number,
  subjectOfRule = '',
): RuleValues[N] {
  const value = ruleAt(regime, name, instant, subjectOfRule)?.value;
  assert(value !== undefined, `no row of the regime says ${name}`);
  assert(isValueOf(name, value), `the regime says ${name} in another shape`);
  return value;
}

/** What is wrong with a rule, in words; undefined when it can be read. `assertEnactable` says which are enacted no more. */
export function faultOfRule(rule: Readonly<Record<keyof Rule, unknown>>): string | undefined {
  const { name, value, appliesFrom, appliesTo, enactedOn } = rule;
  const fault = isFormerRule(name) ? undefined : faultOfValue(name, value);
  if (fault !== undefined) return fault;
  if (!['signedAt', 'disbursedAt', 'discoveredAt', 'askedAt'].includes(rule.appliesBy as string))
    return 'appliesBy names no instant of a case';
  if (!Number.isSafeInteger(appliesFrom)) return 'appliesFrom is not an instant';
  if (
    appliesTo !== undefined &&
    !(Number.isSafeInteger(appliesTo) && (appliesTo as number) > (appliesFrom as number))
  )
    return 'appliesTo is not an instant after appliesFrom';
  if (enactedOn !== undefined && !isLegalDay(enactedOn)) return 'enactedOn is not a day';
  if (typeof rule.subjectOfRule !== 'string') return 'subjectOfRule is not a client id';
  if (typeof rule.source !== 'string' || rule.source === '') return 'a rule names its source';
  if (!['sourced', 'inferred', 'open'].includes(rule.certainty as string))
    return 'certainty is sourced, inferred or open';
  return undefined;
}

function faultOfValue(name: unknown, value: unknown): string | undefined {
  if (!isRuleName(name)) return 'there is no rule of this name';
  if (!isValueOf(name, value)) return `${name} has a value of another shape`;
  return isCarriedOut(name, value) ? undefined : `this release cannot carry out ${name} with that value`;
}

/** Whether `row` goes before `other`, both holding the same instant. */
function overrides(row: RegimeRow, other: RegimeRow): boolean {
  if ((row.subjectOfRule === '') !== (other.subjectOfRule === '')) return row.subjectOfRule !== '';
  if (row.entryIndex !== other.entryIndex) return row.entryIndex > other.entryIndex;
  return row.appliesFrom > other.appliesFrom;
}
