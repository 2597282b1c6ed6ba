/** The README's first minute, run as it stands there: a README that lies is a failed test. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, removeHome, root, run, Sandbox, type Ended } from '../support/sandbox.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
let sandbox: Sandbox;
let minute: Ended;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  minute = await run(['sh'], environment(sandbox.place), commandsOf(readme));
}, 180_000);

afterAll(async () => {
  await sandbox.stop();
  removeHome(sandbox.place);
}, 30_000);

describe("the README's first minute", () => {
  it('ends well and complains of nothing', () => {
    expect({ code: minute.code, err: minute.err }).toEqual({ code: 0, err: '' });
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

  it('verifies with a script of at most 35 lines that imports only node:crypto', () => {
    const script = readFileSync(join(root, 'test', 'e2e', 'verify-receipt.mjs'), 'utf8');
    expect(script.trimEnd().split('\n').length).toBeLessThanOrEqual(35);
    expect(script.match(/\bfrom '([^']+)'|\bimport\(|\brequire\(|getBuiltinModule/g)).toEqual([
      "from 'node:crypto'",
    ]);
  });
});

/** What stands in the shell block between the markers. */
function commandsOf(text: string): string {
  const [, section = ''] = text.split(/<!-- first-minute: (?:begin|end) -->/);
  const commands = /^```sh\n([\s\S]*?)^```$/m.exec(section)?.[1];
  if (commands === undefined) throw new Error('README.md has no first minute between its markers');
  return commands;
}
