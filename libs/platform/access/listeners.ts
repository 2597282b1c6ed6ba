/** The ways into an app, as its configuration names them. */
import assert from 'node:assert/strict';
import type { Config } from '../config.js';
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
