/** The next step of a rotation, found out and, as far as it needs no officials, done. */
import { machineClock } from '#libs/platform/clock.js';
import type { Change } from '#libs/acts/change.js';
import { ActRefused } from '#libs/acts/members.js';
import type { Registry } from '#libs/acts/registry.js';
import { readPublicKeys } from '../keygen/keygen.service.js';
import { kidsIn, makeNextKey, useNextKey } from '../keygen/rotation.service.js';
import { nextStep, type Step } from './rotation.js';

/** What two officials are to sign, when that is the step. */
export interface Rotated {
  readonly step: Step;
  readonly change?: Change;
}

/**
 * @param keysRoot what `tool keygen --out` wrote.
 * @param hasSigned whether a key was seen under a head; undefined for keys that sign none.
 * @throws Error for a purpose that is not rotated so; ActRefused when a key to publish is not in `publicKeys.json`.
 */
export async function rotate(
  keysRoot: string,
  purpose: string,
  registry: Registry,
  at: number,
  hasSigned: (kid: string) => Promise<boolean | undefined>,
): Promise<Rotated> {
  const keys = [...registry.signingKeys.values()].filter((key) => key.purpose === purpose);
  const lying = kidsIn(keysRoot, purpose);
  const signed = await hasSigned(lying.inUse);
  let step = nextStep({ keys, ...lying, ...(signed !== undefined && { hasSigned: signed }) }, at);
  if (step.step === 'make') {
    const { kid } = await makeNextKey(keysRoot, purpose, machineClock());
    step = { step: 'publish', kid };
  }
  if (step.step === 'activate') useNextKey(keysRoot, purpose);
  const { kid } = step;
  if (step.step === 'retire') return { step, change: { kind: 'key.retired', body: { kid } } };
  if (step.step !== 'publish') return { step };
  const own = readPublicKeys(keysRoot).find((each) => each.kid === kid);
  if (own === undefined) throw new ActRefused('the next key is not in publicKeys.json');
  return { step, change: { kind: 'key.published', body: { ...own } } };
}

/** What the operator does now, in words. */
export function wordsOf({ step }: Rotated, purpose: string, draft: string): string {
  const again = `then: tool key rotate ${purpose}`;
  switch (step.step) {
    case 'make':
      return `the next key of ${purpose} is made`;
    case 'publish':
      return `${step.kid} is to be published: two officials sign ${draft}; tool key publish --apply ${draft} --cms … --cms …; ${again}`;
    case 'activate':
      return `${step.kid} is in place: ${beforeRestart(purpose)}carry it to its process and start that anew; ${again}`;
    case 'restart':
      return `nothing is signed with ${step.kid} yet: start the process that holds ${purpose} anew; ${again}`;
    case 'retire':
      return `${step.kid} is to be retired: two officials sign ${draft}; tool key retire --apply ${draft} --cms … --cms …`;
  }
}

function beforeRestart(purpose: string): string {
  return purpose === 'log' ? 'tell every witness the new vkey first (GET /vkeys of the log), ' : '';
}
