/** References are kept in the clear and must hold no IIN: runs of digits are looked through, twelve at a time. */

/** Every twelve digits in a row within a text. */
export function twelves(text: string): readonly string[] {
  return (text.match(/\d{12,}/g) ?? []).flatMap((digits) =>
    Array.from({ length: digits.length - 11 }, (_, from) => digits.slice(from, from + 12)),
  );
}

/** Whether a text holds one of these. */
export function holdsOne(text: string, iins: ReadonlySet<string>): boolean {
  return twelves(text).some((twelve) => iins.has(twelve));
}
