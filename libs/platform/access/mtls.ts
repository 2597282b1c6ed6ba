/**
 * Which client certificate came with a request (RFC 8705): the one of the TLS connection, or the `Client-Cert` header
 * of RFC 9440, and that only from a proxy that the listener's configuration names; of anybody else it is a claim.
 */
import { createHash } from 'node:crypto';
import type { BlockList } from 'node:net';
import { isInList } from '../address-list.js';

/** One way into the app. */
export interface Listener {
  /** Public base URL of this listener, no final slash; `htu` of proofs starts with it. */
  readonly publicBase: string;
  /** Where proxies call from that end TLS in front of it and set `Client-Cert` themselves. Absent: there are none. */
  readonly proxies?: BlockList | undefined;
}

/** The ways into an app: `plain` is HTTP (or a proxy's connections), `tls` its own mutual-TLS listener. */
export interface Listeners {
  readonly plain: Listener;
  readonly tls?: Listener | undefined;
}

/** What is asked of a connection: a `net.Socket`, or a `tls.TLSSocket` that may know its peer's certificate. */
export interface Connection {
  readonly destroyed: boolean;
  readonly encrypted?: boolean;
  readonly remoteAddress?: string | undefined;
  getPeerX509Certificate?(): { readonly raw: Buffer } | undefined;
}

/** A header value as node gives it. */
export type HeaderValue = string | string[] | undefined;

/** `x5t#S256`: base64url SHA-256 of the DER certificate (RFC 8705 §3.1). */
export function thumbprintOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('base64url');
}

/** The listener that a connection came in by. */
export function listenerOf<L>(
  connection: Connection,
  listeners: { readonly plain: L; readonly tls?: L | undefined },
): L {
  return (connection.encrypted === true ? listeners.tls : undefined) ?? listeners.plain;
}

/** Whether the connection comes from a proxy of the listener, which is believed what it says of its callers. */
export function isOfProxy({ remoteAddress }: Connection, { proxies }: Pick<Listener, 'proxies'>): boolean {
  return proxies !== undefined && isInList(proxies, remoteAddress);
}

/** DER of the certificate the caller presented, or undefined: none, or one we cannot read. */
export function certificateOf(
  listener: Pick<Listener, 'proxies'>,
  connection: Connection,
  clientCert: HeaderValue,
): Buffer | undefined {
  return isOfProxy(connection, listener)
    ? readClientCert(clientCert)
    : connection.getPeerX509Certificate?.()?.raw;
}

/** Its thumbprint. */
export function presentedCertificate(
  listener: Pick<Listener, 'proxies'>,
  connection: Connection,
  clientCert: HeaderValue,
): string | undefined {
  const isProxied = isOfProxy(connection, listener);
  const known = isProxied ? undefined : seen.get(connection);
  if (known !== undefined) return known;
  const der = certificateOf(listener, connection, clientCert);
  if (der === undefined) return undefined;
  const thumbprint = thumbprintOf(der);
  if (!isProxied) seen.set(connection, thumbprint);
  return thumbprint;
}

// Hashed once a connection, because whoever proved the key at the handshake holds the connection.
const seen = new WeakMap<Connection, string>();

/** RFC 9440 §2.1: one structured-field byte sequence, `:` base64 `:`. */
function readClientCert(value: HeaderValue): Buffer | undefined {
  if (typeof value !== 'string' || value.length > 16_384) return undefined;
  const base64 = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value.trim())?.[1];
  if (base64 === undefined || base64.length % 4 !== 0) return undefined;
  return Buffer.from(base64, 'base64');
}
