/**
 * A machine client in the tests: makes tokens as the authorization server would, and DPoP proofs as a party would,
 * with every member replaceable, so that a spec can say in one line what is wrong with this one.
 */
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export interface KeyPair {
  readonly alg: 'ES256' | 'PS256';
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
  readonly privateKey: CryptoKey;
  readonly kid: string;
}

export async function newKeyPair(alg: 'ES256' | 'PS256' = 'ES256'): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  return { alg, publicJwk, privateJwk: await exportJWK(privateKey), privateKey, kid };
}

/** Members to replace or, when undefined, to leave out. */
type Changes = Readonly<Record<string, unknown>>;

function changed(members: Changes, changes: Changes): Record<string, unknown> {
  const entries = Object.entries({ ...members, ...changes });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

export interface SignedChanges {
  readonly header?: Changes;
  readonly claims?: Changes;
}

async function signed(key: KeyPair, header: Changes, claims: Changes): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg: key.alg, ...header }).sign(key.privateKey);
}

/** An `at+jwt` of `issuerKey`; `claims` must bring iss, aud, client_id and cnf, or the token is as wrong as they are. */
export async function accessToken(
  issuerKey: KeyPair,
  nowMs: number,
  changes: SignedChanges = {},
): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  const header = changed({ kid: issuerKey.kid, typ: 'at+jwt' }, changes.header ?? {});
  return await signed(
    issuerKey,
    header,
    changed({ iat, exp: iat + 300, jti: randomUUID() }, changes.claims ?? {}),
  );
}

export interface ProofOf {
  readonly method: string;
  readonly url: string;
  readonly accessToken?: string;
  readonly nonce?: string;
}

/** A DPoP proof (RFC 9449 §4.2). */
export async function dpopProof(
  key: KeyPair,
  of: ProofOf,
  nowMs: number,
  changes: SignedChanges = {},
): Promise<string> {
  const ath =
    of.accessToken === undefined
      ? undefined
      : createHash('sha256').update(of.accessToken).digest('base64url');
  const claims = {
    jti: randomUUID(),
    htm: of.method,
    htu: of.url,
    iat: Math.floor(nowMs / 1000),
    ath,
    nonce: of.nonce,
  };
  const header = changed({ typ: 'dpop+jwt', jwk: key.publicJwk }, changes.header ?? {});
  return await signed(key, header, changed(claims, changes.claims ?? {}));
}
