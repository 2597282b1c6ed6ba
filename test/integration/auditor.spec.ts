/** The auditor itself: it finds nothing in a registry that did real things, and everything that is planted there. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { decodeJwt } from 'jose';
import { signHead, type HeadPayload } from '#libs/journal/head.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { readSigningKey } from '#libs/platform/keys.js';
import type { Answer } from '../support/answers.js';
import { Auditor, type Audited } from '../support/auditor.js';
import { citizenActs, type Somebody } from '../support/citizen-acts.js';
import { call, newWorld, type World } from '../support/citizen-world.js';
import { findIins, spellings } from '../support/iin-hunt.js';
import { validIins } from '../support/vectors.js';

const [iin = '', another = ''] = validIins.slice(-2);
const checkRoute = 'POST /v1/checks';

let world: World;
let lender: NestFastifyApplication;
let who: Somebody;

beforeAll(async () => {
  world = await newWorld();
  lender = await world.startLender();
  const acts = citizenActs(world);
  who = await acts.somebody();
  expect((await acts.act(who, { kind: 'place', lockHours: 24 })).status).toBe(200);
  const checked = await call({ app: lender }, world.bank, {
    ...{ method: 'POST', path: '/v1/checks', scope: 'checks', key: randomUUID() },
    body: { iin: who.iin, product: 'microcredit', stage: 'decision', loanRef: 'A-1' },
  });
  expect(checked.status).toBe(201);
}, 60_000);
afterAll(() => world.close());

async function faultsOf(changes: Partial<Audited> = {}): Promise<string[]> {
  const auditor = await Auditor.open({ ...world, ...changes });
  try {
    return await auditor.auditAll();
  } finally {
    await auditor.close();
  }
}

/** What is found while this change of the database stands, which nobody else sees. */
async function faultsAfter(change: string, values: unknown[] = []): Promise<string[]> {
  const { superuser } = world.database;
  await superuser.query('BEGIN');
  try {
    await superuser.query('SET LOCAL session_replication_role = replica');
    expect((await superuser.query(change, values)).rowCount).toBeGreaterThan(0);
    return await faultsOf();
  } finally {
    await superuser.query('ROLLBACK');
  }
}

const flipped = (text: string, letter: RegExp): string =>
  text.replace(letter, (each) => (each === 'A' ? 'B' : 'A'));
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a number', () => {
  const before = ['', 'a', 'ab', 'abc', 'Қазақ '];

  it.each(before)('is found after %j in every spelling', (start) => {
    const bytes = Buffer.from(`${start}${iin}/rest?`);
    const texts = [
      ...[bytes.toString(), bytes.toString('hex'), bytes.toString('hex').toUpperCase()],
      ...[bytes.toString('base64'), bytes.toString('base64url')],
    ];
    for (const text of texts) {
      expect(findIins(text, validIins)).toMatchObject([{ iin }]);
      expect(findIins(Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(text)]), [iin])).toHaveLength(1);
    }
  });

  it('is told with its spelling, and another one is not found', () => {
    const all = [iin, Buffer.from(iin).toString('hex'), base64(iin), base64(`x${iin}`), base64(`xy${iin}`)];
    expect(all.map((text) => findIins(text, [iin])[0]?.as)).toEqual(spellings);
    expect(all.flatMap((text) => findIins(text, [another]))).toEqual([]);
  });
});

describe('the auditor', () => {
  it('finds nothing in what the processes did', async () => {
    expect(world.answers.filter(({ text }) => text.includes('"receipt"'))).toHaveLength(2);
    expect(await faultsOf()).toEqual([]);
  });

  it.each([
    ['a log line', iin],
    ['a token in a log line', `{"token":"eyJhbGciOiJub25lIn0.${base64(`{"iin":"${iin}"}`)}."}`],
  ])('finds an IIN in %s', async (_, line) => {
    expect(await faultsOf({ logged: [...world.logged, line] })).toEqual([
      expect.stringContaining(`the logs: the IIN that ends in ${iin.slice(-4)}`),
    ]);
  });

  it.each<[string, string, unknown]>([
    ['public.checks.loan_ref', 'UPDATE checks SET loan_ref = $1', base64(`x${iin}`)],
    ['public.checks.loan_ref', 'UPDATE checks SET loan_ref = $1', Buffer.from(iin).toString('hex')],
    ['public.people.iin', 'UPDATE people SET iin = $1', Buffer.from(iin)],
    [
      'public.signed_documents.document',
      'UPDATE signed_documents SET document = $1',
      Buffer.from(`{"iin":"${iin}"}`),
    ],
    [
      'public.official_acts.cms',
      `INSERT INTO official_acts SELECT gen_random_uuid(), 0, '', '', ARRAY[$1::bytea, sha256($1)]`,
      Buffer.from(iin),
    ],
    [
      'public.entries.entry',
      `UPDATE entries SET entry = replace(entry, '"v":1', $1) WHERE index = 0`,
      `"v":${iin}`,
    ],
    [
      'graphile_worker._private_jobs.payload',
      `SELECT graphile_worker.add_job('x', json_build_object('who', $1::text))`,
      iin,
    ],
    ['public.parties.scopes', 'UPDATE parties SET scopes = ARRAY[$1]', iin],
  ])('finds an IIN in %s', async (place, change, value) => {
    expect(await faultsAfter(change, [value])).toContainEqual(expect.stringContaining(`${place}: the IIN`));
  });

  it.each<[string, Partial<Answer>]>([
    ['the text', { text: `{"document":"${base64(iin)}"}` }],
    ['a header', { headers: `{"location":"/people/${iin}"}` }],
    ['the address', { url: `/v1/checks?iin=${iin}` }],
  ])('finds an IIN in %s of an answer to a lender', async (_, changes) => {
    const [answer] = answersTo(checkRoute);
    expect(await faultsOf({ answers: [{ ...answer, text: '', ...changes }] })).toEqual([
      expect.stringContaining(`201 ${checkRoute}: the IIN`),
    ]);
  });

  it('lets a citizen have his own document, and nobody else’s', async () => {
    const [opened] = answersTo('POST /v1/applications');
    expect(await faultsOf({ answers: [opened] })).toEqual([]);
    const { document, ...rest } = JSON.parse(opened.text) as { document: string };
    const text = JSON.stringify({
      ...rest,
      document: base64(`${Buffer.from(document, 'base64').toString()}${iin}`),
    });
    expect(await faultsOf({ answers: [{ ...opened, iin: another }] })).toEqual([
      expect.stringContaining('somebody else'),
    ]);
    expect(await faultsOf({ answers: [{ ...opened, text }] })).toEqual([
      expect.stringContaining('two people'),
    ]);
    expect(
      await faultsOf({ answers: [{ ...opened, text: JSON.stringify({ ...rest, other: document }) }] }),
    ).toEqual([expect.stringContaining('201 POST /v1/applications: the IIN')]);
  });

  it.each<[string, string, (receipt: Receipt) => object]>([
    ['entry', 'inclusion-differs', ({ entry }) => ({ entry: entry.replace('"refused"', '"clear"') })],
    ['proof', 'inclusion-differs', ({ proof }) => ({ proof: flipped(proof, /^./) })],
    ['head', 'head-signature', ({ head }) => ({ head: flipped(head, /.(?=.{9}$)/) })],
    ['person', 'person-not-shown', () => ({ personSalt: undefined })],
  ])('finds a receipt with another %s', async (_, code, change) => {
    const answer = checkWith((receipt) => ({ ...receipt, ...change(receipt) }));
    expect(await faultsOf({ answers: [answer] })).toEqual([`a receipt in 201 ${checkRoute}: ${code}`]);
  });

  it('finds a receipt about somebody else than was asked about', async () => {
    const [answer] = answersTo(checkRoute);
    expect(await faultsOf({ answers: [{ ...answer, iin: another }] })).toEqual([
      `a receipt in 201 ${checkRoute}: person-differs`,
    ]);
  });

  it('finds a receipt under a head that was signed with the right key and never committed', async () => {
    const { kid, key } = readSigningKey(world.keysDir('lender'), 'head.jwk.json');
    const payload = decodeJwt<HeadPayload>(receiptOf(answersTo(checkRoute)[0]).head);
    const head = signHead(key, kid, { ...payload, iat: payload.iat + 1 });
    expect(await faultsOf({ answers: [checkWith((receipt) => ({ ...receipt, head }))] })).toEqual([
      `a receipt in 201 ${checkRoute}: the Journal does not hold its entry and head`,
    ]);
  });

  it.each([
    ['a changed leaf', 'UPDATE entries SET leaf_hash = sha256(leaf_hash) WHERE index = 3'],
    ['a lost leaf', 'DELETE FROM entries WHERE index = 3'],
    ['a changed head', `UPDATE heads SET root = sha256(root) WHERE size = (SELECT max(size) FROM heads)`],
    ['a changed head row', 'UPDATE journal_head SET root = sha256(root)'],
  ])('finds %s without fsck', async (_, change) => {
    expect(await faultsAfter(change)).toContainEqual(expect.stringMatching(/^the root at \d+ is not/));
  });

  it('says what fsck finds', async () => {
    const rename = (loanRef: string) =>
      world.database.superuser.query('UPDATE checks SET loan_ref = $1', [loanRef]);
    await rename('A-2');
    expect(await faultsOf()).toEqual([expect.stringMatching(/^fsck: row-differs · checks chk_/)]);
    await rename('A-1');
    expect(await faultsOf()).toEqual([]);
  });

  it('after a test looks at what is new, and only at the end at everything', async () => {
    const answers: Answer[] = [];
    const auditor = await Auditor.open({ ...world, answers });
    const wrong = checkWith((receipt) => ({ ...receipt, proof: flipped(receipt.proof, /^./) }));
    const said = [`a receipt in 201 ${checkRoute}: inclusion-differs`];
    try {
      expect(await auditor.auditNews()).toEqual([]);
      answers.push(wrong);
      expect(await auditor.auditNews()).toEqual(said);
      expect(await auditor.auditNews()).toEqual([]);
      expect(await auditor.auditAll()).toEqual(said);
    } finally {
      await auditor.close();
    }
  });
});

function answersTo(route: string): [Answer, ...Answer[]] {
  const [first, ...rest] = world.answers.filter((answer) => answer.route === route);
  if (first === undefined) throw new Error('nobody asked');
  return [first, ...rest];
}

function receiptOf({ text }: Answer): Receipt {
  return (JSON.parse(text) as { receipt: Receipt }).receipt;
}

/** The answer to the check with another receipt in it. */
function checkWith(change: (receipt: Receipt) => object): Answer {
  const [answer] = answersTo(checkRoute);
  const body = JSON.parse(answer.text) as object;
  return { ...answer, text: JSON.stringify({ ...body, receipt: change(receiptOf(answer)) }) };
}
