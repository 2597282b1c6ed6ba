/**
 * The authority's test contour, once end to end: its people have numbers without a right control digit, and a registry that
 * was told of them places, answers, lifts and proves as for everybody else. Its authority is played here, with the names,
 * the extensions and the missing path length of the published certificates (docs/counterparts.md).
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { admitTestNumbers, isIin } from '#libs/subject/iin.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { call, newWorld, type World } from '../support/citizen-world.js';

/** As in `IIN123456789011` of the published test certificates. */
const testPerson = '123456789011';
const stranger = '123456789012';
let world: World;
let acts: CitizenActs;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
}, 60_000);

auditAfterEach(() => world);
afterAll(() => world.close());

const place = { kind: 'place', lockHours: 24 };

describe('a person of the test contour', () => {
  it('is nobody until a process is told of their number', async () => {
    expect(isIin(testPerson)).toBe(false);
    expect((await acts.open(testPerson, place)).status).toBe(403);
  });

  it('places, and is refused everywhere, once the registry is told', async () => {
    admitTestNumbers([testPerson]);
    const person = await world.issue(testPerson);
    const signed = await acts.act({ iin: testPerson, person }, place);
    expect([signed.status, (signed.body as { state: string }).state]).toEqual([200, 'in-force']);
    const lender = await world.startLender();
    const asking = (iin: string): ReturnType<typeof call> =>
      call({ app: lender }, world.bank, {
        ...{ method: 'POST', path: '/v1/checks', scope: 'checks', key: randomUUID() },
        body: { iin, product: 'bank-loan', stage: 'decision', loanRef: 'contour' },
      });
    const check = await asking(testPerson);
    expect([check.status, (check.body as { verdict: string }).verdict]).toEqual([201, 'refused']);
    const other = await asking(stranger);
    expect([other.status, (other.body as { code: string }).code]).toEqual([422, 'iin-malformed']);
  });

  it('is never the sentinel, nor anything but twelve digits', () => {
    for (const number of ['000000000000', '12345678901', '12345678901x', ''])
      expect(() => admitTestNumbers([number])).toThrow('a test number is twelve digits');
    expect(isIin('000000000000')).toBe(false);
  });
});
