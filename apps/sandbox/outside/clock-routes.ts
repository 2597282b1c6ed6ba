/** The sandbox's clock: moves registry time forward and answers when the outside world has followed. */
import type { FastifyInstance } from 'fastify';
import { formatInstant } from '#libs/journal/instant.js';
import { exactly } from './server.js';

export interface ClockParts {
  readonly registryNow: () => Promise<number>;
  /** Raises the offset of registry time; resolves to registry time in ms afterwards. */
  readonly advanceClock: (hours: number) => Promise<number>;
  /** What must be made anew before the answer. */
  readonly follow: () => Promise<unknown>;
}

const maxHours = 2160;

/** `GET` and `POST /sandbox/clock {advanceHours: 1–2160}` → `{registryNow}`. */
export function clockRoutes(app: FastifyInstance, { registryNow, advanceClock, follow }: ClockParts): void {
  const body = exactly({ advanceHours: { type: 'integer', minimum: 1, maximum: maxHours } });
  app.get('/sandbox/clock', async () => ({ registryNow: formatInstant(await registryNow()) }));
  app.post<{ Body: { advanceHours: number } }>('/sandbox/clock', { schema: { body } }, async (request) => {
    const at = await advanceClock(request.body.advanceHours);
    await follow();
    return { registryNow: formatInstant(at) };
  });
}
