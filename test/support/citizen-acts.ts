/** What a citizen does through a channel, in one line each. */
import { randomUUID } from 'node:crypto';
import type { Response } from 'supertest';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { assertionFor, call, iins, signatureOf, type Channel, type World } from './citizen-world.js';

export interface Somebody {
  readonly iin: string;
  readonly person: Credential;
}

type Members = Readonly<Record<string, unknown>>;

export interface CitizenActs {
  /** A person nobody has met yet, with a certificate. */
  somebody(): Promise<Somebody>;
  open(iin: string, wish: Members, channel?: Channel): Promise<Response>;
  sign(applicationId: string, cms: string, channel?: Channel): Promise<Response>;
  /** Opens and signs; the answer to the signature, or to the opening when that failed. */
  act(who: Somebody, wish: Members): Promise<Response>;
  /** A call whose body holds an assertion of the portal, with a fresh key. */
  present(path: string, iin: string, members?: Members): Promise<Response>;
  progress(applicationId: string, query?: string, channel?: Channel): Promise<Response>;
}

export function citizenActs(world: World): CitizenActs {
  let met = 0;
  const present: CitizenActs['present'] = async (path, iin, members = {}) =>
    call(world, world.portal, {
      ...{ method: 'POST', path, key: randomUUID() },
      body: { citizenAssertion: await assertionFor(world.portal, iin), ...members },
    });
  const open: CitizenActs['open'] = async (iin, wish, channel = world.portal) =>
    call(world, channel, {
      ...{ method: 'POST', path: '/v1/applications', key: randomUUID() },
      body: { citizenAssertion: await assertionFor(channel, iin), language: 'ru', ...wish },
    });
  const sign: CitizenActs['sign'] = (applicationId, cms, channel = world.portal) =>
    call(world, channel, {
      ...{ method: 'PUT', path: `/v1/applications/${applicationId}/signature`, body: { cms } },
    });
  return {
    ...{ present, open, sign },
    somebody: async () => {
      const iin = iins[met++];
      if (iin === undefined) throw new Error('nobody left');
      return { iin, person: await world.issue(iin) };
    },
    act: async ({ iin, person }, wish) => {
      const opened = await open(iin, wish);
      if (opened.status !== 201) return opened;
      const { applicationId, document } = opened.body as Opened;
      return sign(applicationId, await signatureOf(person, document));
    },
    progress: (applicationId, query = '', channel = world.portal) =>
      call(world, channel, { method: 'GET', path: `/v1/applications/${applicationId}${query}` }),
  };
}
