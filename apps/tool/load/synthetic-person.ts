/**
 * People who do not exist, as many as a load needs, each by its number: month 13 belongs to nobody, and days 29 to 98
 * keep them apart from the inhabitants of the sandbox, who have days 1 to 28. Whoever knows the number knows the IIN, so
 * a client of a loaded registry can tell what it must be answered.
 */
import assert from 'node:assert/strict';
import { controlDigitOf } from '#libs/subject/control-digit.js';
import { isIin, type Iin } from '#libs/subject/iin.js';

const years = 100;
const days = 70;
const serials = 100_000;
const stems = years * days * serials;
/** About one stem in 121 has no control digit; its person takes the stem at the same place of the next range. */
const ranges = 8;

/** How many people there are. */
const peopleThereAre = stems / ranges;

/** Prime to the number of stems, so that people who follow each other are not neighbours, and no two share a stem. */
const stride = 7_654_321;

/** The IIN of the person with this number, from 0; another seed numbers them otherwise. */
export function iinOfPerson(number: number, seed = 0): Iin {
  assert(Number.isInteger(number) && number >= 0 && number < peopleThereAre, 'there is no such person');
  for (let range = 0; range < ranges; range += 1) {
    const stem = ((number + range * peopleThereAre) * stride + seed) % stems;
    const year = Math.floor(stem / (days * serials));
    const day = 29 + (Math.floor(stem / serials) % days);
    const digits = `${pad(year, 2)}13${pad(day, 2)}${pad(stem % serials, 5)}`;
    const control = controlDigitOf(digits);
    if (control === undefined) continue;
    const iin = digits + String(control);
    assert(isIin(iin));
    return iin;
  }
  throw new Error('no stem of this person has a control digit');
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
