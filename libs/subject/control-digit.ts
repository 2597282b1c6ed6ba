/** The control digit that IIN and BIN share: weights 1…11 mod 11; if that gives 10, weights 3…11,1,2 mod 11. */

/** @param digits twelve ASCII digits. If the second pass gives 10 as well, no control digit exists. */
export function hasControlDigit(digits: string): boolean {
  const first = weighted(digits, 1);
  const control = first === 10 ? weighted(digits, 3) : first;
  return control !== 10 && control === Number(digits[11]);
}

/** Sum of the first eleven digits times start, start + 1, … (after 11 comes 1), mod 11. */
function weighted(digits: string, start: number): number {
  let sum = 0;
  for (let place = 0; place < 11; place += 1) sum += Number(digits[place]) * (((start - 1 + place) % 11) + 1);
  return sum % 11;
}
