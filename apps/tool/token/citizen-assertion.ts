/** A channel's word that a citizen is present, as the channel makes it (contract 3.2). Good for one call. */
import { SignJWT, type CryptoKey } from 'jose';

export interface AssertionOf {
  /** Client id of the channel. */
  readonly clientId: string;
  readonly kid: string;
  /** The citizen app's resource. */
  readonly audience: string;
  readonly iin: string;
  readonly method: string;
  /** Machine time, seconds. */
  readonly nowS: number;
  /** Never the same twice. */
  readonly jti: string;
}

/** @returns a compact JWS */
export async function makeCitizenAssertion(of: AssertionOf, key: CryptoKey): Promise<string> {
  const { clientId, kid, audience, iin, method, nowS, jti } = of;
  const claims = { iin, authTime: nowS, method, jti, iat: nowS, exp: nowS + 300 };
  return await new SignJWT({ iss: clientId, aud: audience, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'tyiym-citizen+jwt', kid })
    .sign(key);
}
