/** Keys are named by their thumbprints (RFC 7638), so a name can never point at another key. */
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Change } from './change.js';
import { ActRefused } from './members.js';

/** @throws ActRefused when a key of the change has another name. */
export async function assertThumbprints({ body }: Pick<Change, 'body'>): Promise<void> {
  const party = body['party'] as { keys?: unknown } | undefined;
  const keys = [body, body['added'], ...(Array.isArray(party?.keys) ? (party.keys as unknown[]) : [])] as {
    kid?: unknown;
    jwk?: JWK;
  }[];
  for (const key of keys) {
    if (key?.jwk === undefined) continue;
    const thumbprint = await calculateJwkThumbprint(key.jwk).catch(() => undefined);
    if (key.kid !== thumbprint) throw new ActRefused('kid is not the RFC 7638 thumbprint of jwk');
  }
}
