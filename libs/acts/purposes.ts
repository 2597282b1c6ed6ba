/** What the registry's own keys are for, and which kinds of entry each may vouch for. */
import { kindsOf, type EntryKind, type ProcessName } from '#libs/journal/entry.js';

/** Purposes of keys that can be published. */
export const purposePattern =
  /^(head\/(citizen|lender|bureau|oversight|clerk|tool)|access|log|set|registry)$/;

/** The kinds of entry a key may vouch for: those of its process for a head key, none for every other. */
export function kindsOfPurpose(purpose: string): readonly EntryKind[] {
  const app = /^head\/(.+)$/.exec(purpose)?.[1];
  return app !== undefined && Object.hasOwn(kindsOf, app) ? kindsOf[app as ProcessName] : [];
}
