/** DPoP proofs signed before a round, each good for one call and for half a minute (RFC 9449). */
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Job } from './job.js';

/** One proof a call, in their order. */
export function signProofs(
  { keyFile, token }: NonNullable<Job['dpop']>,
  calls: readonly { readonly method: string; readonly url: string }[],
  nonce = '',
): readonly string[] {
  const key = createPrivateKey(readFileSync(keyFile));
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y } });
  const ath = createHash('sha256').update(token).digest('base64url');
  const iat = Math.floor(Date.now() / 1000);
  return calls.map(({ method, url }) => {
    const text = `${header}.${part({ jti: randomUUID(), htm: method, htu: url, iat, ath, nonce })}`;
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  });
}
