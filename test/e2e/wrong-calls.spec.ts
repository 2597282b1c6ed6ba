/** Programs called wrongly, or where nothing runs: one sentence says what happened and what to do, and no stack. */
import { afterAll, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../support/sandbox.js';
import { freePort } from '../support/free-port.js';

const folder = mkdtempSync(join(tmpdir(), 'tyiym-wrong-'));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const env = (home: string) => ({ PATH: process.env['PATH'] ?? '', TYIYM_HOME: home });

it('the tool says what is wrong with a call, a file or a sandbox that does not run', async () => {
  const [broken, empty, draft] = [
    place('broken.json', '{'),
    place('empty.json', '{}'),
    place('act.json', '{}'),
  ];
  const config = JSON.stringify({
    ...{ app: 'tool', sandbox: true, origin: 'sandbox.tyiym.kz/journal/1', keysDir: 'keys' },
    ...{ issuer: 'http://a.test', logBase: 'http://l.test' },
  });
  const noDatabase = place('no-database.json', config);
  const stopped = join(folder, 'stopped');
  mkdirSync(stopped);
  const refused = `http://127.0.0.1:${await freePort()}`;
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ['check bank-alpha aigerim', 3, /sandbox\.json cannot be read: start the sandbox \(npm start\)/],
    ['doctor', 3, /config\/tool\.json is not there: start the sandbox \(npm start\)/],
    [`fsck --config ${broken}`, 3, /broken\.json: cannot be read as JSON/],
    [`password rotate ${empty}`, 3, /empty\.json:\n(.*\n)*.*database: database must be an object/],
    [`migrate --owner-config ${noDatabase}`, 3, /database: database must be an object/],
    [`verify ${folder}/absent.json --jwks ${empty}`, 3, /absent\.json is not there \(ENOENT\): name a file/],
    [`fsck --log ${refused}`, 3, /nothing answers at 127\.0\.0\.1:\d+/],
    [`keygen --out ${draft}/keys`, 3, /is not below a folder \(ENOTDIR\): name another place/],
    [`keygen --out ${folder}`, 3, /is not empty; keys are never overwritten/],
    [
      `keygen --out ${folder}/none --rotate lookup`,
      3,
      /the folder .*none\/citizen is not there \(ENOENT\): make it/,
    ],
    [`key rotate lookup --keys ${folder}/none`, 3, /is not there \(ENOENT\)/],
    ['key retire', 2, /say one of --draft <file>, --apply <file>, --founding/],
    ['nothing', 2, /unknown command 'nothing'/],
  ];
  const ended = await Promise.all(
    rows.map(async ([line]) => {
      const { code, err } = await run(
        [process.execPath, 'dist/apps/tool/main.js', ...line.split(' ')],
        env(stopped),
      );
      return { code, err: err.replace(/^(Whom to believe|http).*\n/gm, '') };
    }),
  );
  for (const [at, [line, code, words]] of rows.entries()) {
    expect({ line, ...ended[at] }).toEqual({ line, code, err: expect.stringMatching(words) });
    expect(ended[at]?.err).not.toMatch(/^\s+at /m);
  }
}, 120_000);

it('a process that cannot start says so in lines of JSON alone', async () => {
  const apps = ['access', 'bureau', 'citizen', 'clerk', 'lender', 'log'];
  const ended = await Promise.all(
    apps.map((app) => run([process.execPath, `dist/apps/${app}/main.js`], env(folder))),
  );
  for (const [at, { code, out, err }] of ended.entries()) {
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: number; msg: string });
    const msg = 'the process could not start: say which configuration: --config <file.json>';
    expect({ code, err, last: lines.at(-1) }).toEqual({
      ...{ code: 1, err: '' },
      last: expect.objectContaining({ level: 60, app: apps[at], msg }),
    });
  }
}, 60_000);

it('a home that cannot be written, or is a file, is named by npm start', async () => {
  const { code, out } = await run(
    [process.execPath, 'dist/apps/sandbox/main.js'],
    env(join(place('file', ''), 'home')),
  );
  expect({ code, out }).toEqual({
    code: 1,
    out: expect.stringMatching(/could not start: .*home.*\(ENOTDIR\): name another place/),
  });
});
