/** A secret's file is replaced in one step, so that a process that starts meanwhile reads the old one or the new one. */
import { chmodSync, renameSync, writeFileSync } from 'node:fs';

/** Writes JSON that only the file's owner can read. */
export function replaceSecretFile(file: string, content: object): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
  // The mode of a file that was left behind is its own.
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
