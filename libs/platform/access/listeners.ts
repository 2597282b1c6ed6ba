/** The ways into an app, as its configuration names them. */
import assert from 'node:assert/strict';
import { addressList } from '../address-list.js';
import type { Config, ListenConfig } from '../config.js';
import type { Ways } from '../limits/caller-address.js';
import type { Listener, Listeners } from './mtls.js';

export function listenersOf(config: Pick<Config, 'publicBase' | 'listen' | 'listenTls'>): Listeners {
  const { publicBase, listen, listenTls } = config;
  assert(publicBase !== undefined, 'publicBase: an app with callers needs it');
  return {
    plain: { publicBase, ...proxiesOf(listen) },
    ...(listenTls && { tls: { publicBase: listenTls.publicBase, ...proxiesOf(listenTls) } }),
  };
}

/** What the address of a caller depends on, of an app with or without callers that are known. */
export function waysOf({ listen, listenTls }: Pick<Config, 'listen' | 'listenTls'>): Ways {
  return { plain: proxiesOf(listen), ...(listenTls && { tls: proxiesOf(listenTls) }) };
}

function proxiesOf(listen: ListenConfig | undefined): Pick<Listener, 'proxies'> {
  return listen?.proxies === undefined ? {} : { proxies: addressList(listen.proxies) };
}
