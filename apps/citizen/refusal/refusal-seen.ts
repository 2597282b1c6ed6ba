/** A person's refusal as an act sees it, under whichever live pseudonym it is kept. */
import type { Refusal } from '#libs/refusal/refusal.js';
import { subjectText, type SubjectKey } from '#libs/subject/subject.js';

/**
 * @param subjects the pseudonyms in every live epoch, all of them looked up by the act
 * @param find the row of that name
 */
export function refusalSeen(
  subjects: readonly SubjectKey[],
  find: (name: string) => Refusal | undefined,
): Refusal | undefined {
  return subjects.map((subject) => find(subjectText(subject))).find((refusal) => refusal !== undefined);
}
