/** Reads the home of a running sandbox. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sandboxDir } from '../home.client.js';
import type { SandboxHome, SandboxParty } from './sandbox-home.js';

/** @throws Error when no sandbox was started there */
export function readSandboxHome(): SandboxHome {
  const dir = sandboxDir();
  const at = (file: string): string => resolve(dir, file);
  const home = parse(at('sandbox.json'));
  const withFiles = (party: SandboxParty): SandboxParty => ({
    ...party,
    keyFile: at(party.keyFile),
    certFile: at(party.certFile),
  });
  return { ...home, tlsCaFile: at(home.tlsCaFile), parties: home.parties.map(withFiles) };
}

function parse(file: string): SandboxHome {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SandboxHome;
  } catch (cause) {
    throw new Error(`${file} cannot be read: start the sandbox (npm start) or set TYIYM_HOME`, { cause });
  }
}
