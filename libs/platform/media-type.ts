/** Whether a body is of the media type that a route takes. */

/** The media type alone or with `charset=utf-8`: another charset would be read as what it is not. */
export function isOfType(given: string | undefined, expected: string): boolean {
  if (given === expected) return true;
  const [type, parameter, ...more] = (given ?? '').toLowerCase().split(';');
  if (type?.trim() !== expected || more.length > 0) return false;
  return parameter === undefined || /^\s*charset="?utf-8"?\s*$/.test(parameter);
}
