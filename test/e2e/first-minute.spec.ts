/** What the documents print for a terminal, run as it stands there: a page that lies is a failed test. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, removeHome, root, run, Sandbox, type Ended } from '../support/sandbox.js';
import { lenderCases } from '../support/wrong-answers.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** The Java example is compiled and run where there is a JDK. */
const hasJdk = spawnSync('javac', ['--version']).status === 0;
let sandbox: Sandbox;
let minute: Ended;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  minute = await run(['sh'], environment(sandbox.place), commandsOf(readme, 'first-minute'));
}, 180_000);

afterAll(async () => {
  await sandbox.stop();
  removeHome(sandbox.place);
}, 30_000);

/** What was said on standard error beside the one sentence that names the file which the pins come from. */
function complaints(err: string): string {
  const file = join(sandbox.place.home, 'sandbox.json');
  const sentence = `Whom to believe is said by ${file}: pin --log-key and --witness to judge anything but that sandbox.\n`;
  expect(err).toContain(sentence);
  return err.replaceAll(sentence, '');
}

describe("the README's first minute", () => {
  it('ends well and complains of nothing', () => {
    expect({ code: minute.code, err: complaints(minute.err) }).toEqual({ code: 0, err: '' });
  });

  it('is told clear, refused and clear', () => {
    expect(minute.out.match(/^(clear|refused)$/gm)).toEqual(['clear', 'refused', 'clear']);
  });

  it('has each of the three receipts verified by the tool and by the script that knows only node:crypto', () => {
    expect(minute.out.match(/^valid: signed$/gm)).toHaveLength(3);
    const entries = minute.out.match(/^\{.*\}$/gm)?.map((line) => JSON.parse(line) as object);
    expect(entries).toEqual([
      expect.objectContaining({ kind: 'check.made', verdict: 'clear', version: 0 }),
      expect.objectContaining({ kind: 'check.made', verdict: 'refused', version: 1 }),
      expect.objectContaining({ kind: 'check.made', verdict: 'clear', version: 2 }),
    ]);
  });

  it('has the first of them witnessed, too', () => {
    expect(minute.out.match(/^valid: witnessed$/gm)).toHaveLength(1);
  });

  it('verifies with a script of at most 35 lines that imports only node:crypto', () => {
    const script = readFileSync(join(root, 'test', 'e2e', 'verify-receipt.mjs'), 'utf8');
    expect(script.trimEnd().split('\n').length).toBeLessThanOrEqual(35);
    expect(script.match(/\bfrom '([^']+)'|\bimport\(|\brequire\(|getBuiltinModule/g)).toEqual([
      "from 'node:crypto'",
    ]);
  });
});

describe("the lender's first check", () => {
  it(`is told clear and refused, by curl, the SDK${hasJdk ? ' and Java' : ' (no JDK here: not Java)'}`, async () => {
    const [page, disputes] = ['first-check.md', 'disputes.md'].map((name) =>
      readFileSync(join(root, 'docs', 'lender', name), 'utf8'),
    ) as [string, string];
    const java = hasJdk ? commandsOf(page, 'java-check') : '';
    const commands = commandsOf(page, 'first-check') + java + commandsOf(disputes, 'upgrade');
    const { code, out, err } = await run(['sh'], environment(sandbox.place), commands);
    expect({ code, err: complaints(err) }).toEqual({ code: 0, err: '' });
    const lines = out
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('  '))
      .map((line) => line.replace(/"entry": .*|\d{4}-.*Z$/, '…'));
    const byCurl = ['clear', '{"level": "signed", …', 'refused', '{"level": "signed", …'];
    const upgraded = ['valid: witnessed', 'valid: witnessed'];
    const byJava = hasJdk ? ['lend', 'do not lend: refused'] : [];
    expect(lines).toEqual([...byCurl, 'lend until …', 'do not lend: refused', ...byJava, ...upgraded]);
  }, 60_000);

  (hasJdk ? it : it.skip)('in Java lends on the one good answer, and on none of the wrong ones', async () => {
    const cases = await lenderCases();
    const lines = cases.map((each) => `${JSON.stringify(each)}\n`).join('');
    const command = ['java', 'docs/lender/java/Check.java', '--judge'];
    const { out, err } = await run(command, environment(sandbox.place), lines);
    const judged = out.trim().split('\n');
    expect(err).toBe('');
    expect(cases.map(({ name }, at) => `${name}: ${judged[at]}`)).toEqual(
      cases.map(({ name, reason }) => `${name}: ${reason ?? 'lends'}`),
    );
  });
});

/** What stands in the shell block between the markers. */
function commandsOf(text: string, name: string): string {
  const [, section = ''] = text.split(new RegExp(`<!-- ${name}: (?:begin|end) -->`));
  const commands = /^```sh\n([\s\S]*?)^```$/m.exec(section)?.[1];
  if (commands === undefined) throw new Error(`no ${name} between its markers`);
  return commands;
}
