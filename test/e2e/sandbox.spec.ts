/** The sandbox as a person at a terminal meets it: it starts whole, says plainly why not, and leaves nothing behind. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { ordinaryUser } from '../support/ordinary-user.js';
import { processesOf } from '../support/processes.js';
import { Party } from '../support/sandbox-calls.js';
import { countOf } from '../support/sandbox-database.js';
import {
  assertNothingLeft,
  freeBase,
  newPlace,
  removeHome,
  Sandbox,
  type SandboxPlace,
} from '../support/sandbox.js';

const aStartOrTwo = 150_000;
const isRoot = process.getuid?.() === 0;

let place: SandboxPlace;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(async () => {
  await assertNothingLeft(place);
  removeHome(place);
});

describe('a start', () => {
  it(
    'is whole, keeps its files to itself, and is found as it was by the next',
    async () => {
      chmodSync(place.home, 0o755);
      const startedAt = performance.now();
      let sandbox = await Sandbox.start(place);
      // A figure for whoever reads the log; how fast a machine is, is nothing to assert.
      console.info(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      expect(lstatSync(place.home).mode & 0o777).toBe(0o700);
      expect(exposed(place.home)).toEqual([]);
      expect(await scenesOf(sandbox)).toEqual(scenes);
      await whenStamped(sandbox);
      const [{ content }, entries] = [sandbox, await countOf(sandbox, entriesOfOthers)];
      const iinOf = (name: string): string => content.citizens.find((each) => each.name === name)?.iin ?? '';
      for (const bureau of ['gkb', 'pkb'] as const) {
        const marked = await reportOf(sandbox, bureau, 'ru', iinOf('bolat'));
        expect(marked).toContain(
          'Действует добровольный отказ от получения банковских займов, микрокредитов с ',
        );
        expect(marked).toContain('на момент ');
        expect(await reportOf(sandbox, bureau, 'kk', iinOf('dana'))).toContain(
          'ерікті түрде бас тарту қолданыста',
        );
        expect(await reportOf(sandbox, bureau, 'en', iinOf('marat'))).toContain('No voluntary refusal');
      }
      await sandbox.stop('SIGTERM');
      expect(strayLines(join(place.home, 'logs'))).toEqual([]);

      sandbox = await Sandbox.start(place);
      expect(sandbox.output).not.toContain('Scenes');
      expect({ ...sandbox.content, pids: undefined }).toEqual({ ...content, pids: undefined });
      expect(await countOf(sandbox, entriesOfOthers)).toBe(entries);
      await eventually(
        'the watchdog asks and is answered',
        () => uptimeOf(sandbox),
        (uptime) => uptime === 1,
        60_000,
      );
      expect(await scenesOf(sandbox)).toEqual(scenes);
      await sandbox.stop('SIGINT');
    },
    aStartOrTwo,
  );

  (isRoot ? it : it.skip)(
    'works for an ordinary user as for root',
    async () => {
      const user = ordinaryUser();
      chownSync(place.home, user.uid, user.gid);
      const sandbox = await Sandbox.start(place, { ...user, env: { HOME: place.home } });
      // A process of PostgreSQL may end between the two looks.
      const owners = processesOf(place.home).flatMap(
        ({ pid }) => lstatSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? [],
      );
      expect(new Set(owners)).toEqual(new Set([user.uid]));
      expect(await scenesOf(sandbox)).toEqual(scenes);
      await sandbox.stop();
      user.done();
    },
    aStartOrTwo,
  );

  it(
    'with --fresh begins anew, also after a kill -9, but not under a sandbox that runs',
    async () => {
      const first = await Sandbox.start(place);
      const { content } = first;
      const second = await Sandbox.launch(place, { args: ['--fresh'] }).end();
      expect(second).toMatchObject({
        code: 1,
        output: expect.stringContaining('is in use by a running sandbox'),
      });
      expect(first.content).toEqual(content);
      await first.kill();

      const fresh = await Sandbox.start(place, { args: ['--fresh'] });
      expect(fresh.content.citizens[0]?.iin).not.toBe(content.citizens[0]?.iin);
      expect(await scenesOf(fresh)).toEqual(scenes);
      await fresh.stop();
    },
    aStartOrTwo,
  );
});

describe('a start that cannot be', () => {
  it.each([
    ['the lender', 1],
    ['PostgreSQL', 30],
  ])(
    'names the port that another program holds, here that of %s, and leaves nothing running',
    async (name, offset) => {
      const port = place.base + offset;
      const other = createServer().listen(port, '127.0.0.1');
      await once(other, 'listening');
      const { code, output } = await Sandbox.launch(place).end();
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(new RegExp(`[Pp]ort ${port}\\b.*TYIYM_PORT_BASE`, 's')),
      });
      expect(output.toLowerCase()).toContain(name.replace('the ', '').toLowerCase());
      expect(processesOf(place.home)).toEqual([]);
      other.close();
      await once(other, 'close');
    },
  );

  it('refuses a home that was made with other ports, whose addresses its parties know', async () => {
    const elsewhere = { ...place, base: await freeBase() };
    await stoppedEarly(elsewhere);
    const { code, output } = await Sandbox.launch(place).end();
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining(`was made with TYIYM_PORT_BASE=${elsewhere.base}`),
    });
  });

  it('refuses a word that it does not know, and says which it knows', async () => {
    const program = [process.execPath, 'dist/apps/sandbox/main.js', '--frsh'];
    const { code, output } = await Sandbox.launch(place, { program }).end();
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(/'--frsh'[^]*npm start -- --fresh/),
    });
    expect(readdirSync(place.home)).toEqual([]);
  });

  it('started by npm is ended by a signal to npm, as a supervisor sends it', async () => {
    const sandbox = Sandbox.launch(place, { program: ['npm', 'start'] });
    await sandbox.says(/^People/m);
    await sandbox.stop();
    expect(sandbox.output).toContain('Stopping');
  }, 60_000);

  it(
    'is ended by a signal at any moment, and the next start is whole',
    async () => {
      for (const stage of ['PostgreSQL', 'People', 'Tables', 'The registry', 'Scenes'])
        await stoppedEarly(place, stage);
      const sandbox = await Sandbox.start(place);
      expect(await scenesOf(sandbox)).toEqual(scenes);
      await sandbox.stop();
    },
    aStartOrTwo,
  );
});

/** The watchdog's questions go on all the time. */
const entriesOfOthers = `SELECT FROM entries WHERE party IS DISTINCT FROM 'watchdog'`;

async function uptimeOf(sandbox: Sandbox): Promise<unknown> {
  const response = await fetch(`${sandbox.urls.log}/figures.json`);
  return ((await response.json()) as { checks: { uptime: unknown } }).checks.uptime;
}

const scenes = {
  ...{
    aigerim: 'none',
    marat: 'none',
    bolat: 'in-force',
    dana: 'lift-pending',
    erlan: 'in-force',
    gulnar: 'in-force',
    zhanar: 'none',
    kairat: 'in-force',
  },
};

/** What is so about each citizen, asked of the registry. */
async function scenesOf(sandbox: Sandbox): Promise<unknown> {
  const portal = await Party.of(sandbox, 'egov-portal');
  const states = sandbox.content.citizens.map(async ({ name, iin }) => {
    const body = { citizenAssertion: await portal.assertion(iin) };
    return [name, (await portal.call('POST', '/v1/refusal-status', { body })).body['state']];
  });
  return Object.fromEntries(await Promise.all(states)) as unknown;
}

/** Waits until both bureaus recorded what the scenes placed; only then does nothing more come of them. */
async function whenStamped(sandbox: Sandbox): Promise<void> {
  await eventually(
    'the stamps of both bureaus',
    () => countOf(sandbox, `SELECT FROM entries WHERE kind = 'refusal.stamped'`),
    (stamps) => stamps === 2 * Object.values(scenes).filter((state) => state !== 'none').length,
    20_000,
  );
}

/** The report a bureau shows, as text. */
async function reportOf(
  sandbox: Sandbox,
  bureau: 'gkb' | 'pkb',
  language: string,
  iin: string,
): Promise<string> {
  const response = await fetch(`${sandbox.urls[bureau]}/${language}/report`, {
    method: 'POST',
    body: new URLSearchParams({ iin }),
  });
  expect(response.status).toBe(200);
  return response.text();
}

/** Lines of the processes' logs that are no JSON, and warnings of Node, each of which has a cause to be mended. */
function strayLines(logs: string): readonly string[] {
  const files = readdirSync(logs);
  expect(files.toSorted()).toEqual(
    [
      'access',
      'bureau',
      'citizen',
      'clerk-signer',
      'clerk-worker',
      'gkb',
      'lender',
      'log',
      'pkb',
      'witness',
    ].map((name) => `${name}.log`),
  );
  return files.flatMap((file) =>
    readFileSync(join(logs, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && (!isJson(line) || line.includes('"warning"')))
      .map((line) => `${file}: ${line}`),
  );
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

/** Ends a start at the moment at which it says this. */
async function stoppedEarly(where: SandboxPlace, stage = 'PostgreSQL'): Promise<void> {
  const sandbox = Sandbox.launch(where);
  await sandbox.says(new RegExp(stage));
  await sandbox.stop('SIGINT');
}

/** What others could read if the home were open; certificates, public keys and the public log may be. */
function exposed(home: string): readonly string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('pg/') && !/\.pem$|^keys\/publicKeys\.json$|^tiles(\/|$)/.test(name))
    .filter((name) => (lstatSync(join(home, name)).mode & 0o077) !== 0);
}
