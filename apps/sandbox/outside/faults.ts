/** The switches that make the outside world fail, so that failures are played here and never by a special number. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refused } from './refused.js';
import { exactly } from './server.js';

/** What each part can be made to do; `none` is as it should be. */
export const faultModes = {
  /** stale: a list whose `nextUpdate` has just passed. */
  crl: ['none', 'down', 'slow', 'stale', 'garbage'],
  /** stale: the codes and tokens it gives have already expired. */
  idp: ['none', 'down', 'slow', 'stale', 'garbage'],
  /** down: it has no network; slow: it sends late; garbage: what it sends is no signature. */
  phone: ['none', 'down', 'slow', 'garbage'],
} as const;

export type FaultTarget = keyof typeof faultModes;
export type FaultMode = (typeof faultModes)[FaultTarget][number];

export class Faults {
  private readonly modes: Record<FaultTarget, FaultMode> = { crl: 'none', idp: 'none', phone: 'none' };

  /** @param slowMs more than any time-out of the registry's clients */
  constructor(private readonly slowMs = 8_000) {}

  modeOf(target: FaultTarget): FaultMode {
    return this.modes[target];
  }

  all(): Readonly<Record<FaultTarget, FaultMode>> {
    return this.modes;
  }

  /** @throws Refused 400 for a mode this part has not. */
  set(target: FaultTarget, mode: FaultMode): void {
    const possible: readonly FaultMode[] = faultModes[target];
    if (!possible.includes(mode)) throw new Refused(400, `${target} can be: ${possible.join(', ')}`);
    this.modes[target] = mode;
  }

  /** Waits as long as a slow part makes others wait; does not keep the process alive. */
  async beSlow(): Promise<void> {
    await pause(this.slowMs, undefined, { ref: false });
  }

  /** A hook for the routes of a part: down closes the connection unanswered, garbage answers 200 with what is none. */
  strike(target: FaultTarget): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
    return async (request, reply) => {
      const mode = this.modeOf(target);
      if (mode === 'slow') await this.beSlow();
      if (mode === 'garbage')
        return reply.type('application/octet-stream').send('\u0000 not what was asked for');
      if (mode !== 'down') return undefined;
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    };
  }
}

/** `GET` and `POST /sandbox/faults`. */
export function faultRoutes(app: FastifyInstance, faults: Faults): void {
  const body = exactly({
    target: { enum: Object.keys(faultModes) },
    mode: { enum: faultModes.crl },
  });
  app.get('/sandbox/faults', async () => faults.all());
  app.post<{ Body: { target: FaultTarget; mode: FaultMode } }>(
    '/sandbox/faults',
    { schema: { body } },
    async (request) => {
      faults.set(request.body.target, request.body.mode);
      return faults.all();
    },
  );
}
