/** The citizen's path over HTTP and real PostgreSQL: open, sign, in force; lift, wait, lifted; and everything that must not work. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { Response } from 'supertest';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import {
  assertionFor,
  call,
  iins,
  newWorld,
  signatureOf,
  type Call,
  type Channel,
  type World,
} from '../support/citizen-world.js';

let world: World;
let clerk: INestApplicationContext;
let nextIin = 0;

beforeAll(async () => {
  world = await newWorld();
  clerk = await world.startClerk();
}, 120_000);

afterAll(async () => {
  await clerk.close();
  await world.close();
});

/** Somebody nobody has met yet. */
async function somebody(): Promise<{ iin: string; person: Credential }> {
  const iin = iins[nextIin++];
  if (iin === undefined) throw new Error('no IIN left');
  return { iin, person: await world.issue(iin) };
}

const key = (): string => randomUUID();
const portalCalls = (what: Call): Promise<Response> => call(world, world.portal, what);

async function open(
  iin: string,
  wish: Readonly<Record<string, unknown>>,
  channel: Channel = world.portal,
): Promise<Response> {
  const citizenAssertion = await assertionFor(channel, iin);
  return call(world, channel, {
    method: 'POST',
    path: '/v1/applications',
    key: key(),
    body: { citizenAssertion, language: 'ru', ...wish },
  });
}

function sign(applicationId: string, cms: string, channel: Channel = world.portal): Promise<Response> {
  return call(world, channel, {
    method: 'PUT',
    path: `/v1/applications/${applicationId}/signature`,
    body: { cms },
  });
}

/** Opens and signs; gives the answer to the signature. */
async function act(
  { iin, person }: { iin: string; person: Credential },
  wish: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const answer = await open(iin, wish);
  if (answer.status !== 201) { console.log(answer.status, answer.body, world.logged.slice(-5)); return answer; }
  const opened = answer.body as Opened;
  return sign(opened.applicationId, await signatureOf(person, opened.document));
}

describe('the citizen path', () => {
  it('places, waits the lock, lifts', async () => {
    const who = await somebody();
    const placed = await act(who, { kind: 'place', lockHours: 24 });
    expect(placed.body).toMatchObject({ state: 'in-force', refusal: { version: 1, lockHours: 24 } });
    const asked = await act(who, { kind: 'lift' });
    expect(asked.body).toMatchObject({
      state: 'lift-pending',
      refusal: { state: 'lift-pending', version: 1 },
    });
  });
});
