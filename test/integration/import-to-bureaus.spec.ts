/** What was taken over before the opening reaches the bureaus: each holds exactly who is in force, and both sides agree. */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { foundRegistry } from '../../apps/tool/registry.module.js';
import { auditAfterEach } from '../support/auditor.js';
import type { BureauReader, Received } from '../support/bureau-reader.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import type { Somebody } from '../support/citizen-acts.js';
import { iins } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';
import { held, vectorOf } from '../support/held.js';

const dir = mkdtempSync(join(tmpdir(), 'tyiym-import-'));
/** People nobody else of this file is. */
const [both = '', egovAlone = '', bureauAlone = '', nobody = '', malformed = ''] = [
  ...iins.slice(-8, -4),
  '123456789012',
];

let scene: BureauScene;

beforeAll(async () => {
  scene = await bureauScene({ opens: false });
}, 60_000);
auditAfterEach(() => scene.world);
afterAll(async () => {
  await scene.close();
  rmSync(dir, { recursive: true });
});

function file(name: string, lines: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** `tool import` as a process. @returns its exit code */
async function importAll(files: readonly string[]): Promise<unknown> {
  const config = file('tool.json', [JSON.stringify(scene.world.tool)]);
  const child = fork(
    'apps/tool/main.ts',
    [
      ...['import', '--config', config, '--json', '--report', join(dir, 'report.ndjson')],
      ...files.flatMap((each) => ['--refusals', each]),
    ],
    {
      execArgv: ['--import', './test/support/typescript.mjs'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const [code] = (await once(child, 'close')) as [unknown];
  return code;
}

const received = (reader: BureauReader, count: number): Promise<readonly Received[]> =>
  eventually(
    `${String(count)} items`,
    () => reader.items(),
    (items) => items.length >= count,
  );

/** Whom a bureau has marked that applied these items, by the numbers it opened. */
async function marked(reader: BureauReader, items: readonly Received[]): Promise<readonly string[]> {
  const people = await Promise.all(
    [...held(items).values()].map(async ({ event }) => (await reader.open(event.sealed)).iin),
  );
  return people.toSorted();
}

async function agrees(reader: BureauReader, items: readonly Received[]): Promise<unknown> {
  const set = held(items);
  const vector = { atSeq: items.length, inForce: set.size, buckets: vectorOf(set) };
  return (await reader.call('POST', '/v1/digests', vector)).body;
}

async function stamp(reader: BureauReader, items: readonly Received[]): Promise<void> {
  const recordedAt = new Date(scene.world.registryNow()).toISOString();
  const stamps = items.map(({ jti }) => ({ jti, recordedAt }));
  const { body } = await reader.call('POST', '/v1/stamps', { items: stamps }, randomUUID());
  expect((body as { items: { state: string }[] }).items.map(({ state }) => state)).toEqual(
    items.map(() => 'stamped'),
  );
}

const shown = async (iin: string): Promise<unknown> =>
  (await scene.acts.present('/v1/refusal-status', iin)).body as unknown;

describe('bureaus', () => {
  it('are told before the opening of everybody whom any source named, each under its own pseudonyms', async () => {
    const egov = file('egov.csv', [
      'egov_application,iin,placed_at,lifted_at',
      `E-1,${both},2025-03-01T10:00:00+05:00,`,
      `E-2,${egovAlone},2025-03-02T10:00:00+05:00,`,
      `E-3,${nobody},2025-03-03T10:00:00+05:00,2025-04-03T10:00:00+05:00`,
      `E-4,${malformed},2025-03-03T10:00:00+05:00,`,
    ]);
    const gkb = file('gkb.csv', [
      'gkb_record,iin,marked_on,removed_on',
      `G-1,${both},2025-03-04,`,
      `G-2,${bureauAlone},2025-03-05,`,
    ]);
    // One line named nobody.
    expect(await importAll([egov, gkb])).toBe(1);
    const inForce = [both, egovAlone, bureauAlone].toSorted();
    const subIds: string[] = [];
    for (const reader of [scene.gkb, scene.pkb]) {
      const items = await received(reader, inForce.length);
      expect(items.map(({ kind, event }) => `${kind ?? ''} ${String(event.seq)}`)).toEqual(
        [1, 2, 3].map((seq) => `refusal-placed ${String(seq)}`),
      );
      expect(await marked(reader, items)).toEqual(inForce);
      expect(await agrees(reader, items)).toEqual({ agrees: true });
      subIds.push(...items.map(({ claims }) => claims.sub_id.id));
    }
    expect(new Set(subIds).size).toBe(2 * inForce.length);
  });

  it('stamp it, and after the opening the person sees that and lifts it like any other', async () => {
    for (const reader of [scene.gkb, scene.pkb]) await stamp(reader, await reader.items());
    await foundRegistry(scene.world.tool, { publicKeys: [], parties: [], officials: [] });
    const person: Somebody = { iin: both, person: await scene.world.issue(both) };
    await eventually(
      'the registry is open',
      () => shown(both),
      (body) => (body as { state?: string }).state === 'in-force',
    );
    expect(await shown(both)).toMatchObject({
      stamps: [
        { bureau: 'gkb', state: 'stamped' },
        { bureau: 'pkb', state: 'stamped' },
      ],
    });
    expect((await scene.acts.act(person, { kind: 'lift' })).body).toMatchObject({ state: 'lifted' });
    for (const reader of [scene.gkb, scene.pkb]) {
      const items = await received(reader, 4);
      expect(await marked(reader, items)).toEqual([egovAlone, bureauAlone].toSorted());
      expect(await agrees(reader, items)).toEqual({ agrees: true });
    }
  });
});
