/**
 * Writes a key set: each process's directory holds only its own files (0700/0600). Nothing that exists is ever
 * overwritten, because a lost lookup key loses every refusal.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeKeySet, type PublicKey } from './keys.js';
import { readJsonFile } from '#libs/platform/json-file.js';

/** The public halves of all signing keys, beside the directories. */
const publicKeysFile = 'publicKeys.json';

/** What already lies where keys were to be written. */
class KeysExist extends Error {}

/**
 * Makes `<out>/<process>/…` and `<out>/publicKeys.json`, all or nothing.
 * @param now registry time in milliseconds.
 * @returns the public keys, to be published by `tool key publish`.
 * @throws KeysExist when the directory holds anything.
 */
export async function writeKeys(out: string, now: number): Promise<readonly PublicKey[]> {
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new KeysExist(`${out} is not empty; keys are never overwritten`);
  const { files, publicKeys } = await makeKeySet(now);
  const making = `${out}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(dirname(out), { recursive: true });
  mkdirSync(making, { mode: 0o700 });
  for (const [app, own] of Object.entries(files)) {
    mkdirSync(join(making, app), { mode: 0o700 });
    for (const [name, content] of Object.entries(own)) writePrivately(join(making, app, name), content);
  }
  writePublicKeys(making, publicKeys);
  // The rename is the moment at which the keys exist; a crash before it leaves only the folder that the next run clears.
  if (existsSync(out)) rmSync(out, { recursive: true });
  renameSync(making, out);
  return publicKeys;
}

/** What `writeKeys` left beside the directories. */
export function readPublicKeys(out: string): readonly PublicKey[] {
  return readJsonFile(join(out, publicKeysFile)) as PublicKey[];
}

/** Replaces the list in one step, so that a reader sees the old one or the new one. */
export function writePublicKeys(out: string, keys: readonly PublicKey[]): void {
  const file = join(out, publicKeysFile);
  writeFileSync(`${file}.new`, text(keys), { mode: 0o644 });
  renameSync(`${file}.new`, file);
}

function writePrivately(file: string, content: object): void {
  writeFileSync(file, text(content), { flag: 'wx', mode: 0o600 });
  // The mode of an open is masked by the umask, which may only take rights away.
  chmodSync(file, 0o600);
}

function text(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
