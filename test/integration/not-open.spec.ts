/** Before the opening, when refusals are still taken over: nobody is told anything that rests on them, and bureaus are fed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import { newId } from '#libs/journal/id.js';
import { assertionFor, call, iins, newWorld, type Channel, type World } from '../support/citizen-world.js';

const publicBase = 'http://127.0.0.1:18080';
const iin = iins.at(-1) ?? '';

let world: World;
let portal: Channel;
let gkb: Channel;
let apps: Readonly<Record<'citizen' | 'lender' | 'bureau', NestFastifyApplication>>;

beforeAll(async () => {
  world = await newWorld({ opens: false });
  const found = world.others.find(({ clientId }) => clientId === 'gkb');
  if (found === undefined) throw new Error('no gkb');
  gkb = found;
  portal = { ...world.portal, resource: publicBase };
  apps = {
    citizen: await world.startCitizen({ publicBase }),
    lender: await world.startLender(),
    bureau: await world.startBureau(),
  };
}, 60_000);
// No audit: it asks what only an open registry has.
afterAll(() => world.close());

const check = { iin, product: 'bank-loan', stage: 'decision', loanRef: 'A-1' };
const loan = {
  ...{ contractNumber: 'K-1', iin, product: 'bank-loan', amount: { value: '1.00', currency: 'KZT' } },
  ...{ signedAt: '2026-01-01T00:00:00Z', disbursedAt: '2026-01-01T00:00:00Z' },
};
const post = (app: keyof typeof apps, who: Channel, path: string, body: unknown): Promise<Response> =>
  call({ app: apps[app] }, who, {
    ...{ method: 'POST', path, body, key: randomUUID(), scope: 'citizen checks loans feed stamps' },
  });
const present = async (path: string, members: object = {}): Promise<Response> => {
  const citizenAssertion = await assertionFor(portal, iin, { aud: publicBase });
  return post('citizen', portal, path, { citizenAssertion, ...members });
};

describe('before the opening', () => {
  it.each([
    ['a check', () => post('lender', world.bank, '/v1/checks', check)],
    ['a batch', () => post('lender', world.bank, '/v1/check-batches', { items: [{ ref: '1', ...check }] })],
    ['a loan of a lender', () => post('lender', world.bank, '/v1/loans', loan)],
    [
      'a loan of a bureau',
      () => post('bureau', gkb, '/v1/loans', { items: [{ ...loan, lenderBin: '010140000004' }] }),
    ],
    [
      'a correction',
      () =>
        post('bureau', gkb, '/v1/corrections', {
          breachId: newId('brc', world.registryNow()),
          removedAt: '2026-01-01T00:00:00Z',
        }),
    ],
    ['a placing', () => present('/v1/applications', { kind: 'place', lockHours: 24, language: 'ru' })],
    ['whether a refusal is in force', () => present('/v1/refusal-status')],
  ])('%s is answered 503, to be asked again, and leaves nothing', async (_, act) => {
    const { size } = await sizes();
    const answer = await act();
    expect([answer.status, answer.body, answer.headers['retry-after']]).toMatchObject([
      503,
      { code: 'registry-not-open' },
      '60',
    ]);
    expect((await sizes()).size).toBe(size);
  });

  it('a bureau reads its stream', async () => {
    const answer = await call({ app: apps.bureau }, gkb, {
      ...{ method: 'GET', path: '/v1/streams', scope: 'feed' },
    });
    expect(answer.status).toBe(200);
  });
});

async function sizes(): Promise<{ readonly size: number }> {
  const { rows } = await world.database.superuser.query<{ size: number }>('SELECT size FROM journal_head');
  return rows[0] ?? { size: -1 };
}
