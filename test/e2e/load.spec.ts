/** `tool load` on a sandbox that runs: what it made is a registry like any other, and fsck and a lender agree on it. */
import { randomUUID } from 'node:crypto';
import { writeFileSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { LenderLoad } from '../support/check-load.js';
import { countOf } from '../support/sandbox-database.js';
import { removeHome, Sandbox } from '../support/sandbox.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.start();
}, 90_000);
afterAll(async () => {
  await sandbox.stop();
  removeHome(sandbox.place);
}, 60_000);

const load = (...args: string[]) => sandbox.tool(['load', '--json', ...args]);
const refusals = 300;

async function ask(lender: LenderLoad, number: number): Promise<unknown> {
  const question = {
    iin: iinOfPerson(number),
    product: 'bank-loan',
    stage: 'decision',
    loanRef: 'beside-load',
  };
  const asked = { key: randomUUID(), loanRef: 'beside-load', body: JSON.stringify(question) };
  const [given] = (await lender.askAll([asked])).values();
  return given?.check['verdict'];
}

describe('tool load', () => {
  it('fills the registry with refusals and checks over days, and fsck finds nothing', async () => {
    const { code, out, err } = await load('--refusals', '300', '--entries', '700', '--days', '2');
    expect([code, err, JSON.parse(out)]).toEqual([0, '', { appended: 700 }]);
    expect(
      await countOf(
        sandbox,
        `SELECT FROM refusals WHERE version = 1 AND state = 'in-force' AND lock_hours = 24`,
      ),
    ).toBeGreaterThanOrEqual(refusals);
    expect(await countOf(sandbox, `SELECT DISTINCT at::date FROM checks WHERE loan_ref LIKE 'load-%'`)).toBe(
      2,
    );
    // The triggers that the load replaced are in force again.
    expect(await countOf(sandbox, `SELECT FROM pg_trigger WHERE tgenabled <> 'O' AND NOT tgisinternal`)).toBe(
      0,
    );
    const found = await sandbox.tool(['fsck']);
    expect([found.code, found.out.trim().split('\n').at(-1)]).toEqual([0, expect.stringMatching(/clean\.$/)]);
  }, 60_000);

  it('goes on where it stopped, and refuses other numbers', async () => {
    const more = await load('--refusals', '300', '--entries', '900');
    expect([more.code, JSON.parse(more.out)]).toEqual([0, { appended: 200 }]);
    const again = await load('--refusals', '300', '--entries', '900');
    expect([again.code, JSON.parse(again.out)]).toEqual([0, { appended: 0 }]);
    for (const other of [
      ['--refusals', '301', '--entries', '900'],
      ['--refusals', '300', '--entries', '900', '--seed', '1'],
      ['--refusals', '200', '--entries', '900'],
    ]) {
      const refused = await load(...other);
      expect([refused.code, refused.out]).toEqual([3, expect.stringContaining('loaded with other numbers')]);
    }
    const fewer = await load('--refusals', '300', '--entries', '200');
    expect(fewer.code).toBe(2);
  }, 60_000);

  it('goes on however often others append meanwhile', async () => {
    const lender = await LenderLoad.of(sandbox, 'bank-alpha');
    // A chunk a day, and now and then a check in between.
    const loading = load('--refusals', '300', '--entries', '1200', '--days', '20');
    let isOver = false;
    const over = loading.finally(() => (isOver = true));
    let asked = 0;
    for (; !isOver; asked += 1) {
      await ask(lender, 1);
      await wait(200);
    }
    const { code, err, out } = await over;
    expect([code, err, JSON.parse(out)]).toEqual([0, '', { appended: 300 }]);
    expect(asked).toBeGreaterThan(2);
    await lender.close();
    const found = await sandbox.tool(['fsck']);
    expect([found.code, found.out.trim().split('\n').at(-1)]).toEqual([0, expect.stringMatching(/clean\.$/)]);
  }, 120_000);

  it('made refusals that a lender is told of, and nobody else has one', async () => {
    const lender = await LenderLoad.of(sandbox, 'bank-alpha');
    expect([await ask(lender, 0), await ask(lender, refusals - 1), await ask(lender, refusals)]).toEqual([
      'refused',
      'refused',
      'clear',
    ]);
    await lender.close();
  }, 30_000);

  it('touches no registry but a sandbox’s', async () => {
    const tool = JSON.parse(readFileSync(sandbox.file('config', 'tool.json'), 'utf8')) as object;
    const file = sandbox.file('config', 'other.json');
    writeFileSync(file, JSON.stringify({ ...tool, origin: 'tyiym.kz/journal/1', sandbox: false }), {
      mode: 0o600,
    });
    const { code, out } = await load('--config', file, '--refusals', '1', '--entries', '1');
    expect([code, JSON.parse(out)]).toEqual([3, { error: expect.objectContaining({ code: 'failed' }) }]);
    expect(await countOf(sandbox, 'SELECT FROM entries')).toBeGreaterThan(900);
  });
});
