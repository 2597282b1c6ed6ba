/** Files of JSON that a person names on the command line. */
import { readFileSync } from 'node:fs';

/** @throws Error that names the file when it is not there or holds no JSON object or array; nothing of its content is repeated. */
export function readJsonFile(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON: write it again, or name another file`);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new Error(`${file} holds no JSON object or array: write it again, or name another file`);
}
