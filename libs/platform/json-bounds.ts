/**
 * How deep and how large a parsed body may be. Whoever sends a mebibyte of brackets costs the validator, which walks
 * every value and goes down by recursion, seconds of everybody's time or its stack; so it is counted first.
 */

/** No body of the contract is nested deeper than the phone's, which has five levels. */
const maxDepth = 16;
/** Objects, lists and what is in them; the phone's body, the largest by members of the usual ones, has a dozen. */
const maxValues = 10_000;

/** Whether a parsed JSON value stays within both bounds. Walks level by level, without recursion. */
export function isWithinBounds(body: unknown, most = maxValues): boolean {
  let level: readonly unknown[] = [body];
  let values = 1;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return false;
    const below: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      const members = Object.values(value);
      values += members.length;
      if (values > most) return false;
      below.push(...members);
    }
    level = below;
  }
  return true;
}
