/**
 * Reading for a citizen is an act: who read what, and how the citizen was identified, is an entry in his trail before
 * anything is shown.
 */
import assert from 'node:assert/strict';
import type { Act } from '#libs/journal/act.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { Rules } from '#libs/refusal/rules.js';
import { subjectsOf, type LookupKeys } from '#libs/subject/subject.js';
import { refusalSeen } from '../refusal/refusal-seen.js';
import type { CitizenTables } from '../tables.store.js';
import { mustBeAdmitted, mustBeUnused, type Presence } from './presence.js';

/** @param show what is answered, from the refusal as the reading found it */
export function readingAct<A>(
  presence: Presence,
  keys: LookupKeys,
  what: 'refusal-status' | 'trail',
  show: (refusal: Refusal | undefined, rules: Rules) => A,
): Act<CitizenTables, Rules, A> {
  const { citizen, assertion } = presence;
  const subjects = subjectsOf(keys, citizen.iin);
  const [newest] = subjects;
  assert(newest !== undefined);
  return {
    party: citizen.channel,
    look: { refusals: subjects, assertion_ids: [assertion] },
    decide: (seen) => {
      mustBeAdmitted(seen.rules, citizen.channel);
      mustBeUnused(presence, (name) => seen.find('assertion_ids', name));
      const refusal = refusalSeen(subjects, (name) => seen.find('refusals', name));
      return {
        entries: [
          {
            kind: 'trail.read',
            person: {
              subject: refusal?.subject ?? newest,
              iin: citizen.iin,
              version: refusal?.version ?? 0,
            },
            party: citizen.channel,
            body: { by: citizen.channel, what, identifiedBy: citizen.method },
          },
        ],
        rows: () => ({ assertion_ids: [assertion] }),
        answer: () => show(refusal, seen.rules),
      };
    },
  };
}
