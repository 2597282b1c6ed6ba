/**
 * Looks for IINs where none may be: as text, in hex and in base64, wherever in its groups of three bytes the number
 * begins. Nothing is left out of the database, because a sealed column in which the number can be found is not sealed.
 */
import type pg from 'pg';

export const spellings = [
  'text',
  'hex',
  'base64',
  'base64 from its 2nd byte',
  'base64 from its 3rd byte',
] as const;

interface FoundIin {
  readonly iin: string;
  readonly as: (typeof spellings)[number];
  /** The byte of the haystack at which the spelling begins. */
  readonly at: number;
}

/** The first place of each spelling of each of these IINs. */
export function findIins(haystack: Buffer | string, iins: readonly string[]): FoundIin[] {
  const bytes = typeof haystack === 'string' ? Buffer.from(haystack) : haystack;
  return iins.flatMap((iin) =>
    needlesOf(iin).flatMap((needle, place) => {
      const at = bytes.indexOf(needle);
      const as = spellings[place];
      return at === -1 || as === undefined ? [] : [{ iin, as, at }];
    }),
  );
}

/** A finding in words that do not repeat the number. */
export function inWords(place: string, { iin, as, at }: FoundIin): string {
  return `${place}: the IIN that ends in ${iin.slice(-4)}, as ${as}, at ${at}`;
}

const needlesByIin = new Map<string, readonly Buffer[]>();

/** In the order of {@link spellings}. */
function needlesOf(iin: string): readonly Buffer[] {
  const known = needlesByIin.get(iin);
  if (known !== undefined) return known;
  // Digits have one spelling in hex (30…39) and need neither of the two letters in which base64url differs.
  const made = [iin, Buffer.from(iin).toString('hex'), ...[0, 1, 2].map((before) => inBase64(iin, before))];
  const needles = made.map((text) => Buffer.from(text));
  needlesByIin.set(iin, needles);
  return needles;
}

/** The letters of base64 that depend on these digits alone, when so many bytes of a group stand before them. */
function inBase64(digits: string, before: number): string {
  const letters = Buffer.from('\0'.repeat(before) + digits).toString('base64');
  return letters.slice(Math.ceil((before * 8) / 6), Math.floor(((before + digits.length) * 8) / 6));
}

/** Every IIN in any column of any table of the database, in words. @param client of a role that may read them all. */
export async function huntDatabase(client: pg.Client, iins: readonly string[]): Promise<string[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     ORDER BY name`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows, fields } = await client.query<Record<string, unknown>>(`SELECT * FROM ${name}`);
    for (const { name: column } of fields) {
      const cells = rows.map((row) => bytesOf(row[column]));
      for (const each of findIins(Buffer.concat(cells), iins)) found.push(inWords(`${name}.${column}`, each));
    }
  }
  return found;
}

const end = Buffer.from('\n');

/** A cell as it is stored, and an end, so that no two cells make a number together. */
function bytesOf(cell: unknown): Buffer {
  if (cell === null || cell === undefined) return end;
  if (Buffer.isBuffer(cell)) return Buffer.concat([cell, end]);
  if (Array.isArray(cell)) return Buffer.concat(cell.map(bytesOf));
  return Buffer.from(`${typeof cell === 'string' ? cell : JSON.stringify(cell)}\n`);
}
