/**
 * The ceiling of people a lender may ask about on a legal day. It follows from what the lender reports: so many people a
 * loan, over the loans of a day as the last thirty days had them. A lender without loans has the floor, because what is
 * not known of a newcomer must not open the country to it; no lender has more than the most its kind may ask.
 */
import type { AskedCeiling } from '#libs/regime/rule-values.js';

/** Days before this one whose loans are counted. */
export const daysOfLoans = 30;

/** People that a lender may ask about on one day. @param loans reported by it in the last {@link daysOfLoans} days */
export function ceilingOf({ floor, most }: AskedCeiling, peoplePerLoan: number, loans: number): number {
  return Math.min(most, Math.max(floor, Math.floor((loans * peoplePerLoan) / daysOfLoans)));
}

/** Whether so many ask for a look: from half the ceiling on, while there is time to call the lender. */
export function isAlarming(people: number, ceiling: number): boolean {
  return people * 2 >= ceiling;
}

/** The different people of each lender on one day. A person is the first six bytes of the pseudonym, as a number. */
export class PeopleOfDay {
  private readonly lenders = new Map<string, Set<number>>();

  add(lender: string, person: number): void {
    const known = this.lenders.get(lender);
    if (known === undefined) this.lenders.set(lender, new Set([person]));
    else known.add(person);
  }

  count(lender: string): number {
    return this.lenders.get(lender)?.size ?? 0;
  }
}
