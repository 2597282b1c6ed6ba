/** The ways into an app, as its configuration names them. */
import assert from 'node:assert/strict';
import type { Config } from '../config.js';
import type { Ways } from '../limits/caller-address.js';
import type { Listeners } from './mtls.js';

export function listenersOf(config: Pick<Config, 'publicBase' | 'listen' | 'listenTls'>): Listeners {
  const { publicBase, listen, listenTls } = config;
  assert(publicBase !== undefined, 'publicBase: an app with callers needs it');
  return {
    plain: { publicBase, behindProxy: listen?.behindProxy ?? false },
    ...(listenTls && {
      tls: { publicBase: listenTls.publicBase, behindProxy: listenTls.behindProxy ?? false },
    }),
  };
}

/** What the address of a caller depends on, of an app with or without callers that are known. */
export function waysOf({ listen, listenTls }: Pick<Config, 'listen' | 'listenTls'>): Ways {
  return {
    plain: { behindProxy: listen?.behindProxy ?? false },
    ...(listenTls && { tls: { behindProxy: listenTls.behindProxy ?? false } }),
  };
}
