/** The key of the witness: its own, made where it runs, shown to others only as a vkey. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeVkey } from '#libs/tlog/note.js';
import { writeDurably } from './durable-file.js';

export interface WitnessKey {
  readonly name: string;
  /** Ed25519 */
  readonly key: KeyObject;
  /** What those who trust it pin. */
  readonly vkey: string;
}

/** The key that lies in this folder, made when there is none. */
export function witnessKey(folder: string, name: string): WitnessKey {
  const file = join(folder, 'witness.key');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeDurably(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const key = createPrivateKey(readFileSync(file, 'utf8'));
  return { name, key, vkey: makeVkey(name, key, 'cosignature') };
}
