/**
 * A line between an app and its database that breaks where it is told to: before a statement reaches the server, or
 * after the server has done it and before its answer is back; by hanging up, or by falling silent with both ends open.
 * One that goes on only tells when somebody has come that far, in time to stop him there.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { DatabaseTarget } from '#libs/platform/database.js';

/** Where the line breaks, once. */
export interface Break {
  /** Text that the statement's message holds: its SQL, or the name it was prepared under. */
  readonly statement: string;
  readonly when: 'before it is sent' | 'before its answer';
  readonly how: 'hangs up' | 'falls silent' | 'goes on';
}

export interface BreakingProxy {
  /** The same database, over this line. */
  readonly target: DatabaseTarget;
  /** Arms a break; resolves when it has happened. `strike` is called in that very moment. */
  breakAt(where: Break, strike?: () => void): Promise<void>;
  /** Forgets a break that has not happened. */
  disarm(): void;
  /** From now on counts the messages that hold this text. */
  watch(statement: string): void;
  count(statement: string): number;
  /** From now on whoever connects is taken and never answered, until this is called with false. */
  swallow(isOn: boolean): void;
  /** Hangs up on whoever waits for an answer, whatever the server is doing for him. */
  cut(): void;
  close(): Promise<void>;
}

/** ReadyForQuery, outside of a transaction: inside of one, COMMIT may be under way behind the append's answer. */
const readyAndIdle = Buffer.from('Z\0\0\0\x05I', 'latin1');

interface Armed extends Break {
  done(): void;
}

/** Listens on 127.0.0.1 and passes everything on to `target` until it is told to break. */
export async function breakingProxy(target: DatabaseTarget): Promise<BreakingProxy> {
  const sockets = new Set<Socket>();
  const waiting = new Set<Socket>();
  const counts = new Map<string, number>();
  let armed: Armed | undefined;
  let isSwallowing = false;
  const server = createServer((near) => {
    if (isSwallowing) {
      sockets.add(near.on('error', () => undefined).resume());
      return;
    }
    const far = connect(target.port, target.host);
    let due: Armed | undefined;
    /** @returns whether the bytes at hand pass nevertheless. */
    const isPassing = (at: Armed): boolean => {
      due = undefined;
      at.done();
      if (at.how !== 'goes on') for (const socket of [near, far]) snap(socket, at.how);
      return at.how === 'goes on';
    };
    near.on('data', (bytes) => {
      waiting.add(near);
      for (const [name, count] of counts) if (bytes.includes(name)) counts.set(name, count + 1);
      if (armed !== undefined && bytes.includes(armed.statement)) {
        due = armed;
        armed = undefined;
        if (due.when === 'before it is sent' && !isPassing(due)) return;
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (bytes.subarray(-readyAndIdle.length).equals(readyAndIdle)) waiting.delete(near);
      if (due === undefined || isPassing(due)) near.write(bytes);
    });
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        waiting.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: { ...target, host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    breakAt: (where, strike) =>
      new Promise((happened) => {
        const done = (): void => {
          strike?.();
          happened();
        };
        armed = { ...where, done };
      }),
    disarm: () => {
      armed = undefined;
    },
    watch: (statement) => void counts.set(statement, 0),
    count: (statement) => counts.get(statement) ?? 0,
    swallow: (isOn) => {
      isSwallowing = isOn;
    },
    cut: () => hangUpOn(waiting),
    close: () => {
      hangUpOn(sockets);
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function hangUpOn(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

function snap(socket: Socket, how: 'hangs up' | 'falls silent'): void {
  if (how === 'hangs up') socket.destroy();
  else
    socket
      .removeAllListeners()
      .on('error', () => undefined)
      .resume();
}
