/**
 * Notices that were due: of each placing, every application in flight has one. Told again from checks and loans by code
 * that shares nothing with the clerk's. A loan that was amended before the clerk looked may have let him tell one lender
 * more; he never tells one less.
 */
import type { EntityManager } from 'typeorm';
import { isValueOf } from '#libs/regime/rule-values.js';
import { valueAt, type Regime } from '#libs/regime/regime.js';
import { parseIin } from '#libs/subject/iin.js';
import { subjectsOf, subjectText, type LookupKeys } from '#libs/subject/subject.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import {
  clearChecksBefore,
  loansBefore,
  noticesOfPlacings,
  noticesPosition,
  type BeforePlacing,
  type PlacingAsked,
} from './notices.store.js';
import type { KnownPeople } from './people.js';
import { compareRow } from './projections.js';

/** What is known of everybody and of the law when the page was read. */
interface Known {
  readonly people: KnownPeople;
  readonly lookupKeys: LookupKeys;
  readonly regime: Regime;
}

const dayMs = 86_400_000;

/** The notices that the placings of this page demand and that are not there. */
export async function compareDueNoticesOf(
  tx: EntityManager,
  entries: readonly ReadEntry[],
  { people, lookupKeys, regime }: Known,
): Promise<readonly Finding[]> {
  if (!entries.some(isPlacing)) return [];
  // Read before the notices are: what is at or before it has been told.
  const position = await noticesPosition(tx);
  const placings = entries
    .filter((entry) => isPlacing(entry) && entry.row.index <= position)
    .flatMap(({ row: { index, at, subject } }): readonly PlacingAsked[] => {
      if (subject === undefined) return [];
      const person = people.get(subjectText(subject));
      const subjects = person === undefined ? [subject] : subjectsOf(lookupKeys, parseIin(person.iin));
      return [{ entryIndex: index, at, subjects }];
    });
  const windows = regime.flatMap(({ name, value }) =>
    name === 'noticeWindow' && isValueOf(name, value) ? [value] : [],
  );
  if (placings.length === 0 || windows.length === 0) return [];
  const checks = grouped(await clearChecksBefore(tx, placings, Math.max(...windows)));
  if (checks.size === 0) return [];
  const loans = grouped(await loansBefore(tx, placings));
  const told = new Set((await noticesOfPlacings(tx, placings)).map(nameOf));
  return placings.flatMap(({ entryIndex, at }) => {
    const since = (lender: string): number => at - valueAt(regime, 'noticeWindow', at, lender) * dayMs;
    const due = inFlight(checks.get(entryIndex) ?? [], loans.get(entryIndex) ?? [], since);
    return due
      .filter((each) => !told.has(nameOf(each)))
      .flatMap(({ lender }) => compareRow('notices', `${entryIndex} to ${lender}`, {}, undefined));
  });
}

function isPlacing({ kind }: ReadEntry): boolean {
  return kind === 'refusal.placed';
}

/** A lender's applications, each by its newest clear check, less those that a loan came of. */
function inFlight(
  checks: readonly BeforePlacing[],
  loans: readonly BeforePlacing[],
  since: (lender: string) => number,
): readonly BeforePlacing[] {
  const newest = new Map<string, BeforePlacing>();
  for (const check of checks.toSorted((a, b) => a.at - b.at)) newest.set(nameOf(check), check);
  const waiting = [...newest.values()].filter(
    (check) =>
      check.at >= since(check.lender) &&
      !loans.some((loan) => nameOf(loan) === nameOf(check) && loan.at >= check.at),
  );
  // A loan without a check is of one of its lender's applications; only as many loans as applications answer for all.
  return waiting.filter(({ lender, at }) => {
    const unnamed = loans.filter((loan) => loan.lender === lender && loan.loanRef === null && loan.at >= at);
    return unnamed.length < waiting.filter((other) => other.lender === lender).length;
  });
}

function nameOf({ placing, lender, loanRef }: Omit<BeforePlacing, 'at'>): string {
  return JSON.stringify([placing, lender, loanRef]);
}

function grouped(rows: readonly BeforePlacing[]): ReadonlyMap<number, readonly BeforePlacing[]> {
  const groups = new Map<number, BeforePlacing[]>();
  for (const row of rows) groups.set(row.placing, [...(groups.get(row.placing) ?? []), row]);
  return groups;
}
