/** What the documents print for a terminal, run as it stands there: a page that lies is a failed test. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsOf, shellBlocksOf } from '../support/documents.js';
import { environment, removeHome, root, run, Sandbox, type Ended } from '../support/sandbox.js';
import { lenderCases } from '../support/wrong-answers.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** The Java example is compiled and run where there is a JDK. */
const hasJdk = spawnSync('javac', ['--version']).status === 0;
let sandbox: Sandbox;
let minute: Ended;
/** As pasted into a terminal: no comments, other names, another way to split words. */
const interactiveZsh = ['zsh', '-f', '-i', '-s', '+Z', '-o', 'no_prompt_cr', '-o', 'no_prompt_sp'];
const inZsh = (): Record<string, string> => ({ ...environment(sandbox.place), PS1: '', PS2: '' });

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

  it('says the same when it is pasted into an interactive zsh', async () => {
    const { code, out, err } = await run(interactiveZsh, inZsh(), commandsOf(readme, 'first-minute'));
    expect({ code, err: complaints(err) }).toEqual({ code: 0, err: '' });
    expect(out.match(/^(clear|refused)$/gm)).toEqual(['clear', 'refused', 'clear']);
    expect(out.match(/^valid: witnessed$/gm)).toHaveLength(1);
  }, 120_000);

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

describe('what the pages give for a terminal', () => {
  const pages = [
    'README.md',
    ...pagesIn('docs/lender'),
    ...pagesIn('docs/bureau'),
    ...pagesIn('docs/verify'),
  ];

  it('holds no comments, which an interactive zsh takes for commands, and no address of its own', () => {
    const lines = pages.flatMap((page) =>
      shellBlocksOf(readFileSync(join(root, page), 'utf8')).flatMap((block) =>
        block.split('\n').map((line) => `${page}: ${line}`),
      ),
    );
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => /: *#|\s#\s|127\.0\.0\.1|localhost|TYIYM_PORT_BASE/.test(line))).toEqual(
      [],
    );
  });

  it.each(['sh', 'zsh'])("reads the bank's loans in %s as docs/lender/loans.md says", async (shell) => {
    const page = readFileSync(join(root, 'docs', 'lender', 'loans.md'), 'utf8');
    const command = shell === 'sh' ? ['sh'] : interactiveZsh;
    const { code, out, err } = await run(command, inZsh(), shellBlocksOf(page).join(''));
    expect({ code, err, items: (JSON.parse(out) as { items: unknown[] }).items }).toEqual({
      ...{ code: 0, err: '' },
      items: [expect.objectContaining({ contractNumber: 'scene-marat' })],
    });
  });
});

describe("the lender's first check", () => {
  it.each(['sh', 'zsh'])(
    `is told clear and refused in %s, by curl, the SDK${hasJdk ? ' and Java' : ' (no JDK here: not Java)'}`,
    async (shell) => {
      const [page, disputes] = ['first-check.md', 'disputes.md'].map((name) =>
        readFileSync(join(root, 'docs', 'lender', name), 'utf8'),
      ) as [string, string];
      const java = hasJdk ? commandsOf(page, 'java-check') : '';
      const commands = commandsOf(page, 'first-check') + java + commandsOf(disputes, 'upgrade');
      const { code, out, err } = await run(shell === 'sh' ? ['sh'] : interactiveZsh, inZsh(), commands);
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
    },
    60_000,
  );

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

function pagesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}
