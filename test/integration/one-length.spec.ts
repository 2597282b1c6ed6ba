/** What an observer of the encrypted line sees of checks: refused and clear persons are answered in as many bytes. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs } from '../support/citizen-acts.js';
import { call, newWorld, type World } from '../support/citizen-world.js';

let world: World;
let lender: NestFastifyApplication;
let refused: string[];
let clear: string[];

beforeAll(async () => {
  world = await newWorld();
  lender = await world.startLender();
  const acts = citizenActs(world);
  const people = await Promise.all(Array.from({ length: 12 }, () => acts.somebody()));
  refused = people.slice(0, 6).map(({ iin }) => iin);
  clear = people.slice(6).map(({ iin }) => iin);
  for (const who of people.slice(0, 6)) await acts.act(who, { kind: 'place', lockHours: 12 });
}, 60_000);

auditAfterEach(() => world);
afterAll(() => world.close());

const ask = (method: 'GET' | 'POST', path: string, key?: string, body?: object): Promise<Response> =>
  call({ app: lender }, world.bank, {
    ...{ method, path, scope: 'checks' },
    ...(key !== undefined && { key }),
    ...(body !== undefined && { body }),
  });
const question = (iin: string): object => ({
  iin,
  product: 'bank-loan',
  stage: 'decision',
  loanRef: 'app-1',
});

/** What can be seen from outside: the length of the body and of each header, but for those that every answer has anew. */
function seen({ text, headers, status }: Response): unknown {
  const { 'x-request-id': _, 'dpop-nonce': __, date: ___, ...others } = headers as Record<string, string>;
  const lengths = Object.entries(others).map(([name, value]) => [name, String(value).length]);
  return { status, body: Buffer.byteLength(text), lengths, told: others['content-length'] };
}

/** An entry's place and the size of the tree have their own digits, the same for all of a pair. */
const sizesOf = (text: string): unknown => {
  const { receipt } = JSON.parse(text) as { receipt: { index: number; proof: string; head: string } };
  return [String(receipt.index).length, receipt.proof.length, receipt.head.length];
};

it('one check, its replay, and the same read again', async () => {
  const bySize = new Map<string, Set<string>>();
  const verdicts: string[] = [];
  for (const iin of refused.flatMap((one, place) => [one, clear[place] ?? ''])) {
    const key = randomUUID();
    const made = await ask('POST', '/v1/checks', key, question(iin));
    const { checkId, verdict } = made.body as { checkId: string; verdict: string };
    verdicts.push(verdict);
    const again = await ask('POST', '/v1/checks', key, question(iin));
    const read = await ask('GET', `/v1/checks/${checkId}`);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(read.headers['content-type']).toBe('application/json; charset=utf-8');
    expect([again.body, read.body]).toEqual([made.body, made.body]);
    const size = JSON.stringify(sizesOf(made.text));
    const pair = JSON.stringify([made, again, read].map(seen));
    bySize.set(size, (bySize.get(size) ?? new Set()).add(pair));
  }
  expect(verdicts.toSorted()).toEqual([...Array(6).fill('clear'), ...Array(6).fill('refused')]);
  expect([...bySize.values()].map(({ size }) => size)).toEqual([...bySize.values()].map(() => 1));
});

it('a batch, whatever the mixture, and a list', async () => {
  const batch = (iins: readonly string[]): Promise<Response> =>
    ask('POST', '/v1/check-batches', randomUUID(), {
      items: iins.map((iin, place) => ({ ref: `item-${place}`, ...question(iin) })),
    });
  const answers = [
    await batch(refused),
    await batch(clear),
    await batch([...refused.slice(3), ...clear.slice(3)]),
  ];
  const verdictsOf = ({ body }: Response): string[] =>
    (body as { items: { verdict: string }[] }).items.map(({ verdict }) => verdict);
  expect(answers.map((answer) => new Set(verdictsOf(answer)).size)).toEqual([1, 1, 2]);
  // A proof may grow with the tree meanwhile: what it adds is no one's secret.
  const lengths = answers.map((answer) => Buffer.byteLength(answer.text) - proofsIn(answer));
  expect(new Set(lengths).size).toBe(1);
  const lists: Response[] = [];
  for (let after = ''; lists.length < 12;) {
    const list = await ask('GET', `/v1/checks?limit=1${after}`);
    after = `&after=${(list.body as { next: string }).next}`;
    lists.push(list);
  }
  expect(new Set(lists.flatMap(verdictsOf)).size).toBe(2);
  expect(new Set(lists.map(({ text }) => Buffer.byteLength(text))).size).toBe(1);
});

function proofsIn({ body }: Response): number {
  const { items } = body as { items: { receipt: { index: number; proof: string; head: string } }[] };
  return items.reduce(
    (sum, { receipt: { index, proof, head } }) => sum + String(index).length + proof.length + head.length,
    0,
  );
}
