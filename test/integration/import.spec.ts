/** Going live: what the sources deliver is taken over once, whatever stops it, until the registry opens and no longer. */
import { fork, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '#libs/platform/config.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import type { Change } from '#libs/acts/change.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { huntDatabase } from '../support/iin-hunt.js';
import { newOperator, type Operator } from '../support/operator.js';

let operator: Operator;
let dir: string;

beforeEach(async () => {
  operator = await newOperator({ opens: false });
  dir = mkdtempSync(join(tmpdir(), 'tyiym-import-'));
  await found(beginning());
}, 60_000);
afterEach(async () => {
  await operator.close();
  rmSync(dir, { recursive: true });
});

const found = (changes: readonly Change[]) => operator.registry.acts.found(changes);
const beginning = (): readonly Change[] => {
  const { publicKeys, parties, officials } = operator.foundation;
  return [
    ...publicKeys.map((key): Change => ({ kind: 'key.published', body: { ...key } })),
    ...parties.map((party): Change => ({ kind: 'party.admitted', body: { party } })),
    ...officials.map((official): Change => ({ kind: 'party.admitted', body: { official } })),
  ];
};
const opening = (): Change => ({
  kind: 'registry.opened',
  body: { origin: operator.config.origin, regime: defaultRules.map(ruleToJson) },
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
}

function start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const file = join(dir, 'tool.json');
  writeFileSync(file, JSON.stringify(operator.config satisfies Config));
  const child = fork('apps/tool/main.ts', ['import', '--config', file, '--json', ...args], {
    execArgv: ['--import', './test/support/typescript.mjs'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let out = '';
  child.stdout?.on('data', (some: Buffer) => (out += some.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out }));
  return { child, ended };
}

/** Runs the command to its end; the sums it printed, and the report. */
async function run(...args: string[]): Promise<{
  readonly code: number | null;
  readonly said: Record<string, unknown>;
  readonly report: readonly Record<string, unknown>[];
}> {
  const report = join(dir, `report-${randomUUID()}.ndjson`);
  const { code, out } = await start(['--report', report, ...args]).ended;
  const said = JSON.parse(out) as Record<string, unknown>;
  const lines = said['error'] === undefined ? readFileSync(report, 'utf8').trimEnd().split('\n') : [];
  return { code, said, report: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

function file(header: string, lines: readonly string[]): string {
  const path = join(dir, `${randomUUID()}.csv`);
  writeFileSync(path, `${[header, ...lines].join('\n')}\n`);
  return path;
}
const egov = (...lines: string[]) => file('egov_application,iin,placed_at,lifted_at', lines);
const gkb = (...lines: string[]) => file('gkb_record,iin,marked_on,removed_on', lines);
const [first, second, third, fourth] = [iinOfPerson(1), iinOfPerson(2), iinOfPerson(3), iinOfPerson(4)];

const entries = async (): Promise<readonly Record<string, unknown>[]> => {
  const { rows } = await operator.database.superuser.query<{ entry: string }>(
    `SELECT entry FROM entries WHERE kind = 'refusal.inherited' ORDER BY index`,
  );
  return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>);
};
const findings = async (): Promise<readonly unknown[]> => {
  const { config, registry, trust } = operator;
  const report = await fsck({
    ...{ tx: registry.dataSource.manager, origin: config.origin, trust },
    ...{ identityKey: readIdentityKey(config.keysDir), lookupKeys: readLookupKeys(config.keysDir) },
  });
  return report.findings;
};

describe('an import', () => {
  it('takes over whoever any source says has a refusal, once, with where it was said and since when', async () => {
    const delivered = egov(
      `E-1,${first},2025-03-01T23:10:00+05:00,`,
      `E-2,${second},2024-10-01T09:00:00Z,2025-01-01T00:00:00Z`,
      `E-3,${third},2025-05-05T05:05:05Z,`,
    );
    const marked = gkb(`G-1,${first},2025-03-01,`, `G-2,${second},2024-10-02,`);
    const { code, said } = await run('--refusals', delivered, '--refusals', marked);
    expect([code, said]).toMatchObject([
      0,
      { people: 3, inForce: 3, inherited: 3, alreadyHere: 0, saidTwice: 0, differing: 2 },
    ]);
    const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('base64url');
    const made = await entries();
    expect(
      made.toSorted((a, b) => String(a['sourceRef']).localeCompare(String(b['sourceRef']))),
    ).toMatchObject([
      { placedAt: '2025-05-05T05:05:05.000Z', source: 'egov', sourceDigest: digest(delivered) },
      // The bureau's day begins before the hour that eGov names: it is said to stand since then.
      { placedAt: '2025-02-28T19:00:00.000Z', source: 'gkb', sourceRef: 'G-1', sourceDigest: digest(marked) },
      { placedAt: '2024-10-01T19:00:00.000Z', source: 'gkb', sourceRef: 'G-2', version: 1, lockHours: 0 },
    ]);
    await found([opening()]);
    expect(await findings()).toEqual([]);
    const { rows } = await operator.database.superuser.query(
      `SELECT count(*)::integer AS fed, (SELECT count(*)::integer FROM feed f JOIN people p USING (subject, subject_epoch)) AS known
       FROM feed`,
    );
    expect(rows).toEqual([{ fed: 3, known: 3 }]);
    expect(await huntDatabase(operator.database.superuser, [first, second, third])).toEqual([]);
  });

  it('names every line it leaves out, and every person about whom sources differ, without a number', async () => {
    const { code, said, report } = await run(
      ...[
        '--refusals',
        egov(`E-1,${first},2025-03-01T00:00:00Z,`, 'E-2,123456789012,2025-03-01T00:00:00Z,', ''),
      ],
      '--refusals',
      gkb(
        `G-1,${first},2025-03-07,`,
        `G-2,"${second},2025-03-01,`,
        `G-3,${third},2025-03-01,2025-04-01`,
        `G-4,${third},2025-06-01,`,
        `G-5,${fourth},2099-01-01,`,
      ),
    );
    expect([code, said]).toMatchObject([
      1,
      { people: 2, inForce: 2, inherited: 2, saidTwice: 1, differing: 2 },
    ]);
    expect(report.filter(({ what }) => what === 'left-out')).toEqual([
      { what: 'left-out', source: 'egov', line: 3, code: 'iin-malformed' },
      { what: 'left-out', source: 'egov', line: 4, code: 'columns-wrong' },
      { what: 'left-out', source: 'gkb', line: 3, code: 'iin-malformed' },
      { what: 'left-out', source: 'gkb', line: 6, code: 'date-in-future' },
    ]);
    expect(report.filter(({ what }) => what === 'said-twice')).toEqual([
      { what: 'said-twice', source: 'gkb', line: 5, sourceRef: 'G-4', first: 4 },
    ]);
    expect(report.flatMap(({ what, differs }) => (what === 'difference' ? [differs] : []))).toEqual(
      expect.arrayContaining([['day'], ['missing']]),
    );
    expect(report.at(-1)).toMatchObject({
      what: 'sums',
      sources: { egov: { lines: 3, leftOut: 2 }, gkb: { lines: 5 } },
    });
    for (const iin of [first, second, third, fourth])
      expect(JSON.stringify([said, report])).not.toContain(iin);
  });

  it('appends nothing in a dry run, and nobody twice when it is run again', async () => {
    const delivered = egov(`E-1,${first},2025-03-01T00:00:00Z,`);
    expect((await run('--dry-run', '--refusals', delivered)).said).toMatchObject({ inherited: 1 });
    expect(await entries()).toEqual([]);
    expect((await run('--refusals', delivered)).said).toMatchObject({ inherited: 1, alreadyHere: 0 });
    const more = egov(`E-1,${first},2025-03-01T00:00:00Z,`, `E-9,${second},2025-03-01T00:00:00Z,`);
    expect((await run('--refusals', more)).said).toMatchObject({ inherited: 1, alreadyHere: 1 });
    expect(await entries()).toHaveLength(2);
  });

  it('lets no line stop the others, whatever it holds and however lines end, and names each', async () => {
    const placed = '2025-03-01T00:00:00Z';
    const lines = [
      'egov_application,iin,placed_at,lifted_at',
      `E-1,${first},2025-03-01T00:00:00+16:00,`,
      `E-2,${second},2025-03-01T23:59:59.999999999+14:00,`,
      `E-3,${first},infinity,`,
      `E-4,${first},${placed},${'9'.repeat(300_000)}`,
      `E-5\0,${first},${placed},`,
      `\\N,${third},${placed},`,
      'egov_application,iin,placed_at,lifted_at',
      `"E-7",${first},"${placed}",`,
      `E-8\t,${first},${placed},`,
      `\\.`,
      `E-9,${first},2025-03-01T24:00:00Z,`,
      `E-10,${fourth},${placed},`,
      `E-11,${first},${placed},\x80`,
    ];
    // With a mark, with CRLF, and without an end of the last line, as a spreadsheet on Windows writes it.
    const delivered = join(dir, 'whatever.csv');
    writeFileSync(delivered, `\ufeff${lines.join('\r\n')}`);
    const { code, said, report } = await run('--refusals', delivered);
    expect([code, said]).toMatchObject([1, { people: 3, inherited: 3 }]);
    expect(report.flatMap(({ what, line, code: why }) => (what === 'left-out' ? [[line, why]] : []))).toEqual(
      [
        [2, 'date-malformed'],
        [4, 'date-malformed'],
        [5, 'date-malformed'],
        [6, 'reference-malformed'],
        [8, 'iin-malformed'],
        [9, 'date-malformed'],
        [10, 'reference-malformed'],
        [11, 'columns-wrong'],
        [12, 'date-malformed'],
        [14, 'date-malformed'],
      ],
    );
    const made = await entries();
    expect(made.map(({ sourceRef, placedAt }) => [sourceRef, placedAt]).toSorted()).toEqual([
      ['E-10', '2025-03-01T00:00:00.000Z'],
      ['E-2', '2025-03-01T09:59:59.999Z'],
      ['\\N', '2025-03-01T00:00:00.000Z'],
    ]);
  });

  it('names what it does not carry out: a lift or another day after the taking over, a source without lines', async () => {
    await run(
      '--refusals',
      egov(`E-1,${first},2025-03-01T00:00:00Z,`, `E-2,${second},2025-03-01T00:00:00Z,`),
    );
    const { code, said, report } = await run(
      ...['--refusals', egov(`E-1,${first},2025-03-01T00:00:00Z,2025-04-01T00:00:00Z`)],
      ...['--refusals', file('pkb_record,iin,marked_on,removed_on', [`P-2,${second},2024-12-24,`])],
      ...['--refusals', file('gkb_record,iin,marked_on,removed_on', [])],
    );
    expect([code, said]).toMatchObject([
      1,
      { inherited: 0, alreadyHere: 1, notCarriedOut: 2, withoutLines: ['gkb'], notGiven: [] },
    ]);
    const named = report.filter(({ what }) => what === 'not-carried-out');
    expect(named).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ differs: ['state'], here: { placedAt: '2025-03-01T00:00:00.000Z' } }),
        expect.objectContaining({ differs: ['instant'] }),
      ]),
    );
    expect(JSON.stringify([said, report])).not.toContain(first);
  });

  it('is refused for a file that is no delivery, and for a source given twice', async () => {
    const one = egov(`E-1,${first},2025-03-01T00:00:00Z,`);
    const utf16 = join(dir, 'utf16.csv');
    writeFileSync(utf16, Buffer.from(`\ufeff${readFileSync(one, 'utf8')}`, 'utf16le'));
    for (const files of [
      [file('iin', [first])],
      [egov(), file('', [])],
      [one, one],
      [join(dir, 'none.csv')],
      [utf16],
    ]) {
      const { code, said } = await run(...files.flatMap((each) => ['--refusals', each]));
      expect([code, said]).toMatchObject([3, { error: { code: 'failed' } }]);
    }
    expect((await run()).code).toBe(2);
    expect(await entries()).toEqual([]);
  });

  it('is over when the registry opens: the command says so, and the database lets nothing through', async () => {
    await found([opening()]);
    const { code, said } = await run('--refusals', egov(`E-1,${first},2025-03-01T00:00:00Z,`));
    expect([code, said]).toMatchObject([3, { error: { message: expect.stringContaining('open') } }]);
    await expect(
      operator.registry.dataSource.query(
        `INSERT INTO entries (index, id, kind, at, entry, seed, commitment, leaf_hash)
         VALUES ((SELECT size FROM journal_head), $1, 'refusal.inherited', now(), '{"kind":"refusal.inherited"}',
           sha256('a'), sha256('c'), sha256('b'))`,
        [randomUUID()],
      ),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('killed at any moment goes on where it was: everybody once, and the report whole', async () => {
    const people = 4000;
    const lines = Array.from(
      { length: people },
      (_, number) => `E-${String(number)},${iinOfPerson(number)},2025-03-01T00:00:00Z,`,
    );
    const args = ['--refusals', egov(...lines), '--report', join(dir, 'killed.ndjson')];
    const inherited = async (): Promise<number> => (await entries()).length;
    const counts: number[] = [];
    for (const enough of [1, 1000, 2500]) {
      const { child, ended } = start(args);
      while (child.exitCode === null && (await inherited()) < enough) await new Promise(setImmediate);
      child.kill('SIGKILL');
      await ended;
      counts.push(await inherited());
    }
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts[0]).toBeLessThan(people);
    const { code, said } = await run(...args.slice(0, 2));
    expect([code, said]).toMatchObject([0, { people, inForce: people }]);
    expect(Number(said['inherited']) + Number(said['alreadyHere'])).toBe(people);
    expect(new Set((await entries()).map(({ sourceRef }) => sourceRef)).size).toBe(people);
    expect(await inherited()).toBe(people);
    await found([opening()]);
    expect(await findings()).toEqual([]);
  }, 120_000);
});
