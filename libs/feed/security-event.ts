/**
 * Security Event Tokens (RFC 8417) as a stream delivers them, signed at delivery: what is stored is sealed, and the key
 * that signs lies with the process that speaks to the bureaus. Nothing outside `sealed` names a person.
 */
import { CompactSign } from 'jose';
import type { KeyObject } from 'node:crypto';

/** The verification event of SSF 1.0 §8.1.4. */
export const verificationEvent = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

export const eventKinds = ['refusal-placed', 'refusal-lifted'] as const;
export type EventKind = (typeof eventKinds)[number];

/** A sealed item on its way out. */
export interface DeliveredItem {
  readonly seq: number;
  /** `ent_…` of the entry, and of the item before; undefined at 1. */
  readonly entryId: string;
  readonly previousEntryId?: string;
  readonly kind: EventKind;
  /** base64url */
  readonly subId: string;
  readonly version: number;
  /** Registry time in ms. */
  readonly at: number;
  readonly sealed: string;
}

export interface Signer {
  readonly kid: string;
  readonly key: KeyObject;
  /** Public base URL of the bureau app: `iss`, and base of the event names. */
  readonly issuer: string;
}

/** `<public base>/events/refusal-placed` */
export function eventUri(issuer: string, kind: EventKind): string {
  return `${issuer}/events/${kind}`;
}

/** `<entryId>.<streamId>` */
export function jtiOf(entryId: string, streamId: string): string {
  return `${entryId}.${streamId}`;
}

/**
 * The SET of an item.
 * @param to stream and client id of the bureau
 * @param nowMs registry time of delivery
 */
export async function itemToken(
  signer: Signer,
  to: { readonly streamId: string; readonly clientId: string },
  item: DeliveredItem,
  nowMs: number,
): Promise<string> {
  const { seq, entryId, previousEntryId, kind, subId, version, at, sealed } = item;
  return sign(signer, {
    aud: to.clientId,
    jti: jtiOf(entryId, to.streamId),
    iat: Math.floor(nowMs / 1000),
    toe: Math.floor(at / 1000),
    txn: entryId,
    sub_id: { format: 'opaque', id: subId },
    events: {
      [eventUri(signer.issuer, kind)]: {
        seq,
        prev: previousEntryId === undefined ? null : jtiOf(previousEntryId, to.streamId),
        version,
        at: new Date(at).toISOString(),
        sealed,
      },
    },
  });
}

/** The SET that says how far the feed goes: what a bureau holds up to `head_seq` is all there was at that instant. */
export async function verificationToken(
  signer: Signer,
  to: { readonly streamId: string; readonly clientId: string },
  { jti, headSeq, nowMs }: { readonly jti: string; readonly headSeq: number; readonly nowMs: number },
): Promise<string> {
  return sign(signer, {
    aud: to.clientId,
    jti,
    iat: Math.floor(nowMs / 1000),
    sub_id: { format: 'opaque', id: to.streamId },
    events: { [verificationEvent]: { head_seq: headSeq, at: new Date(nowMs).toISOString() } },
  });
}

async function sign(
  { kid, key, issuer }: Signer,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  // SignJWT copies the claims deeply before it writes them, which costs a SET as much as its base64.
  return new CompactSign(Buffer.from(JSON.stringify({ iss: issuer, ...claims })))
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'secevent+jwt' })
    .sign(key);
}
