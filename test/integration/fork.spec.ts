/**
 * Two databases, one key: the cluster's database is copied and both go on, each with its own signer under the one key of
 * the log. Whoever watches from outside finds out; the operator cannot talk it away.
 */
import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Receipt } from '#libs/journal/receipt.js';
import { parseVkey } from '#libs/tlog/note.js';
import { fsckLog } from '../../apps/tool/fsck/log-fsck.client.js';
import { judge } from '../../apps/tool/verify/judge.js';
import { LogClient } from '../../apps/tool/verify/log.client.js';
import { awaitPublication } from '../../apps/tool/verify/publication.client.js';
import { placeOf } from '../../apps/tool/verify/question.js';
import type { TestDatabase } from '../support/database.js';
import { origin } from '../support/journals.js';
import { newFolder } from '../support/log-files.js';
import { newOperator, type Operator } from '../support/operator.js';
import { newRegulator, PublishingRegistry, type Regulator } from '../support/publishing-registry.js';

const folders = { witness: newFolder(), one: newFolder(), other: newFolder(), state: newFolder() };

let operator: Operator;
let copied: TestDatabase;
let original: TestDatabase;
let regulator: Regulator;
let one: PublishingRegistry;
let other: PublishingRegistry;
const state = join(folders.state, 'log.json');

beforeAll(async () => {
  operator = await newOperator({ opens: true });
  regulator = await newRegulator(folders.witness, [PublishingRegistry.vkeyOf(operator, origin)]);
  const place = { operator, origin, tilesDir: folders.one, regulator };
  const before = await PublishingRegistry.open({ ...place, database: operator.database });
  await before.append(260);
  await before.publish();
  await fsckLog(new LogClient(before.url), { policy: policy(), stateFile: state });
  await before.close();
  await operator.registry.close();
  copied = await operator.database.copy();
  original = await operator.database.again();
  cpSync(folders.one, folders.other, { recursive: true });
  one = await PublishingRegistry.open({ ...place, database: original });
  other = await PublishingRegistry.open({ ...place, database: copied, tilesDir: folders.other });
  await one.publish();
  await other.publish();
}, 60_000);
afterAll(async () => {
  await one.close();
  await other.close();
  await regulator.close();
  await copied.drop();
  await original.drop();
  operator.removeKeys();
  for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
});

const policy = (quorum = 0) => ({
  log: [parseVkey(PublishingRegistry.vkeyOf(operator, origin))],
  witnesses: [regulator.vkey],
  quorum,
});

/** What a lender is told who holds this receipt and asks this log. */
async function verdictOf(receipt: Receipt | undefined, url: string, quorum: number): Promise<unknown> {
  const text = JSON.stringify(receipt);
  const log = new LogClient(url);
  const jwks = await log.jwks();
  const asked = { expectations: { now: Math.floor(Date.now() / 1000) }, members: [], policy: policy(quorum) };
  const waiting = { waitMs: 0, say: () => undefined };
  const published = await awaitPublication(log, policy(), placeOf(text), waiting);
  const judged = await judge(text, { ...(jwks && { jwks }), ...asked, published });
  return judged.valid ? judged.level : judged.code;
}

describe('a registry with two databases and one key', () => {
  let honest: readonly Receipt[];
  let forked: readonly Receipt[];
  const conflicts = (): readonly { why: string }[] =>
    readFileSync(join(folders.witness, 'conflicts.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { why: string });

  it('gets one of its histories cosigned, and the other refused at the same size', async () => {
    [honest, forked] = [await one.append(5), await other.append(5)];
    await one.publish();
    await other.publish();
    expect(one.outcomes.at(-1)).toBe('yes');
    // 409: it has cosigned this size already, with another root.
    expect(other.outcomes.at(-1)).toBe('refused');
    expect(conflicts().map(({ why }) => why)).toEqual(['another root for the size that was cosigned']);
  });

  it('gets the other refused for good when it has grown: it is not shown to have grown from what was cosigned', async () => {
    await other.append(5);
    await other.publish();
    expect(other.outcomes.at(-1)).toBe('refused');
    expect(conflicts().at(-1)?.why).toBe('not shown to have grown from what was cosigned');
    expect(regulator.conflicts.length).toBeGreaterThanOrEqual(2);
  });

  it('is caught by whoever holds a receipt of the one and asks the other', async () => {
    await one.append(5);
    await one.publish();
    expect(await verdictOf(honest[2], one.url, 1)).toBe('witnessed');
    expect(await verdictOf(forked[2], other.url, 0)).toBe('logged');
    expect(await verdictOf(forked[2], other.url, 1)).toBe('quorum-missing');
    expect(await verdictOf(honest[2], other.url, 0)).toBe('leaf-not-included');
    expect(await verdictOf(forked[2], one.url, 1)).toBe('leaf-not-included');
  });

  it('is caught by whoever looked at the one before and looks at the other now', async () => {
    expect((await fsckLog(new LogClient(one.url), { policy: policy(), stateFile: state })).findings).toEqual(
      [],
    );
    const { findings } = await fsckLog(new LogClient(other.url), { policy: policy(), stateFile: state });
    expect(findings.map(({ code }) => code)).toContain('not-the-log-seen-before');
  });

  it('signs nothing over the folder of the other history, and is answered from neither then', async () => {
    const crossed = await PublishingRegistry.open({
      ...{ operator, origin, regulator, database: copied, tilesDir: folders.one },
    });
    await expect(crossed.publish()).rejects.toMatchObject({ name: 'SigningRefused' });
    await expect(crossed.append(1)).rejects.toMatchObject({ code: 'registry-unavailable' });
    await crossed.close();
  });
});
