/** The head keys of the registry, out of verified acts: a row of a table makes no key. */
import type { PublishedHeadKey, PublishedHeadKeys } from '#libs/journal/proven-entry.js';
import type { HeadKey } from '#libs/journal/verify-head.js';
import type { Registry } from './registry.js';

/** Every head key with its life; one that was retired or compromised ends there. */
export function headKeysOf({ signingKeys }: Pick<Registry, 'signingKeys'>): PublishedHeadKeys {
  const heads = [...signingKeys.values()].filter(({ purpose }) => purpose.startsWith('head/'));
  return new Map(
    heads.map(({ kid, jwk, purpose, kinds, ...life }): [string, PublishedHeadKey] => {
      const { notBefore, expiresAt, retiredAt = Infinity, revokedAt = Infinity } = life;
      const endsAt = Math.min(expiresAt, retiredAt, revokedAt);
      const inSeconds = { nbf: Math.floor(notBefore / 1000), exp: Math.floor(endsAt / 1000) };
      const key = { ...jwk, kid, purpose, kinds, ...inSeconds } as HeadKey;
      return [kid, { key, notBefore, endsAt }];
    }),
  );
}
