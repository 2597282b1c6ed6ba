/**
 * kill −9 in the middle of work, of each process in turn. Nothing that was answered is lost, nothing is half written, no
 * key is answered twice differently, and everything goes on by itself.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import { LenderLoad, questionsAbout, type Given, type Miss, type Question } from '../support/check-load.js';
import { eventually } from '../support/eventually.js';
import { processesOf } from '../support/processes.js';
import { newPerson, Party, signatureOf, type Answer, type Person } from '../support/sandbox-calls.js';
import { countOf } from '../support/sandbox-database.js';
import { removeHome, Sandbox } from '../support/sandbox.js';
import { validIins } from '../support/vectors.js';

const checks = 2000;
const people = 12;
const again = 60_000;
const atOnce = 4;
const [forPlacing, forLifting] = [validIins.slice(0, people), validIins.slice(people, 2 * people)];

let sandbox: Sandbox;
let load: LenderLoad;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  load = await LenderLoad.of(sandbox, 'bank-alpha');
}, 90_000);

afterAll(async () => {
  await load.close();
  await sandbox.stop();
  removeHome(sandbox.place);
}, 30_000);

describe('kill −9 in the middle of 2 000 concurrent checks', () => {
  it('of the lender app loses no answer and leaves nothing half written', async () => {
    await survives(() => kill('lender'));
    await comesBack('lender', sandbox.urls.lender);
  }, 120_000);

  it('of PostgreSQL loses no answer and leaves nothing half written', async () => {
    const { misses } = await survives(() => process.kill(sandbox.postmaster(), 'SIGKILL'));
    expect(misses).toContainEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
    expect(sandbox.output).toContain('PostgreSQL ended; starting it again');
  }, 120_000);
});

describe('kill −9 in the middle of the acts of citizens', () => {
  it('of the citizen app during placings: each signature counts once, and the same one is answered the same', async () => {
    const portal = await Party.of(sandbox, 'egov-portal');
    const placed = await applyAll(portal, forPlacing, { kind: 'place', lockHours: 0 }, () => kill('citizen'));
    for (const { answer } of placed) expect(answer.body).toMatchObject({ state: 'in-force' });
    await comesBack('citizen', sandbox.urls.citizen);
    await repeatsAreEqual(portal, placed);
    expect(await acts('refusal.placed', placed)).toBe(people);
    await isWhole();
  }, 120_000);

  it('of the clerk during lifts: each is carried out, once', async () => {
    const portal = await Party.of(sandbox, 'egov-portal');
    await applyAll(portal, forLifting, { kind: 'place', lockHours: 0 });
    const lifts = await applyAll(portal, forLifting, { kind: 'lift' }, () => kill('clerk-worker'));
    const lifted = (): Promise<number> => acts('refusal.lifted', lifts);
    await comesBack('clerk-worker', `http://127.0.0.1:${sandbox.place.base + 26}`);
    await eventually('every lift is carried out', lifted, (count) => count === people, again);
    for (const { person } of lifts) {
      const { body } = await portal.call('POST', '/v1/refusal-status', {
        body: { citizenAssertion: await portal.assertion(person.iin) },
      });
      expect(body).toMatchObject({ state: 'none', version: 2 });
    }
    expect(await acts('lift.requested', lifts)).toBe(people);
    await isWhole();
  }, 120_000);
});

describe('kill −9 of the sandbox itself', () => {
  it('leaves no app behind, not even one that was starting, and the next start finds everything as it was and goes on', async () => {
    const questions = questionsAbout(forPlacing, 100);
    const before = await load.askAll(questions);
    const { content } = sandbox;
    const entries = await countOf(sandbox, 'SELECT FROM entries');
    const postmaster = sandbox.postmaster();
    // One that has just begun to start must notice, too.
    const killed = kill('log');
    await eventually(
      'a new log app',
      async () => sandbox.processOf('log')?.pid ?? killed,
      (pid) => pid !== killed,
    );
    await sandbox.kill();
    expect(processesOf(sandbox.place.home).map(({ pid }) => pid)).toContain(postmaster);

    sandbox = await Sandbox.start(sandbox.place);
    expect({ ...sandbox.content, pids: undefined }).toEqual({ ...content, pids: undefined });
    expect(processesOf(sandbox.place.home).map(({ pid }) => pid)).not.toContain(postmaster);
    expect(await countOf(sandbox, 'SELECT FROM entries')).toBe(entries);
    await holds(before);
    await isWhole();
  }, 120_000);
});

/** Asks 2 000 questions, kills after a third of the answers, and shows that nothing is missing afterwards. */
async function survives(killOne: () => void): Promise<{ readonly misses: readonly Miss[] }> {
  load.misses.length = 0;
  const questions = questionsAbout(
    [...sandbox.content.citizens.map(({ iin }) => iin), ...forPlacing],
    checks,
  );
  const given = await load.askAll(questions, (count) => {
    if (count === Math.floor(checks / 3)) killOne();
  });
  const misses = [...load.misses];
  expect(misses.length).toBeGreaterThan(0);
  for (const miss of misses)
    if ('status' in miss) expect(miss).toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
  await holds(given);
  await isWhole();
  return { misses };
}

/** Every answered check is there with its entry, and its key still gives it. */
async function holds(given: ReadonlyMap<Question, Given>): Promise<void> {
  const kept = await load.readAll([...given.values()].map(({ check }) => check.checkId));
  const repeated = await load.askAll([...given.keys()]);
  for (const [question, { check }] of given) {
    expect(stable(kept.get(check.checkId))).toEqual(stable(check));
    const repeat = repeated.get(question);
    expect(stable(repeat?.check)).toEqual(stable(check));
    expect(repeat?.isReplay).toBe(true);
  }
  const refs = [...given.keys()].map(({ loanRef }) => loanRef);
  expect(await countOf(sandbox, 'SELECT FROM checks WHERE loan_ref = ANY($1)', [refs])).toBe(given.size);
}

/** A check without what a later head may change. */
function stable(check: Partial<Given['check']> | undefined): unknown {
  const { entry, salt, personSalt, index } = check?.receipt ?? {};
  return { ...check, receipt: { entry, salt, personSalt, index } };
}

async function isWhole(): Promise<void> {
  const { code, out, err } = await sandbox.tool(['fsck', '--json']);
  expect({ code, err, findings: (JSON.parse(out) as { findings: unknown }).findings }).toEqual({
    code: 0,
    err: '',
    findings: [],
  });
}

interface Applied {
  readonly person: Person;
  readonly applicationId: string;
  readonly cms: string;
  readonly answer: Answer;
}

/**
 * Everybody opens, then a few at a time sign, and repeat what was not answered; `killOne` strikes when a third are
 * answered and the next are under way.
 */
async function applyAll(
  portal: Party,
  iins: readonly string[],
  wish: Readonly<Record<string, unknown>>,
  killOne?: () => void,
): Promise<readonly Applied[]> {
  const left = iins.values();
  const applied: Applied[] = [];
  const work = async (): Promise<void> => {
    for (const iin of left) {
      const person = await newPerson(sandbox, iin);
      const key = randomUUID();
      const body = { citizenAssertion: await portal.assertion(iin), language: 'ru', ...wish };
      const opened = await insist(() => portal.call('POST', '/v1/applications', { body, key }));
      const [applicationId, cms] = [String(opened.body['applicationId']), await signatureOf(person, opened)];
      const answer = await insist(() => portal.sign(applicationId, cms));
      applied.push({ person, applicationId, cms, answer });
      if (applied.length === Math.floor(iins.length / 3)) killOne?.();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return applied;
}

/** The first answer that is neither a lost connection nor a 503. */
async function insist(call: () => Promise<Answer>): Promise<Answer> {
  return eventually(
    'an answer',
    () => call().catch(() => undefined),
    (answer): answer is Answer => answer !== undefined && answer.status !== 503,
    again,
  ) as Promise<Answer>;
}

async function repeatsAreEqual(portal: Party, applied: readonly Applied[]): Promise<void> {
  for (const { applicationId, cms, answer } of applied) {
    const repeat = await portal.sign(applicationId, cms);
    expect({ status: repeat.status, entry: entryOf(repeat) }).toEqual({
      status: 200,
      entry: entryOf(answer),
    });
  }
}

function entryOf({ body }: Answer): unknown {
  return (body['receipt'] as { entry?: unknown } | undefined)?.entry;
}

/** How many entries of a kind there are about these people. */
function acts(kind: string, applied: readonly Applied[]): Promise<number> {
  const ids = applied.map(({ applicationId }) => applicationId);
  return countOf(
    sandbox,
    `SELECT FROM entries WHERE kind = $1 AND subject IN
       (SELECT subject FROM entries WHERE entry::jsonb ->> 'applicationId' = ANY($2))`,
    [kind, ids],
  );
}

/** @returns the process that was. */
function kill(app: string): number {
  const victim = sandbox.processOf(app);
  if (victim === undefined) throw new Error(`${app} does not run`);
  process.kill(victim.pid, 'SIGKILL');
  return victim.pid;
}

/** It was killed indeed, and answers again. */
async function comesBack(app: string, base: string): Promise<void> {
  await sandbox.says(new RegExp(`^${app} ended \\(SIGKILL\\); starting it again$`, 'm'));
  const statusOf = (): Promise<number> =>
    request(`${base}/readyz`).then(
      ({ statusCode }) => statusCode,
      () => 0,
    );
  await eventually(`${app} is ready`, statusOf, (status) => status === 200, again);
}
