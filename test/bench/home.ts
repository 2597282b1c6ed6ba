/** Where the registry of a bench lives: a place of its own that goes with the run, or one that is kept for the next. */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freeBase, newPlace, removeHome, type SandboxPlace } from '../support/sandbox.js';

/** Refusals and entries. */
export type Load = readonly [number, number];

export interface BenchHome {
  readonly place: SandboxPlace;
  /** What the registry is loaded with already. */
  readonly loaded: Load | undefined;
  /** Remembers that a load was brought to its end. */
  keepLoad(load: Load): void;
  leave(): void;
}

/** @param folder of a home that is kept; undefined: one for this run */
export async function benchHome(folder: string | undefined): Promise<BenchHome> {
  if (folder === undefined) {
    const place = await newPlace();
    return { place, loaded: undefined, keepLoad: () => undefined, leave: () => removeHome(place) };
  }
  mkdirSync(resolve(folder), { recursive: true, mode: 0o700 });
  const home = realpathSync(folder);
  const file = join(home, 'bench.json');
  type Kept = { readonly base: number; readonly loaded?: Load };
  // A registry keeps the addresses that it was founded with.
  const kept: Kept = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Kept)
    : { base: await freeBase() };
  const keep = (what: Kept): void => writeFileSync(file, JSON.stringify(what));
  keep(kept);
  return {
    place: { home, base: kept.base },
    loaded: kept.loaded,
    keepLoad: (loaded) => keep({ ...kept, loaded }),
    leave: () => undefined,
  };
}
