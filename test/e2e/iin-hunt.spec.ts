/**
 * After everything that people, channels and lenders do, and everything they do wrong, no IIN is found anywhere it must
 * not be: no column, no file of the registry or of PostgreSQL, no log, no figure, no answer; in no spelling.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { sep } from 'node:path';
import { request } from 'undici';
import { eventually } from '../support/eventually.js';
import { huntFiles } from '../support/iin-hunt-files.js';
import { findIins, huntDatabase, inWords } from '../support/iin-hunt.js';
import {
  citizen,
  newPerson,
  Party,
  signatureOf,
  type Answer,
  type Person,
} from '../support/sandbox-calls.js';
import { asOwner, asSuperuser } from '../support/sandbox-database.js';
import { removeHome, Sandbox } from '../support/sandbox.js';
import { validIins } from '../support/vectors.js';

const [strangers, newcomers] = [validIins.slice(0, 3), validIins.slice(3, 5)];
/** The sandbox's own: who lives there, and what the authority knows of them. */
const ownFiles = new RegExp(`^(people|nca)\\${sep}|^sandbox\\.json$|^parties\\${sep}watchdog\\.iin$`);
const metricsPorts = [20, 21, 22, 24, 25, 26, 27];

let sandbox: Sandbox;
let [portal, bank]: Party[] = [];
let iins: readonly string[];
const said: string[] = [];

beforeAll(async () => {
  sandbox = await Sandbox.start();
  const { citizens, officials } = sandbox.content;
  iins = [...[...citizens, ...officials].map(({ iin }) => iin), ...strangers, ...newcomers];
  iins = [...iins, readFileSync(sandbox.file('parties', 'watchdog.iin'), 'utf8').trim()];
  [portal, bank] = [await Party.of(sandbox, 'egov-portal'), await Party.of(sandbox, 'bank-alpha')];
  await asPeopleDo(portal);
  await onThePhone(portal);
  await asLendersDo(bank);
  await inTheWrongWay(portal, bank);
  await atTheCommandLine();
}, 120_000);

afterAll(async () => {
  await sandbox.stop();
  removeHome(sandbox.place);
}, 30_000);

describe('no IIN is found', () => {
  it('in any column of any table, and in no job', async () => {
    expect(await huntEveryTable()).toEqual([]);
  }, 60_000);

  it('in any log or other file of the home, PostgreSQL’s own among them', async () => {
    await asSuperuser(sandbox, (client) => client.query('CHECKPOINT'));
    const { found, files, bytes } = huntEveryFile();
    expect(found).toEqual([]);
    // A home without its logs, tables and write-ahead log would be searched in vain.
    expect(files).toBeGreaterThan(500);
    expect(bytes).toBeGreaterThan(30_000_000);
  }, 60_000);

  it('in any answer, but for the document that its own applicant is to sign', () => {
    const answers = [...answersOf(portal), ...answersOf(bank)];
    expect(answers.length).toBeGreaterThan(30);
    const found = answers.flatMap((answer) =>
      findIins(toOthers(answer), iins).map((each) => inWords(answer.call, each)),
    );
    expect(found).toEqual([]);
  });

  it('in any metric', async () => {
    const pages = await Promise.all(metricsPorts.map((offset) => metricsOf(sandbox.place.base + offset)));
    for (const page of pages) expect(page).toContain('process_cpu_seconds_total');
    expect(findIins(pages.join('\n'), iins)).toEqual([]);
  });

  it('in anything that the sandbox and the tool said at the terminal', () => {
    expect(said.length).toBeGreaterThan(3);
    expect(findIins([sandbox.output, ...said].join('\n'), iins)).toEqual([]);
  });
});

/** Last, because it puts there what the others must not find. */
describe('an IIN that was planted is found', () => {
  it('in a column of any type and in the files of PostgreSQL', async () => {
    const [iin = ''] = strangers;
    await asOwner(sandbox, async (client) => {
      await client.query('CREATE TABLE planted (a text, b bytea, c jsonb, d text[])');
      const values = [
        `x${iin}`,
        Buffer.from(`xy${iin}`),
        JSON.stringify({ iin: in64(`xyz${iin}`) }),
        [in64(`x${iin}`)],
      ];
      await client.query('INSERT INTO planted VALUES ($1, $2, $3, $4)', values);
    });
    const found = await huntEveryTable();
    for (const column of ['a', 'b', 'c', 'd'])
      expect(found).toContainEqual(expect.stringContaining(`public.planted.${column}: `));
    await asSuperuser(sandbox, (client) => client.query('CHECKPOINT'));
    const files = huntEveryFile().found;
    expect(files).toContainEqual(expect.stringMatching(/^pg\/data\/base\/.* as text/));
    expect(files).toContainEqual(expect.stringMatching(/^pg\/data\/pg_wal\/.* as text/));
  }, 60_000);

  it('in a log, in every spelling', () => {
    const [iin = ''] = newcomers;
    const file = sandbox.file('logs', 'planted.log');
    const spellings = [
      iin,
      Buffer.from(iin).toString('hex'),
      ...['', 'x', 'xy'].map((before) => in64(before + iin)),
    ];
    for (const spelling of spellings) {
      writeFileSync(file, `{"msg":"somebody","who":"${spelling}"}\n`);
      expect(huntFiles(sandbox.file('logs'), iins).found).toHaveLength(1);
    }
    rmSync(file);
  });
});

function in64(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function huntEveryTable(): Promise<string[]> {
  const superuser = { database: 'tyiym', user: 'postgres', secret: 'postgres' };
  return asOwner(sandbox, (client) => huntDatabase(client, iins), superuser);
}

function huntEveryFile(): ReturnType<typeof huntFiles> {
  return huntFiles(sandbox.place.home, iins, (path) => ownFiles.test(path));
}

/** Everything an answer says to whoever is not the applicant. */
function toOthers({ headers, text, body }: Answer): string {
  const { document, ...rest } = body;
  const isDocument = typeof document === 'string';
  if (isDocument) expect(findIins(Buffer.from(document, 'base64'), iins)).toHaveLength(1);
  return JSON.stringify([headers, isDocument ? rest : text]);
}

function answersOf(party: Party | undefined): readonly Answer[] {
  return party?.answers ?? [];
}

async function metricsOf(port: number): Promise<string> {
  const { body } = await request(`http://127.0.0.1:${port}/metrics`);
  return body.text();
}

/** Places, reads, grows, lifts with and without a return, calls off. */
async function asPeopleDo(channel: Party): Promise<void> {
  const somebody = await newPerson(sandbox, newcomers[0] ?? '');
  const about = async (path: string, { iin }: Person): Promise<Answer> =>
    channel.call('POST', path, { body: { citizenAssertion: await channel.assertion(iin) } });
  expectStatus(200, [
    await channel.apply(somebody, { kind: 'place', lockHours: 0 }),
    await channel.apply(somebody, { kind: 'lift', placeAgainAfterHours: 24 }),
    await channel.apply(citizen(sandbox, 'aigerim'), { kind: 'place', lockHours: 24 }),
    await channel.apply(citizen(sandbox, 'aigerim'), { kind: 'place', lockHours: 72 }),
    await channel.apply(citizen(sandbox, 'bolat'), { kind: 'lift' }),
    await about('/v1/lift-cancellations', citizen(sandbox, 'bolat')),
    await about('/v1/refusal-status', citizen(sandbox, 'dana')),
    await about('/v1/trail', citizen(sandbox, 'gulnar')),
    await about('/v1/trail', somebody),
  ]);
}

/** The QR code's way: the phone shows the document and signs. */
async function onThePhone(channel: Party): Promise<void> {
  const opened = await channel.open(citizen(sandbox, 'marat'), { kind: 'place', lockHours: 0 });
  const { qr } = opened.body['egovMobile'] as { readonly qr: string };
  const session = await phone('open', { citizen: 'marat', qr });
  await phone('sign', { session: session['session'] });
  const path = `/v1/applications/${String(opened.body['applicationId'])}`;
  const signed = await eventually(
    'the phone has signed',
    () => channel.call('GET', path),
    ({ body }) => body['state'] === 'signed',
  );
  expect(signed.body).toMatchObject({ refusal: { state: 'in-force' } });
}

async function phone(act: 'open' | 'sign', body: object): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await request(`${sandbox.urls.phone}/${act}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(answer.statusCode).toBe(200);
  return (await answer.body.json()) as Readonly<Record<string, unknown>>;
}

async function asLendersDo(lender: Party): Promise<void> {
  for (const iin of iins) {
    const made = await lender.call('POST', '/v1/checks', { body: question(iin) });
    expectStatus(201, [made]);
    expectStatus(200, [await lender.call('GET', `/v1/checks/${String(made.body['checkId'])}`)]);
  }
  // Its own numbers may be anybody's: they are taken, and sealed.
  const [contractNumber, paymentReference] = strangers;
  const at = new Date(Date.now() - 60_000).toISOString();
  const terms = { product: 'bank-loan', amount: { value: '1.00', currency: 'KZT' }, signedAt: at };
  const loan = { ...terms, iin: strangers[2], contractNumber, paymentReference, disbursedAt: at };
  expectStatus(201, [await lender.call('POST', '/v1/loans', { body: loan })]);
  expectStatus(200, [
    await lender.call('GET', '/v1/checks?limit=500'),
    await lender.call('GET', '/v1/party'),
  ]);
}

function question(iin: string, more: object = {}): Readonly<Record<string, unknown>> {
  return { iin, product: 'bank-loan', stage: 'decision', loanRef: 'A-117', ...more };
}

/** IINs where none belongs: the call fails, and nobody repeats or writes down what it held. */
async function inTheWrongWay(channel: Party, lender: Party): Promise<void> {
  const [iin = ''] = strangers;
  const somebody = await newPerson(sandbox, newcomers[1] ?? '');
  const assertion = await channel.assertion(somebody.iin);
  const opened = await channel.open(somebody, { kind: 'place', lockHours: 0 });
  const application = `/v1/applications/${String(opened.body['applicationId'])}`;
  const bodies = [
    question(iin, { loanRef: `A-${iin}` }),
    question(iin, { loanRef: `A-${iin.slice(0, 5)}/${iin.slice(5)}` }),
    question(iin, { loanRef: in64(iin) }),
    question(iin, { loanRef: `A/${strangers[1] ?? ''}` }),
    question(`${iin} `),
    question(iin, { [iin]: iin }),
    question(iin, { product: iin }),
    question(iin, { stage: iin, role: iin }),
  ];
  const failed = [
    ...(await Promise.all(bodies.map((body) => lender.call('POST', '/v1/checks', { body })))),
    await lender.call('POST', '/v1/checks', { body: question(iin), key: `key-${iin}` }),
    await lender.call('GET', `/v1/checks/${iin}`),
    await lender.call('GET', `/v1/checks?after=${iin}`),
    await lender.call('GET', `/v1/checks?iin=${iin}`),
    await lender.call('GET', `/${iin}`),
    await channel.call('POST', '/v1/trail', { body: { citizenAssertion: `${assertion}x` } }),
    await channel.call('POST', '/v1/refusal-status', {
      body: { citizenAssertion: assertion, iin: somebody.iin },
    }),
    await channel.call('PUT', `${application}/signature`, { body: { cms: in64(iin) } }),
    await channel.sign(
      String(opened.body['applicationId']),
      await signatureOf(citizen(sandbox, 'erlan'), opened),
    ),
    await channel.call('GET', `/v1/applications/${iin}`),
    await channel.call('GET', `/egov-mobile/${iin}`),
  ];
  for (const { call, status } of failed)
    expect({ call, isRefused: status >= 400 && status < 500 }).toEqual({ call, isRefused: true });
}

async function atTheCommandLine(): Promise<void> {
  const [iin = ''] = strangers;
  const receipt = sandbox.file('config', 'receipt.json');
  const runs = [
    await sandbox.tool(['check', 'bank-beta', '-', '--receipt', receipt], iin),
    await sandbox.tool(
      ['verify', receipt, '--jwks', `${sandbox.urls.log}/.well-known/jwks.json`, '--iin-stdin'],
      iin,
    ),
    await sandbox.tool(['check', 'bank-beta', iin]),
    await sandbox.tool(['fsck']),
  ];
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 2, 0]);
  said.push(...runs.flatMap(({ out, err }) => [out, err]));
}

function expectStatus(status: number, answers: readonly Answer[]): void {
  for (const answer of answers)
    expect({ call: answer.call, status: answer.status, code: answer.body['code'] }).toEqual({
      call: answer.call,
      status,
    });
}
