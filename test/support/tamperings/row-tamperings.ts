/** Tamperings with rows of a registry in which everybody did something (`rich-registry.ts`). */
import { bureauTamperings } from './bureau-tamperings.js';
import { citizenTamperings } from './citizen-tamperings.js';
import { journalTamperings } from './journal-tamperings.js';
import { partyTamperings } from './party-tamperings.js';
import type { Tampering } from './tampering.js';

export const rowTamperings: readonly Tampering[] = [
  ...journalTamperings,
  ...citizenTamperings,
  ...partyTamperings,
  ...bureauTamperings,
];
