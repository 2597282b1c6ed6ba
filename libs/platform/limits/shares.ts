/** What calls that are under way take up, by who holds the share, and given back when they end. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export class Shares {
  private readonly taken = new Map<string, number>();
  /** Of each connection what is to be given back when it closes: node tells a queued response nothing of it. */
  private readonly ofSocket = new WeakMap<Socket, Set<() => void>>();

  /** @param most of one holder */
  constructor(private readonly most: number) {}

  /** Takes so much until the response is closed, or its connection. False: as much is taken already. */
  take(holder: string, amount: number, { socket }: IncomingMessage, response: ServerResponse): boolean {
    const held = this.taken.get(holder) ?? 0;
    if (held + amount > this.most) return false;
    this.taken.set(holder, held + amount);
    const ofSocket = this.ofSocket.get(socket) ?? this.watch(socket);
    const giveBack = (): void => {
      if (!ofSocket.delete(giveBack)) return;
      const left = (this.taken.get(holder) ?? 0) - amount;
      if (left > 0) this.taken.set(holder, left);
      else this.taken.delete(holder);
    };
    ofSocket.add(giveBack);
    response.once('close', giveBack);
    return true;
  }

  private watch(socket: Socket): Set<() => void> {
    const ofSocket = new Set<() => void>();
    this.ofSocket.set(socket, ofSocket);
    socket.once('close', () => {
      for (const giveBack of [...ofSocket]) giveBack();
    });
    return ofSocket;
  }
}
