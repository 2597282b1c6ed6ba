/** Files of the sandbox: private ones 0600 in 0700 folders, made once and then kept. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file so that it is there whole or not at all. */
export function writeWhole(file: string, content: string | Buffer, mode = 0o600): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const making = `${file}.making`;
  writeFileSync(making, content, { mode });
  chmodSync(making, mode);
  renameSync(making, file);
}

/** What `make` gave the first time; a second start finds it as it was. */
export async function once<T>(file: string, make: () => T | Promise<T>): Promise<T> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T;
  const made = await make();
  writeWhole(file, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

/** Private key and certificate side by side: `<stem>.key`, `<stem>.pem`. */
export function writeCredential(
  stem: string,
  { certPem, keyPem }: { readonly certPem: string; readonly keyPem: string },
): void {
  writeWhole(`${stem}.key`, keyPem);
  writeWhole(`${stem}.pem`, certPem, 0o644);
}
