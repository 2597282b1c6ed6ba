/**
 * What the owner of a database could do to the rows of a registry, one tampering after the other, each undone by its
 * transaction's end; fsck names each by its code and place, or the table says why it cannot be seen.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { readFeedRoots, readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { verifyAgain } from '#libs/signature/verify-again.js';
import { rowSlices } from '../../apps/tool/fsck/slices.service.js';
import { fsck, type FsckOptions, type FsckReport } from '../../apps/tool/fsck/fsck.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { origin } from '../support/journals.js';
import { richRegistry, type RichRegistry } from '../support/rich-registry.js';
import { rowTamperings } from '../support/tamperings/row-tamperings.js';
import { schemaTamperings } from '../support/tamperings/schema-tamperings.js';
import { testCluster } from '../support/test-home.js';

let rich: RichRegistry;
let superuser: DataSource;
let runner: QueryRunner;

beforeAll(async () => {
  rich = await richRegistry();
  superuser = await openDatabase(
    { ...testCluster().superuser, name: rich.world.database.name },
    { poolSize: 1 },
  );
  runner = superuser.createQueryRunner();
}, 120_000);
afterAll(async () => {
  await runner.release();
  await superuser.destroy();
  await rich.close();
});

const verdicts = new Map<string, ReturnType<typeof verifyAgain>>();

/** The same signature over the same bytes is judged once: two hundred runs would spend their time on nothing else. */
const judgeOnce: typeof verifyAgain = (kept) => {
  const { cms, document, revocation, at, staleCrlHoursAllowed } = kept;
  const bytes = [cms, document, revocation.der].map((each) => each.toString('base64'));
  const name = JSON.stringify([...bytes, revocation.kind, at, staleCrlHoursAllowed]);
  const verdict = verdicts.get(name) ?? verifyAgain(kept);
  verdicts.set(name, verdict);
  return verdict;
};

function judge(tx: EntityManager, options: Partial<FsckOptions> = {}): Promise<FsckReport> {
  const { world, note, witness } = rich;
  const { tool } = world;
  return fsck({
    ...{ tx, origin, trust: trustOf(tool), published: { note, witnesses: [witness] } },
    identityKey: readIdentityKey(tool.keysDir),
    lookupKeys: readLookupKeys(tool.keysDir),
    feedRoots: readFeedRoots(tool.keysDir),
    ...options,
  });
}

const spelled = ({ findings }: FsckReport): readonly string[] =>
  findings.map(
    ({ code, index, table, row }) =>
      `${code} ${index === undefined ? `${table ?? ''} ${row ?? ''}` : `entry ${index}`}`,
  );

const all = [...rowTamperings, ...schemaTamperings];
const seen = all.filter(({ named }) => named !== undefined);

it(`the owner’s tamperings: ${seen.length} of ${all.length} are named, each of the others has its reason`, () => {
  expect(seen.length).toBeGreaterThanOrEqual(115);
  expect(all.filter(({ named, unseen }) => (named === undefined) !== (unseen !== undefined))).toEqual([]);
  expect(all.length - seen.length).toBeLessThanOrEqual(10);
});

describe('fsck', () => {
  it('finds nothing in a registry in which everybody did something, as the tool’s own role', async () => {
    const asTool = await openDatabase(rich.world.database.target('tyiym_tool'), { poolSize: 2 });
    try {
      const { findings, size } = await judge(asTool.manager);
      expect(findings).toEqual([]);
      expect(size).toBeGreaterThan(40);
    } finally {
      await asTool.destroy();
    }
  });

  it.each(
    rowTamperings.map(
      (each) => [each.named === undefined ? 'cannot see' : 'names', each.name, each] as const,
    ),
  )('%s %s', async (_verb, _name, { sql, named, unseen }) => {
    await runner.startTransaction();
    try {
      await runner.query(`SET LOCAL session_replication_role = 'replica'`);
      for (const statement of [sql].flat()) await runner.query(statement);
      await runner.query(`SET LOCAL session_replication_role = 'origin'`);
      const found = spelled(await judge(runner.manager, { judgeSignature: judgeOnce, slices: rowSlices }));
      if (named === undefined) expect([unseen, found]).toEqual([expect.stringMatching(/\S/), []]);
      else expect(found).toContainEqual(expect.stringContaining(named));
    } finally {
      await runner.rollbackTransaction();
    }
  });
});
