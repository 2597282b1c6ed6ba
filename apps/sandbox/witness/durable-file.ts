/** Files that are there whole and for good once the call returns: written aside, flushed, renamed, the folder flushed. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Replaces a file, or makes it; a crash leaves the old one or the new one. */
export function writeDurably(file: string, content: string | Buffer, mode = 0o600): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const making = `${file}.making`;
  const handle = openSync(making, 'w', mode);
  try {
    writeFileSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(making, file);
  flushFolder(folder);
}

/** The name in the folder is data of the folder, and is as lost as the file without this. */
function flushFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
