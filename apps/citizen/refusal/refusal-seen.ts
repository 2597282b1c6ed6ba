/** A person's refusal as an act sees it, under whichever live pseudonym it is kept. */
import type { Seen } from '#libs/journal/act.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { Rules } from '#libs/refusal/rules.js';
import { subjectText, type SubjectKey } from '#libs/subject/subject.js';
import type { CitizenTables } from '../tables.js';

/** @param subjects the pseudonyms in every live epoch, all of them looked up by the act */
export function refusalSeen(
  seen: Seen<CitizenTables, Rules>,
  subjects: readonly SubjectKey[],
): Refusal | undefined {
  const refusals = subjects.map((subject) => seen.find('refusals', subjectText(subject)));
  return refusals.find((refusal) => refusal !== undefined);
}
