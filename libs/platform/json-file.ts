/** Files of JSON that a person names on the command line. */
import { readFileSync } from 'node:fs';
import { faultOf } from './strict-json.js';

/**
 * @throws Error that names the file when it is not there, holds no JSON object or array, or means more than one thing: a
 * member that stands twice would count by its last. Nothing of its content is repeated.
 */
export function readJsonFile(file: string): unknown {
  const bytes = readFileSync(file);
  const fault = faultOf(bytes);
  if (fault !== undefined)
    throw new Error(`${file} is not plain JSON (${fault}): write it again, or name another file`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw new Error(
      `${file} is not JSON in UTF-8 without a byte-order mark: write it again, or name another file`,
    );
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new Error(`${file} holds no JSON object or array: write it again, or name another file`);
}
