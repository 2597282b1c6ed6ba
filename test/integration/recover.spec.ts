/**
 * A restored backup, played whole: the registry publishes, an older copy of its database takes its place, nobody is
 * answered from it, two officials close the log, and the registry goes on under the next number.
 */
import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { journalHead } from '#libs/journal/journal.store.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import { parseIin } from '#libs/subject/iin.js';
import { parseVkey } from '#libs/tlog/note.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { fsckLog } from '../../apps/tool/fsck/log-fsck.client.js';
import { lossOf } from '../../apps/tool/recover/recover.service.js';
import { openRegistry, type OpenRegistry } from '../../apps/tool/registry.module.js';
import { judge } from '../../apps/tool/verify/judge.js';
import { LogClient } from '../../apps/tool/verify/log.client.js';
import { awaitPublication } from '../../apps/tool/verify/publication.client.js';
import { placeOf } from '../../apps/tool/verify/question.js';
import type { TestDatabase } from '../support/database.js';
import { origin } from '../support/journals.js';
import { newFolder } from '../support/log-files.js';
import { actsOver, enter, loginOf, newOperator, type Operator } from '../support/operator.js';
import { newRegulator, PublishingRegistry, type Regulator } from '../support/publishing-registry.js';
import { validIins } from '../support/vectors.js';

const next = 'sandbox.tyiym.kz/journal/2';
const folders = { witness: newFolder(), first: newFolder(), second: newFolder() };

let operator: Operator;
let live: TestDatabase;
let backup: TestDatabase;
let regulator: Regulator;
/** The receipts of the first log: what the backup holds, and what is lost. */
const kept: Receipt[] = [];
const lost: Receipt[] = [];
let published = 0;
let restored: PublishingRegistry;
let tool: OpenRegistry;

beforeAll(async () => {
  operator = await newOperator({ opens: true });
  const vkeys = [origin, next].map((name) => PublishingRegistry.vkeyOf(operator, name));
  regulator = await newRegulator(folders.witness, vkeys);
  await operator.database.superuser.query(
    "INSERT INTO streams (stream_id, client_id, began_on) VALUES (gen_random_uuid(), 'bank-alpha', '2026-01-01')",
  );
  const place = { operator, origin, tilesDir: folders.first, regulator };
  const before = await PublishingRegistry.open({ ...place, database: operator.database });
  kept.push(...(await before.append(300)));
  await before.publish();
  await before.close();
  await operator.registry.close();
  backup = await operator.database.copy();
  live = await operator.database.again();
  const after = await PublishingRegistry.open({ ...place, database: live });
  // The live database goes on: nothing was put back yet.
  await after.publish();
  lost.push(...(await after.append(40)));
  published = (await after.publish()) ?? 0;
  await after.close();
  restored = await PublishingRegistry.open({ ...place, database: backup });
  tool = await openRegistry(configOf(backup));
}, 60_000);
afterAll(async () => {
  await restored.close();
  await tool.close();
  await regulator.close();
  await backup.drop();
  await live.leave();
  await operator.registry.dataSource.destroy().catch(() => undefined);
  await operator.database.again().then((database) => database.drop());
  operator.removeKeys();
  for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
});

const configOf = ({ name }: TestDatabase) => ({
  ...operator.config,
  database: { ...operator.config.database, name },
});
const unavailable = { code: 'registry-unavailable' };
const toolTx = () => tool.dataSource.manager;

/** How far a receipt is proven by a log. */
async function levelBy(receipt: Receipt, url: string, name: string): Promise<unknown> {
  const text = JSON.stringify(receipt);
  const jwks = await new LogClient(restored.url).jwks();
  const policy = {
    log: [parseVkey(PublishingRegistry.vkeyOf(operator, name))],
    witnesses: [regulator.vkey],
    quorum: 1,
  };
  const waiting = { waitMs: 0, say: () => undefined };
  const shown = await awaitPublication(new LogClient(url), policy, placeOf(text), waiting);
  const now = Math.floor(Date.now() / 1000);
  const judged = await judge(text, {
    ...(jwks && { jwks }),
    ...{ expectations: { now }, members: [], policy, published: shown },
  });
  return judged.valid ? judged.level : judged.code;
}

describe('an older copy of the database', () => {
  it('answers nobody before the signer has looked', async () => {
    await expect(restored.append(1)).rejects.toMatchObject(unavailable);
    expect((await restored.journal.readiness()).problems).toEqual(['published']);
    const citizen = await enter(backup, 'tyiym_citizen');
    const keys = readLookupKeys(join(operator.keysRoot, 'citizen'));
    await expect(refusalOf(citizen.manager, keys, parseIin(validIins[0]))).rejects.toMatchObject(unavailable);
    await citizen.destroy();
  });

  it('is found out by the signer, who signs nothing and lets nobody answer', async () => {
    await expect(restored.publish()).rejects.toMatchObject({ code: 'shorter than what was published' });
    await expect(restored.append(1)).rejects.toMatchObject(unavailable);
  });

  it('shows all the same what was published last', async () => {
    expect(await new LogClient(restored.url).checkpoint()).toContain(`${origin}\n${published}\n`);
    for (const receipt of [kept[7], lost[39]])
      expect(await levelBy(receipt as Receipt, restored.url, origin)).toBe('witnessed');
  });
});

describe('closing the log', () => {
  const left = async () => ({
    head: await journalHead(toolTx()),
    registry: await tool.journal.refreshRules(),
  });

  it('is refused where nothing is lost, and where the database says something else than was published', async () => {
    const log = new LogClient(restored.url);
    const { head, registry } = await left();
    const whole = { head: { ...head, size: published }, registry };
    await expect(lossOf(log, whole, [], 0)).rejects.toThrow('nothing is lost');
    const other = { head: { ...head, root: Buffer.alloc(32, 7) }, registry };
    await expect(lossOf(log, other, [], 0)).rejects.toThrow('two histories');
  });

  it('is an act of two officials that names the last checkpoint and the range that is lost', async () => {
    const { head, registry } = await left();
    const { change, published: shown } = await lossOf(
      new LogClient(restored.url),
      { head, registry },
      [regulator.vkey],
      1,
    );
    expect(shown.level).toBe('witnessed');
    const text = await actsOver(tool, configOf(backup), operator.trust).draft(change, head.size);
    const closing = await openRegistry(
      { ...configOf(backup), database: loginOf(backup, 'tyiym_owner') },
      next,
    );
    const acts = actsOver(closing, configOf(backup), operator.trust);
    const cms = await Promise.all([0, 1].map((who) => operator.sign(text, who)));
    await expect(acts.apply(text, cms.slice(0, 1))).rejects.toThrow('exactly two signatures');
    // The tool's password is not enough: what the database does at once, nobody could take back.
    const unable = await openRegistry(configOf(backup), next);
    await expect(actsOver(unable, configOf(backup), operator.trust).apply(text, cms)).rejects.toMatchObject(
      unavailable,
    );
    await unable.close();
    const [receipt] = await acts.apply(text, cms);
    expect(JSON.parse(receipt?.entry ?? '')).toMatchObject({
      kind: 'log.broken',
      origin: next,
      closed: { origin, checkpoint: await new LogClient(restored.url).checkpoint() },
      lost: { from: head.size, to: published },
      by: ['official-1', 'official-2'],
    });
    // The same act again is about a log that is closed.
    await expect(acts.apply(text, cms)).rejects.toMatchObject(unavailable);
    await closing.close();
    expect(await journalHead(toolTx())).toMatchObject({ origin: next, size: head.size + 1 });
  });

  it('lets every stream to a bureau begin anew, because numbers of lost items are given again', async () => {
    const { rows } = await backup.superuser.query('SELECT FROM streams');
    expect(rows).toEqual([]);
  });

  it('leaves processes that still name the old log without an answer', async () => {
    expect((await restored.journal.readiness()).problems).toEqual(['origin', 'published']);
    await expect(restored.append(1)).rejects.toMatchObject(unavailable);
    await restored.close();
  });
});

describe('the registry that goes on', () => {
  let fresh: Receipt | undefined;
  beforeAll(async () => {
    const closedLogs = [{ origin, tilesDir: folders.first }];
    const place = {
      operator,
      regulator,
      database: backup,
      origin: next,
      tilesDir: folders.second,
      closedLogs,
    };
    restored = await PublishingRegistry.open(place);
  });

  it('answers as soon as its signer has begun the next log, which the witness takes', async () => {
    await expect(restored.append(1)).rejects.toMatchObject(unavailable);
    const size = (await journalHead(toolTx())).size;
    expect(await restored.publish()).toBe(size);
    [fresh] = await restored.append(5);
    await restored.publish();
    expect(restored.outcomes).toEqual(['yes', 'yes']);
    expect(regulator.conflicts).toEqual([]);
    expect(await levelBy(fresh as Receipt, restored.url, next)).toBe('witnessed');
  });

  it('keeps serving the closed log, under which every receipt of its time keeps its level', async () => {
    const closed = `${restored.url}/closed/1`;
    expect(await new LogClient(closed).vkeys()).toContain(PublishingRegistry.vkeyOf(operator, origin));
    for (const receipt of [kept[0], kept[299], lost[0], lost[39]])
      expect(await levelBy(receipt as Receipt, closed, origin)).toBe('witnessed');
    // What was lost is not in the next log, whose entries at these places are others.
    expect(await levelBy(lost[1] as Receipt, closed, next).catch((error: unknown) => error)).toMatchObject({
      code: 'origin-not-pinned',
    });
  });

  it('is clean for fsck, which says what was closed, and so are both logs', async () => {
    const keysDir = operator.config.keysDir;
    const report = await fsck({
      ...{ tx: toolTx(), origin: next, trust: operator.trust },
      ...{ identityKey: readIdentityKey(keysDir), lookupKeys: readLookupKeys(keysDir) },
    });
    expect(report.findings).toEqual([]);
    expect(report.closed).toMatchObject([{ origin, successor: next, size: published }]);
    for (const [url, name] of [
      [restored.url, next],
      [`${restored.url}/closed/1`, origin],
    ] as const) {
      const policy = {
        log: [parseVkey(PublishingRegistry.vkeyOf(operator, name))],
        witnesses: [],
        quorum: 0,
      };
      expect((await fsckLog(new LogClient(url), { policy })).findings).toEqual([]);
    }
  });
});
