/** What the doctor says: one line a question, and what to do next where the answer is not good. */
import type { SigningKeyRow } from '#libs/acts/registry.js';
import { isLive } from '../key/rotation.js';

export interface Diagnosis {
  readonly question: string;
  readonly answer: 'good' | 'warning' | 'bad';
  /** What was found, in a few words. */
  readonly found: string;
  /** What to do next; absent when it is good. */
  readonly next?: string;
}

export const good = (question: string, found: string): Diagnosis => ({ question, answer: 'good', found });
export const bad = (question: string, found: string, next: string): Diagnosis => ({
  ...{ question, answer: 'bad', found, next },
});
export const warning = (question: string, found: string, next: string): Diagnosis => ({
  ...{ question, answer: 'warning', found, next },
});

const dayMs = 86_400_000;
const warnDays = 30;

/**
 * Whether the registry has a live key for each thing it signs, for a while to come.
 * @param ownKid the head key of this program, which must be among them.
 */
export function diagnoseKeys(
  keys: readonly SigningKeyRow[],
  { ownKid, at }: { readonly ownKid: string; readonly at: number },
): readonly Diagnosis[] {
  const purposes = [
    ...[
      'head/citizen',
      'head/lender',
      'head/bureau',
      'head/clerk',
      'head/tool',
      'access',
      'log',
      'set',
      'registry',
    ],
  ];
  const lines = purposes.map((purpose) => {
    const question = `key ${purpose}`;
    const own = keys.filter((key) => key.purpose === purpose);
    const live = own.filter((key) => isLive(key, at));
    const until = Math.max(...live.map((key) => key.expiresAt));
    const again = `tool key rotate ${purpose} --keys <dir>`;
    const days = Math.floor((until - at) / dayMs);
    if (until === -Infinity)
      return own.some(({ revokedAt }) => revokedAt !== undefined)
        ? bad(question, 'the key was compromised and has no successor', again)
        : bad(question, 'no live key is published', 'tool key publish --file publicKeys.json');
    if (live.length > 1)
      return warning(question, `${live.length} keys are live: a rotation is under way`, again);
    return days < warnDays
      ? warning(question, `expires in ${days} days`, again)
      : good(question, `live for ${days} days`);
  });
  const isOwn = keys.some((key) => key.kid === ownKid && key.purpose === 'head/tool' && isLive(key, at));
  const own = 'own head key';
  return [
    ...lines,
    isOwn
      ? good(own, 'published')
      : bad(
          own,
          'head.jwk.json is not the published key',
          'use the keys directory whose keys were published',
        ),
  ];
}

/** Compares what a key set serves with what is published for its purposes. */
export function diagnoseKeySet(
  question: string,
  served: readonly string[],
  published: readonly string[],
): Diagnosis {
  const lacks = published.filter((kid) => !served.includes(kid));
  const strangers = served.filter((kid) => !published.includes(kid));
  const next = 'restart the app that serves it; see that it uses this database and these keys';
  if (strangers.length > 0) return bad(question, `serves ${strangers.length} keys nobody published`, next);
  return lacks.length > 0
    ? bad(question, `lacks ${lacks.length} published keys`, next)
    : good(question, `${served.length} keys, all published`);
}
