/**
 * What two officials sign: one RFC 8785 text that names the change, the log, its own number and its day. The number
 * counts once and the day passes, so a signed act cannot be applied again or kept for later.
 */
import { isEntryKind, type EntryKind } from '#libs/journal/entry.js';
import { canonical, readCanonical } from '#libs/journal/canonical.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import type { Change } from './change.js';
import { ActRefused, instantOf, objectOf, textOf, type Body } from './members.js';

export interface ActDocument extends Change {
  /** UUID; used once. */
  readonly actId: string;
  readonly kind: EntryKind;
  readonly body: Body;
}

const lifeMs = 24 * 3_600_000;
/** Clocks of two machines differ by so much at most. */
const skewMs = 60_000;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The text to sign; good for 24 hours from `at`. */
export function draftAct(
  change: Change,
  fresh: { readonly origin: string; readonly at: Instant; readonly actId: string; readonly nonce: Buffer },
): string {
  return canonical({
    v: 1,
    actId: fresh.actId,
    kind: change.kind,
    body: change.body,
    origin: fresh.origin,
    createdAt: formatInstant(fresh.at),
    expiresAt: formatInstant(fresh.at + lifeMs),
    nonce: fresh.nonce.toString('base64url'),
  });
}

/** @throws ActRefused when the text is not canonical, of another log, or not of these hours. */
export function readAct(text: string, { origin, at }: { origin?: string; at: Instant }): ActDocument {
  const value = readCanonical(text);
  if (value === undefined) throw new ActRefused('the act is not a canonical JSON text; do not edit it');
  const act = objectOf(value, 'the act', [
    ...['v', 'actId', 'kind', 'body', 'origin', 'createdAt', 'expiresAt', 'nonce'],
  ]);
  const [createdAt, expiresAt] = [
    instantOf(act['createdAt'], 'createdAt'),
    instantOf(act['expiresAt'], 'expiresAt'),
  ];
  if (act['v'] !== 1 || !isEntryKind(act['kind'])) throw new ActRefused('an act of another kind or version');
  if (origin !== undefined && act['origin'] !== origin) throw new ActRefused('the act is about another log');
  if (expiresAt - createdAt !== lifeMs || at < createdAt - skewMs || at >= expiresAt)
    throw new ActRefused('the act is not of these 24 hours; draft it again');
  return {
    actId: textOf(act['actId'], 'actId', uuid),
    kind: act['kind'],
    body: objectOf(act['body'], 'body', Object.keys(act['body'] as object).map(String)),
  };
}
