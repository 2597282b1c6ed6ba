/** What the registry's own keys are for, and which kinds of entry each may vouch for. */
import { formerKindsOf, kindsOf, type EntryKind, type ProcessName } from '#libs/journal/entry.js';

/** Purposes of keys that can be published. */
export const purposePattern = /^(head\/(citizen|lender|bureau|clerk|tool)|access|log|set|registry)$/;

/** The kinds of entry a key may vouch for: those of its process for a head key, none for every other. */
export function kindsOfPurpose(purpose: string): readonly EntryKind[] {
  const app = processOf(purpose);
  return app === undefined ? [] : kindsOf[app];
}

/** The same, and the kinds that a key which an earlier release published may name. */
export function readableKindsOf(purpose: string): readonly string[] {
  const app = processOf(purpose);
  return [...kindsOfPurpose(purpose), ...((app && formerKindsOf[app]) ?? [])];
}

function processOf(purpose: string): ProcessName | undefined {
  const app = /^head\/(.+)$/.exec(purpose)?.[1];
  return app !== undefined && Object.hasOwn(kindsOf, app) ? (app as ProcessName) : undefined;
}
