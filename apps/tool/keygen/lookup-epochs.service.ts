/**
 * The next lookup key, in the directory of every process that has one. All of them must hold the same epochs, so what was
 * cut short is finished before anything new is made, and no key that is there is ever changed.
 */
import { join } from 'node:path';
import { keyTable } from './key-table.js';
import { replaceSecretFile } from './secret-file.service.js';
import { readJsonFile } from '#libs/platform/json-file.js';

/** Epoch → key, base64url. */
type Epochs = Readonly<Record<string, string>>;

/**
 * Adds an epoch to each `lookup.json`, or gives the files that lack one what the others have.
 * @param secret 32 random bytes, used when nothing was left unfinished
 * @returns the newest epoch, which all files now hold
 * @throws Error when two files hold different keys of one epoch
 */
export function addLookupEpoch(out: string, secret: Buffer): number {
  const files = Object.entries(keyTable)
    .filter(([, own]) => own.includes('lookup.json'))
    .map(([app]) => join(out, app, 'lookup.json'));
  const own = files.map((file) => ({ file, epochs: readEpochs(file) }));
  const known: Record<string, string> = {};
  for (const { file, epochs } of own)
    for (const [epoch, key] of Object.entries(epochs)) {
      if ((known[epoch] ?? key) !== key)
        throw new Error(`${file}: another key of epoch ${epoch} than elsewhere`);
      known[epoch] = key;
    }
  const newest = Math.max(...Object.keys(known).map(Number));
  const isWhole = own.every(({ epochs }) => Object.keys(epochs).length === Object.keys(known).length);
  const after = isWhole ? { ...known, [newest + 1]: secret.toString('base64url') } : known;
  for (const { file, epochs } of own)
    if (Object.keys(epochs).length < Object.keys(after).length) replaceSecretFile(file, { epochs: after });
  return isWhole ? newest + 1 : newest;
}

function readEpochs(file: string): Epochs {
  return (readJsonFile(file) as { epochs: Epochs }).epochs;
}
