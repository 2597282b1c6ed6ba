/** Looks for IINs in files, byte by byte, whatever is in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findIins, inWords } from './iin-hunt.js';

export interface FileHunt {
  /** What was found, in words. */
  readonly found: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

/**
 * Every file below a folder.
 * @param leaves whether a path, relative to the folder, is left out.
 */
export function huntFiles(
  folder: string,
  iins: readonly string[],
  leaves: (path: string) => boolean = () => false,
): FileHunt {
  const found: string[] = [];
  let [files, bytes] = [0, 0];
  for (const path of pathsBelow(folder)) {
    if (leaves(path)) continue;
    const content = read(join(folder, path));
    if (content === undefined) continue;
    files += 1;
    bytes += content.length;
    found.push(...findIins(content, iins).map((each) => inWords(path, each)));
  }
  return { found, files, bytes };
}

function pathsBelow(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return pathsBelow(folder, path);
    return entry.isFile() ? [path] : [];
  });
}

/** Undefined when the file was taken away meanwhile, as a running server does. */
function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
