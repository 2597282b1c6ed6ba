/**
 * A channel's word that a citizen is present (`typ: tyiym-citizen+jwt`): signed by a live key of the very channel that
 * calls, for this app, about one person, now. It only ever identifies; nothing is loosened by it, because that needs
 * the citizen's own signature. Whatever is wrong with it, the answer is the same.
 */
import { createHash } from 'node:crypto';
import { decodeProtectedHeader, errors, importJWK, jwtVerify, type JWTPayload } from 'jose';
import { signingKeys, type Party, type PartyKey } from '#libs/party/party.js';
import { Problem, problemAt } from '#libs/problem/problem.js';
import { isIin, type Iin } from '#libs/subject/iin.js';
import type { IdentifiedBy } from '../applications/application.js';

/** The person a channel speaks for. */
export interface PresentCitizen {
  readonly iin: Iin;
  readonly method: IdentifiedBy;
  /** When the citizen signed in at the channel: seconds, machine time of the channel. */
  readonly authTime: number;
  /** Client id of the channel. */
  readonly channel: string;
}

/** A verified assertion; it counts once its `jti` has been used up. */
export interface CitizenAssertion {
  readonly citizen: PresentCitizen;
  /** base64url SHA-256 of `jti`: the channel may have written anything into it, an IIN too. */
  readonly jtiSha256: string;
  /** Machine time, ms, after which it is refused anyway. */
  readonly expiresAt: number;
}

export interface AssertionContext {
  /** The channel that calls, as its token says. */
  readonly channel: Party;
  /** The citizen app's resource. */
  readonly audience: string;
  /** Registry time, ms: which keys of the channel count. */
  readonly registryNow: number;
  /** Machine time, ms: the times of the assertion. */
  readonly now: number;
}

const algorithmOfKeyType: ReadonlyMap<unknown, string> = new Map([
  ['EC', 'ES256'],
  ['RSA', 'PS256'],
]);
const methods: readonly string[] = ['eds', 'sms', 'biometrics', 'qr'] satisfies IdentifiedBy[];
const iatWindowS = 30;
const maxLifetimeS = 300;
/** How old a sign-in may be: a channel's session of one day's use. An older one does not say that the citizen is present. */
const maxSignInAgeS = 12 * 3600;
const maxLength = 4096;
const maxJtiLength = 256;

/**
 * @throws {Problem} `citizen-assertion-missing` when there is none, `citizen-not-present` when anything is wrong
 */
export async function verifyCitizenAssertion(
  assertion: unknown,
  context: AssertionContext,
): Promise<CitizenAssertion> {
  if (assertion === undefined || assertion === null || assertion === '')
    throw problemAt('/citizenAssertion', 'citizen-assertion-missing');
  mustHold(typeof assertion === 'string' && assertion.length <= maxLength, 'no compact JWS');
  return readClaims(await verifiedPayload(assertion, context), context);
}

async function verifiedPayload(assertion: string, context: AssertionContext): Promise<JWTPayload> {
  let reason = 'no live key of the channel fits';
  for (const key of candidates(assertion, context)) {
    try {
      return await verifyWith(key, assertion, context);
    } catch (error) {
      reason = reasonOf(error);
    }
  }
  throw notPresent(reason);
}

/** The key the header names; without a name every live one, because two overlap during a rotation. */
function candidates(assertion: string, { channel, registryNow }: AssertionContext): PartyKey[] {
  const { kid } = headerOf(assertion);
  return signingKeys(channel, registryNow).filter((key) => kid === undefined || key.kid === kid);
}

function headerOf(assertion: string): { kid?: string } {
  try {
    return decodeProtectedHeader(assertion);
  } catch (error) {
    throw notPresent(reasonOf(error));
  }
}

async function verifyWith(key: PartyKey, assertion: string, context: AssertionContext): Promise<JWTPayload> {
  const algorithm = algorithmOfKeyType.get(key.jwk['kty']);
  mustHold(algorithm !== undefined, 'a key of another type');
  const { payload } = await jwtVerify(assertion, await importJWK({ ...key.jwk, alg: algorithm }, algorithm), {
    algorithms: [algorithm],
    typ: 'tyiym-citizen+jwt',
    issuer: context.channel.clientId,
    audience: context.audience,
    requiredClaims: ['iin', 'authTime', 'method', 'iat', 'exp', 'jti'],
    currentDate: new Date(context.now),
  });
  return payload;
}

function readClaims(payload: JWTPayload, { channel, now }: AssertionContext): CitizenAssertion {
  const { aud, iat, exp, jti, iin, authTime, method } = payload;
  const nowS = now / 1000;
  mustHold(typeof aud === 'string', 'more than one audience');
  mustHold(iat !== undefined && Math.abs(nowS - iat) <= iatWindowS, 'iat outside the window');
  mustHold(exp !== undefined && exp <= iat + maxLifetimeS, 'good for too long');
  mustHold(typeof jti === 'string' && jti !== '' && jti.length <= maxJtiLength, 'jti missing or too long');
  mustHold(isIin(iin), 'iin malformed');
  mustHold(isMethod(method), 'method unknown');
  mustHold(
    typeof authTime === 'number' && authTime <= nowS + iatWindowS && nowS - authTime <= maxSignInAgeS,
    'authTime missing, ahead or too long ago',
  );
  return {
    citizen: { iin, method, authTime, channel: channel.clientId },
    jtiSha256: createHash('sha256').update(jti).digest('base64url'),
    expiresAt: exp * 1000,
  };
}

function isMethod(value: unknown): value is IdentifiedBy {
  return typeof value === 'string' && methods.includes(value);
}

/** jose hangs the whole payload on its errors, and the payload holds the IIN: only the code of the error goes on. */
function reasonOf(error: unknown): string {
  return error instanceof errors.JOSEError ? error.code : 'the JWS cannot be read';
}

function notPresent(reason: string): Problem {
  return new Problem('citizen-not-present', { cause: new Error(reason) });
}

function mustHold(holds: boolean, reason: string): asserts holds {
  if (!holds) throw notPresent(reason);
}
