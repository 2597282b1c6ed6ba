/** A SET as a bureau takes it: signed by the registry, for us, of our stream; opened with the key of its day. */
import { compactDecrypt, jwtVerify, type CryptoKey, type JWTVerifyGetKey } from 'jose';

/** What a bureau keeps of a placing or a lift. */
export interface MarkEvent {
  readonly jti: string;
  readonly seq: number;
  readonly prev: string | null;
  readonly kind: 'refusal-placed' | 'refusal-lifted';
  readonly subId: string;
  readonly version: number;
  readonly at: string;
  /** Absent when the item names nobody (any more): it is applied, and neither marked nor stamped. */
  readonly iin?: string;
}

export interface Verification {
  readonly jti: string;
  readonly headSeq: number;
  readonly at: string;
}

/** What was sealed for us. */
export interface OpenedItem {
  readonly iin?: string;
  readonly sub_id: string;
  readonly version: number;
  readonly receipt: { readonly entry: string };
}

export interface Trusted {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  /** The key of a day, by the name in the header. @throws when there is none */
  dayKey(kid: string): Promise<CryptoKey>;
}

const verificationUri = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

/** @throws when the SET is not the registry's, not ours, or was changed on its way */
export async function readEvent(
  jti: string,
  set: string,
  trusted: Trusted,
): Promise<MarkEvent | Verification> {
  const { issuer, audience, keys } = trusted;
  const { payload } = await jwtVerify(set, keys, {
    issuer,
    audience,
    typ: 'secevent+jwt',
    algorithms: ['ES256'],
  });
  if (payload.jti !== jti) throw new Error('delivered under another name');
  const events = Object.entries(payload['events'] as Record<string, Record<string, unknown>>);
  const [[uri, event] = []] = events;
  if (uri === undefined || event === undefined || events.length !== 1) throw new Error('not one event');
  if (uri === verificationUri) return { jti, headSeq: Number(event['head_seq']), at: String(event['at']) };
  const kind = uri.slice(`${issuer}/events/`.length);
  if (kind !== 'refusal-placed' && kind !== 'refusal-lifted') throw new Error('an event nobody told us of');
  const subId = (payload['sub_id'] as { readonly id: string }).id;
  const opened = await open(String(event['sealed']), trusted);
  const version = Number(event['version']);
  if (opened.sub_id !== subId || opened.version !== version) throw new Error('sealed for somebody else');
  const { seq, prev, at } = event as { seq: number; prev: string | null; at: string };
  return { jti, seq, prev, kind, subId, version, at, ...(opened.iin !== undefined && { iin: opened.iin }) };
}

/** @throws when no day key of ours opens it */
export async function open(sealed: string, { dayKey }: Pick<Trusted, 'dayKey'>): Promise<OpenedItem> {
  const { plaintext } = await compactDecrypt(sealed, ({ kid }) => dayKey(kid ?? ''), {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  return JSON.parse(new TextDecoder().decode(plaintext)) as OpenedItem;
}
