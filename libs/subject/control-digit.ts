/** The control digit that IIN and BIN share: weights 1…11 mod 11; if that gives 10, weights 3…11,1,2 mod 11. */

/** @param digits twelve ASCII digits. If the second pass gives 10 as well, no control digit exists. */
export function hasControlDigit(digits: string): boolean {
  return controlDigitOf(digits) === Number(digits[11]);
}

/** The digit that belongs behind these eleven ASCII digits; undefined: no number begins so. */
export function controlDigitOf(digits: string): number | undefined {
  const first = weighted(digits, 1);
  const control = first === 10 ? weighted(digits, 3) : first;
  return control === 10 ? undefined : control;
}

/** Sum of the first eleven digits times start, start + 1, … (after 11 comes 1), mod 11. */
function weighted(digits: string, start: number): number {
  let sum = 0;
  for (let place = 0; place < 11; place += 1)
    sum += (digits.charCodeAt(place) - 48) * (((start - 1 + place) % 11) + 1);
  return sum % 11;
}
