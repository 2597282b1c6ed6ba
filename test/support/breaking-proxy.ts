/**
 * A line between an app and its database that breaks where it is told to: before a statement reaches the server, or
 * after the server has done it and before its answer is back; by hanging up, or by falling silent with both ends open.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { DatabaseTarget } from '#libs/platform/database.js';

/** Where the line breaks, once. */
export interface Break {
  /** Text that the statement's message holds: its SQL, or the name it was prepared under. */
  readonly statement: string;
  readonly when: 'before it is sent' | 'before its answer';
  readonly how: 'hangs up' | 'falls silent';
}

export interface BreakingProxy {
  /** The same database, over this line. */
  readonly target: DatabaseTarget;
  /** Arms a break; resolves when it has happened. */
  breakAt(where: Break): Promise<void>;
  /** From now on whoever connects is taken and never answered, until this is called with false. */
  swallow(isOn: boolean): void;
  close(): Promise<void>;
}

interface Armed extends Break {
  done(): void;
}

/** Listens on 127.0.0.1 and passes everything on to `target` until it is told to break. */
export async function breakingProxy(target: DatabaseTarget): Promise<BreakingProxy> {
  const sockets = new Set<Socket>();
  let armed: Armed | undefined;
  let isSwallowing = false;
  const server = createServer((near) => {
    if (isSwallowing) {
      sockets.add(near.on('error', () => undefined).resume());
      return;
    }
    const far = connect(target.port, target.host);
    let due: Armed | undefined;
    const snap = (at: Armed): void => {
      at.done();
      for (const socket of [near, far]) {
        if (at.how === 'hangs up') socket.destroy();
        else
          socket
            .removeAllListeners()
            .on('error', () => undefined)
            .resume();
      }
    };
    near.on('data', (bytes) => {
      if (armed !== undefined && bytes.includes(armed.statement)) {
        due = armed;
        armed = undefined;
        if (due.when === 'before it is sent') return snap(due);
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => (due === undefined ? near.write(bytes) : snap(due)));
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: { ...target, host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    breakAt: (where) =>
      new Promise((done) => {
        armed = { ...where, done };
      }),
    swallow: (isOn) => {
      isSwallowing = isOn;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
