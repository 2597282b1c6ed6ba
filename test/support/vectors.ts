/** Numbers that belong to nobody, from the vectors. */
import { readFileSync } from 'node:fs';

const vectors = JSON.parse(readFileSync(new URL('../vectors/iin-vectors.json', import.meta.url), 'utf8')) as {
  readonly valid: readonly { readonly iin: string }[];
};

export const validIins: readonly string[] = vectors.valid.map(({ iin }) => iin);
