/**
 * How many connections a listener keeps open, in all and of one network address. When there is no room the one that has
 * been open longest without a verified caller makes it, so that connections which are only held open keep no client out
 * that calls, and those of known parties stay.
 */
import type { Server, Socket } from 'node:net';
import { Counter } from 'prom-client';
import { networkOf } from './limits/caller-address.js';
import { metrics } from './metrics.js';

const closed = new Counter({
  name: 'tyiym_connections_closed_total',
  help: 'Connections closed because there were too many, by what was full: one address or the listener.',
  labelNames: ['full'],
  registers: [metrics],
});

export interface ConnectionBounds {
  readonly total: number;
  readonly perAddress: number;
  /** Whether all of this address come in the name of others, as a proxy's do: then only `total` counts. */
  readonly isShared: (address: string | undefined) => boolean;
}

/** One connection of which no verified caller is known yet. */
interface Stranger {
  readonly socket: Socket;
  /** Ends its being one. */
  readonly leave: () => void;
}

/** What is open, in all or of one address; strangers in the order in which they came. */
interface Open {
  count: number;
  readonly strangers: Set<Stranger>;
}

/** Begins to count the connections of a listener, from before their TLS handshake. */
export function boundConnections(server: Server, { total, perAddress, isShared }: ConnectionBounds): void {
  const all: Open = { count: 0, strangers: new Set() };
  const byNetwork = new Map<string, Open>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    const network = networkOf(remoteAddress);
    const own = byNetwork.get(network) ?? { count: 0, strangers: new Set() };
    const isAddressFull = own.count >= perAddress && !isShared(remoteAddress);
    if ((isAddressFull && !makeRoom(own, 'address')) || (all.count >= total && !makeRoom(all, 'listener')))
      return void socket.destroy();
    byNetwork.set(network, own);
    const leaveAll = enter(socket, [own, all]);
    socket.once('close', () => {
      leaveAll();
      all.count -= 1;
      own.count -= 1;
      if (own.count === 0 && byNetwork.get(network) === own) byNetwork.delete(network);
    });
  });
}

function enter(socket: Socket, places: readonly Open[]): () => void {
  const place = placeOf(socket);
  const leave = (): void => {
    for (const { strangers } of places) strangers.delete(stranger);
    leaving.delete(place);
  };
  const stranger = { socket, leave };
  for (const open of places) {
    open.count += 1;
    open.strangers.add(stranger);
  }
  leaving.set(place, leave);
  return leave;
}

/** Closes the stranger that has been there longest; whether there was one. */
function makeRoom({ strangers: [first] }: Open, full: string): boolean {
  closed.inc({ full });
  first?.leave();
  first?.socket.destroy();
  return first !== undefined;
}

/** By where they come from, because a connection and the TLS in it are two sockets. */
const leaving = new Map<string, () => void>();
const known = new WeakSet<object>();

type Place = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localPort'>;

/** A verified caller called by this connection: it stays. */
export function callerIsKnown(socket: Place): void {
  if (known.has(socket)) return;
  known.add(socket);
  leaving.get(placeOf(socket))?.();
}

function placeOf({ remoteAddress, remotePort, localPort }: Place): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
