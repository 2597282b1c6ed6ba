/** `sandbox.json`: what programs outside need to know of this sandbox; written when everything is ready. */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { watchdogId } from '#libs/party/party.js';
import { writeWhole } from './files.js';
import type { Inhabitants } from './inhabitants.js';
import { logVkeys, witnessVkey } from './witness-process.js';
import { citizens, officials, origin, parties, urlsOf, type Home, type Ports } from './plan.js';

/** The watchdog is a part of the registry, and nobody else's to play. */
const partiesOutside = parties.filter(({ name }) => name !== watchdogId);

export type SandboxContent = Awaited<ReturnType<typeof sandboxContent>>;

/** Whole or not at all, because programs wait for it to appear. */
export function writeSandboxFile(home: Home, content: SandboxContent): void {
  writeWhole(
    home.at('sandbox.json'),
    `${JSON.stringify(content, null, 2)}
`,
  );
}

/** File names are relative to the home. */
export async function sandboxContent(home: Home, ports: Ports, { people, bins }: Inhabitants) {
  const urls = urlsOf(ports);
  const iinOf = (name: string): string => people.find((person) => person.name === name)?.iin ?? '';
  const files = (name: string) => ({ keyFile: `people/${name}.key`, certFile: `people/${name}.pem` });
  return {
    origin,
    issuer: urls.access,
    urls,
    tlsCaFile: 'tls/ca.pem',
    logVkeys: logVkeys(home),
    witnesses: [witnessVkey(home)],
    parties: await Promise.all(
      partiesOutside.map(async ({ name, kind, scopes, app }) => ({
        name,
        kind,
        bin: bins[name],
        clientId: name,
        scopes,
        resource: urls[app],
        kid: await kidOf(home.at('parties', `${name}.pem`)),
        keyFile: `parties/${name}.key`,
        certFile: `parties/${name}.pem`,
      })),
    ),
    officials: officials.map(({ name, role, party }) => ({
      name,
      role,
      ...(party !== undefined && { party }),
      iin: iinOf(name),
      ...files(name),
    })),
    citizens: citizens.map(({ name, scene }) => ({ name, iin: iinOf(name), ...files(name), scene })),
  };
}

async function kidOf(pemFile: string): Promise<string> {
  return calculateJwkThumbprint(await exportJWK(createPublicKey(readFileSync(pemFile, 'utf8'))));
}
