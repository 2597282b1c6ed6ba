/**
 * The public keys of the authorization server, fetched over HTTP. Keys once fetched keep working while the server is
 * away, because a registry that stops answering checks with it would be worse than one that trusts a key of five
 * minutes ago; without any keys the answer is 503, never 401, because the caller did nothing wrong.
 */
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from 'jose';
import { Problem } from '#libs/problem/problem.js';

const reloadAfterMs = 300_000;
const timeoutMs = 2_000;
/** Between two reloads for a `kid` nobody knows, so that invented ones cannot make us hammer the server. */
const cooldownMs = 5_000;

/**
 * @param issuer base URL; the keys are at `<issuer>/jwks`
 * @param now machine time, ms
 * @throws {Problem} (the returned function) `registry-unavailable` when there are no keys and none can be fetched
 */
export function issuerKeys(issuer: string, now: () => number, fetch?: FetchImplementation): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(`${issuer}/jwks`), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: Infinity,
    ...(fetch === undefined ? {} : { [customFetch]: fetch }),
  });
  let askedAt = now();

  return async (header, token) => {
    if (remote.jwks() !== undefined && now() - askedAt > reloadAfterMs) {
      askedAt = now();
      // Not awaited and allowed to fail: the keys at hand serve until newer ones are there.
      remote.reload().catch(() => undefined);
    }
    try {
      return await remote(header, token);
    } catch (error) {
      if (isFaultOfToken(error)) throw error;
      throw new Problem('registry-unavailable', { cause: error });
    }
  };
}

/** A `kid` that nobody published, or none where several keys are: the token is wrong, not the server away. */
function isFaultOfToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
}
