/**
 * `TYIYM_CONTOUR`: lets the registry of a sandbox also believe the test contour of the National Certification Authority,
 * once end to end, with its certificates, lists and people (docs/operations.md). Only roots that call themselves TEST are
 * taken, and only in a sandbox.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export interface Contour {
  readonly rootFiles: readonly string[];
  readonly intermediateFiles: readonly string[];
  /** Common name of an issuer → the address of its CRL. */
  readonly crlUrls: Readonly<Record<string, string>>;
  readonly ncanodeUrl?: string;
  /** Of its people, where their control digit is not right. */
  readonly numbers: readonly string[];
}

const lists = ['rootFiles', 'intermediateFiles', 'numbers'] as const;
const known: ReadonlySet<string> = new Set([...lists, 'crlUrls', 'ncanodeUrl']);

/**
 * Reads the file, with the names of files in it relative to it; undefined without a setting.
 * @throws Error that names the member that is wrong
 */
export function contourFrom(setting: string | undefined): Contour | undefined {
  if (setting === undefined || setting === '') return undefined;
  const file = resolve(setting);
  const wrong = (what: string): Error => new Error(`TYIYM_CONTOUR, ${file}: ${what}`);
  let members: Readonly<Record<string, unknown>>;
  try {
    members = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`TYIYM_CONTOUR, ${file}: cannot be read as JSON`, { cause });
  }
  const stranger = Object.keys(members).find((name) => !known.has(name));
  if (stranger !== undefined) throw wrong(`${stranger} is no member of it`);
  for (const name of lists) if (!isTexts(members[name])) throw wrong(`${name} is a list of texts`);
  const { crlUrls, ncanodeUrl } = members;
  if (typeof crlUrls !== 'object' || crlUrls === null || !isTexts(Object.values(crlUrls)))
    throw wrong('crlUrls gives an address for the common name of each issuer');
  if ('*' in crlUrls) throw wrong('crlUrls names each issuer; "*" is the sandbox’s own authority');
  if (ncanodeUrl !== undefined && typeof ncanodeUrl !== 'string') throw wrong('ncanodeUrl is an address');
  const contour = members as unknown as Contour;
  const at = (path: string): string => resolve(dirname(file), path);
  return {
    ...contour,
    rootFiles: contour.rootFiles.map(at),
    intermediateFiles: contour.intermediateFiles.map(at),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
