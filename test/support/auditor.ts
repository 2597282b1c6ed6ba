/**
 * Audits a whole registry again after each test, whatever the test was about: the tree from its leaves, every receipt
 * that was given, every verdict and everything else that fsck replays, and the IINs of the run, which may stand in no
 * column, job, log line or answer. After a test it looks at what is new, at the end of the file at everything once more.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Config } from '#libs/platform/config.js';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import type { Slice } from '../../apps/tool/fsck/slice.service.js';
import { rowSlices, slices } from '../../apps/tool/fsck/slices.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { answerFaults } from './answer-faults.js';
import type { Answer } from './answers.js';
import type { TestDatabase } from './database.js';
import { findIins, huntDatabase, inWords } from './iin-hunt.js';
import { ReceiptAudit } from './receipt-audit.js';
import { testCluster } from './test-home.js';
import { validIins } from './vectors.js';

export interface Audited {
  readonly database: TestDatabase;
  /** Of the operator. Without it no keys are published, and tree and hunt are all there is to audit. */
  readonly tool?: Config;
  /** Whose certificates count, when `tool` does not say. */
  readonly trust?: TrustAnchors;
  /** Everything its apps answered and logged. */
  readonly answers?: readonly Answer[];
  readonly logged?: readonly string[];
}

/**
 * Audits after each test of the file and once more at its end. Call it before the `afterAll` that closes the scene,
 * because hooks run in their order.
 */
export function auditAfterEach(scene: () => Audited): void {
  let auditor: Auditor | undefined;
  afterEach(async () => {
    auditor ??= await Auditor.open(scene());
    expect(await auditor.auditNews()).toEqual([]);
  });
  afterAll(async () => {
    try {
      expect(await auditor?.auditAll()).toEqual(auditor && []);
    } finally {
      await auditor?.close();
    }
  });
}

export class Auditor {
  private readonly done = { answers: 0, logged: 0, size: -1 };
  private receipts: ReceiptAudit | undefined;

  private constructor(
    private readonly scene: Audited,
    private readonly asTool: DataSource | undefined,
  ) {
    this.forget();
  }

  static async open(scene: Audited): Promise<Auditor> {
    const asTool = scene.tool && (await openDatabase(scene.database.target('tyiym_tool'), { poolSize: 1 }));
    return new Auditor(scene, asTool);
  }

  /** What is wrong with what came since the last audit, and anything in the database. */
  async auditNews(judged: readonly Slice[] = rowSlices): Promise<string[]> {
    const { database, answers = [], logged = [] } = this.scene;
    const { rows } = await database.superuser.query<{ size: number }>('SELECT size::int FROM journal_head');
    const size = rows[0]?.size ?? 0;
    const newAnswers = answers.slice(this.done.answers);
    const newLines = logged.slice(this.done.logged);
    // What changed rows without an entry is left to the end of the file, or hundreds of bad requests would cost minutes.
    const hasGrown = size !== this.done.size;
    Object.assign(this.done, { size, answers: answers.length, logged: logged.length });
    return [
      ...(hasGrown ? [...(await this.treeFaults()), ...(await this.fsckFaults(judged))] : []),
      ...((await this.receipts?.faults(newAnswers)) ?? []),
      ...newAnswers.flatMap((answer) => answerFaults(answer, validIins)),
      // Not lines but pieces as they came: a number may lie across two.
      ...findIins(newLines.join(''), validIins).map((each) => inWords('the logs', each)),
      ...(await huntDatabase(database.superuser, validIins)),
    ];
  }

  /** The same of everything, as if nothing had been audited before, and of the database server's own log. */
  async auditAll(): Promise<string[]> {
    this.forget();
    const server = readFileSync(join(testCluster().home, 'pg', 'postgres.log'));
    const inLog = findIins(server, validIins).map((each) => inWords('the log of PostgreSQL', each));
    // The schema is judged once a file: a test that changed it has put it back by then.
    return [...(await this.auditNews(slices)), ...inLog];
  }

  async close(): Promise<void> {
    await this.asTool?.destroy();
  }

  private forget(): void {
    const { tool } = this.scene;
    Object.assign(this.done, { answers: 0, logged: 0, size: -1 });
    this.receipts =
      tool &&
      this.asTool &&
      new ReceiptAudit(this.asTool.manager, { origin: tool.origin, issuer: tool.logBase });
  }

  /** As the tool runs it: under its role, while everybody else goes on. */
  private async fsckFaults(judged: readonly Slice[]): Promise<string[]> {
    const { tool, trust } = this.scene;
    if (tool === undefined || this.asTool === undefined) return [];
    const { findings } = await fsck({
      tx: this.asTool.manager,
      origin: tool.origin,
      identityKey: readIdentityKey(tool.keysDir),
      lookupKeys: readLookupKeys(tool.keysDir),
      trust: trust ?? trustOf(tool),
      slices: judged,
    });
    return findings.map(
      ({ code, index, table, row, what }) =>
        `fsck: ${code} · ${index === undefined ? `${table ?? ''} ${row ?? ''}` : `entry ${index}`} · ${what}`,
    );
  }

  /** Every root that was ever given, against the definition of RFC 6962 and nothing of ours. */
  private async treeFaults(): Promise<string[]> {
    const { rows } = await this.scene.database.superuser.query<Tree>(
      `SELECT (SELECT coalesce(array_agg(leaf_hash ORDER BY index), '{}') FROM entries) AS leaves,
         (SELECT coalesce(json_agg(json_build_object('size', size, 'root', encode(root, 'hex'))), '[]') FROM heads) AS heads,
         json_build_object('size', size, 'root', encode(root, 'hex')) AS now
       FROM journal_head`,
    );
    const [tree] = rows;
    if (tree === undefined) return [];
    const { leaves, heads, now } = tree;
    const rootOf = rootsOver(leaves);
    return [
      ...(now.size === leaves.length ? [] : [`${leaves.length} leaves in a Journal of ${now.size}`]),
      ...[...heads, now]
        .filter(({ size, root }) => size > leaves.length || rootOf(0, size).toString('hex') !== root)
        .map(({ size }) => `the root at ${size} is not the one its leaves give`),
    ];
  }
}

interface Root {
  readonly size: number;
  readonly root: string;
}

/** Read by one statement, so that it is of one instant. */
interface Tree {
  readonly leaves: readonly Buffer[];
  readonly heads: readonly Root[];
  readonly now: Root;
}

/** MTH of RFC 6962 §2.1 over the leaf hashes from … to, each part of the tree computed once. */
function rootsOver(leaves: readonly Buffer[]): (from: number, to: number) => Buffer {
  const known = new Map<string, Buffer>();
  const sha256 = (...parts: readonly Buffer[]): Buffer =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const rootOf = (from: number, to: number): Buffer => {
    const [leaf] = leaves.slice(from, from + 1);
    if (to - from <= 1) return (to > from && leaf) || sha256();
    const name = `${from}…${to}`;
    const split = from + 2 ** (31 - Math.clz32(to - from - 1));
    const root = known.get(name) ?? sha256(Buffer.from([1]), rootOf(from, split), rootOf(split, to));
    known.set(name, root);
    return root;
  };
  return rootOf;
}
