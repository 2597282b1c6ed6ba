/**
 * The outside world of the sandbox on one port: the certification authority's addresses, people's phones, eGov's
 * identity provider, the clock and the switches. The registry meets it over the wire only, as it would meet the real.
 */
import assert from 'node:assert';
import type { FastifyInstance } from 'fastify';
import { type Clock, machineClock } from '#libs/platform/clock.js';
import type { Authority } from '../nca/nca.js';
import { phoneRoutes } from '../phone/phone-routes.js';
import { Phone } from '../phone/phone.js';
import { clockRoutes } from './clock-routes.js';
import { Faults, faultRoutes } from './faults.js';
import { type IdpClient, idpRoutes } from './idp-routes.js';
import { indexRoute } from './index-page.js';
import { ncaRoutes } from './nca-routes.js';
import type { Person } from './people.js';
import { Refused } from './refused.js';
import { Revocations } from './revocations.js';
import { createServer } from './server.js';
import { tellWitness } from './witness-clock.js';

export interface OutsideOptions {
  readonly host: string;
  readonly port: number;
  /** What others call it by, without a final slash. */
  readonly base: string;
  /** Public base URL of the citizen app: the one place a phone calls. */
  readonly citizenBase: string;
  /** Registry time in ms. */
  readonly registryNow: () => Promise<number>;
  /** Raises the offset of registry time; resolves to registry time in ms afterwards. */
  readonly advanceClock: (hours: number) => Promise<number>;
  readonly authority: Authority;
  /** Citizens and officials; names are unique. */
  readonly people: readonly Person[];
  /** Keeps `revocations.json`; made 0700 if missing. */
  readonly stateDir: string;
  /** The regulator's witness, whose clock is the world's; none in most specs. */
  readonly witnessBase?: string;
  /** Our citizen pages, as eGov knows them. */
  readonly egovIdp: IdpClient;
  /** Machine time, for codes and tokens. */
  readonly clock?: Clock;
  /** How slow `slow` is; default 8 000. */
  readonly slowMs?: number;
}

/** Starts it. @throws Error of Node (`EADDRINUSE` …) when it cannot listen */
export async function startOutside(options: OutsideOptions): Promise<{ close(): Promise<void> }> {
  const app = createOutside(options);
  await app.listen({ host: options.host, port: options.port });
  return { close: () => app.close() };
}

/** The same without a port: what specs talk to. */
export function createOutside(options: OutsideOptions): FastifyInstance {
  const { authority, people, citizenBase, base, egovIdp } = options;
  assert.equal(new Set(people.map(({ name }) => name)).size, people.length, 'two people have one name');
  const registryNow = (): Promise<number> => told(options.registryNow());
  const advanceClock = (hours: number): Promise<number> => told(options.advanceClock(hours));
  const revocations = new Revocations({ ...options, registryNow });
  const faults = new Faults(options.slowMs);
  const phone = new Phone({ citizenBase, registryNow });
  const app = createServer();
  app.addHook('onClose', () => phone.close());
  indexRoute(app, { base, citizenBase });
  ncaRoutes(app, { authority, people, revocations, faults });
  idpRoutes(app, { client: egovIdp, people, faults, clock: options.clock ?? machineClock });
  phoneRoutes(app, { phone, people, faults });
  const follow = () => Promise.all([revocations.renew(), tellWitness(options.witnessBase)]);
  clockRoutes(app, { registryNow, advanceClock, follow });
  faultRoutes(app, faults);
  return app;
}

/** The instant, if the registry's database gave one. @throws Refused 503 */
async function told(asked: Promise<number>): Promise<number> {
  const at = await asked.catch((cause: unknown) => {
    throw new Refused(503, 'registry time cannot be asked now', { cause });
  });
  assert(Number.isFinite(at), 'registry time is an instant');
  return at;
}
