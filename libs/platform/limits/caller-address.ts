/** From which network a call comes, where nobody is known yet. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isOfProxy, listenerOf, type Connection, type HeaderValue, type Listener } from '../access/mtls.js';

/** The ways into an app, as far as an address depends on them. */
export interface Ways {
  readonly plain: Pick<Listener, 'proxies'>;
  readonly tls?: Pick<Listener, 'proxies'> | undefined;
}

/** A request as far as its address is looked at. */
export interface Located {
  readonly socket: Connection;
  readonly forwardedFor: HeaderValue;
}

/**
 * The IPv4 address, or the /64 of an IPv6 address, which one caller has to himself. `X-Forwarded-For` counts only from
 * a proxy of the listener, and of it only the last address, which that proxy put there; the rest is anybody's claim.
 */
export function callerAddress({ socket, forwardedFor }: Located, ways: Ways): string {
  const last = [forwardedFor ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  const address =
    isIP(last) !== 0 && isOfProxy(socket, listenerOf(socket, ways)) ? last : (socket.remoteAddress ?? '');
  return networkOf(address);
}

/** The IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = ipaddr.fromByteArray(parsed.toByteArray().fill(0, 8));
  return `${network.toString()}/64`;
}
