/** How the sandbox starts the regulator's witness: its configuration, and what the registry is told of it. */
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { makeVkey } from '#libs/tlog/note.js';
import { readPublicKeys } from '../tool/keygen/keygen.service.js';
import { writeWhole } from './files.js';
import { host, origin, urlsOf, type Home, type Ports } from './plan.js';
import type { Child } from './supervisor.js';
import type { WitnessProcessConfig } from './witness/main.js';
import { witnessKey } from './witness/witness-key.js';

const witnessName = 'witness.sandbox.tyiym.kz/regulator';

/** Its vkey; the key is made where the witness keeps it, when there is none. */
export function witnessVkey(home: Home): string {
  return witnessKey(home.at('witness'), witnessName).vkey;
}

/** The child to start, its configuration written. */
export function witnessChild(home: Home, ports: Ports): Child {
  const config: WitnessProcessConfig = {
    name: witnessName,
    listen: { host, port: ports.witness },
    stateDir: '../witness',
    logVkeys: logVkeys(home),
    mirrorOf: urlsOf(ports).log,
    clockUrl: `${urlsOf(ports).outside}/sandbox/clock`,
  };
  const file = home.at('config', 'witness.json');
  writeWhole(file, `${JSON.stringify(config, null, 2)}\n`);
  return {
    name: 'witness',
    module: join(import.meta.dirname, 'witness', 'main.js'),
    args: ['--config', file],
    readyUrl: `${urlsOf(ports).witness}/readyz`,
  };
}

/** vkeys of every key the log signed with or will: whoever runs a witness is told them by the operator. */
export function logVkeys(home: Home): readonly string[] {
  return readPublicKeys(home.at('keys'))
    .filter(({ purpose }) => purpose === 'log')
    .map(({ jwk }) => makeVkey(origin, createPublicKey({ key: { ...jwk }, format: 'jwk' })));
}
