/**
 * Independent judges of the evidence: Go's checksum database, `openssl`, and three verifiers that share no code with us.
 * They must agree with us on what holds and on what does not.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '#libs/journal/entry.js';
import { leafOf, saltOf } from '#libs/journal/commitment.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { verifyConsistency, verifyInclusion } from '#libs/tlog/proof.js';
import { consistencyProof, inclusionProof, treeRoot, type ReadTile } from '#libs/tlog/tile-reading.js';
import { appendLeaves, emptyFrontier, hashLength, leafHash, rootOf } from '#libs/tlog/tree.js';
import { openJudges, type BareConsistency, type BareProof, type Judges } from '../support/judges.js';
import {
  checkBody,
  flip,
  iat,
  iins,
  makeHeadKey,
  now,
  receiptOf,
  type MadeKey,
} from '../support/made-receipts.js';
import { readCorpus, receiptsOf } from '../support/corpus.js';
import type { Given } from '../support/receipt-audit.js';
import { namedKey, plainLeaf, PublishedLog } from '../support/published-log.js';

const sizes = [0, 1, 255, 256, 257, 65_536, 65_537, 70_000];
const witness = namedKey('witness.example/w1', 'cosignature');
const [iin, otherIin] = iins;
let judges: Judges;
let folder: string;
beforeAll(() => {
  judges = openJudges();
  folder = mkdtempSync(join(tmpdir(), 'tyiym-judged-'));
}, 120_000);
afterAll(() => {
  judges.close();
  rmSync(folder, { recursive: true });
});

describe.each(sizes)("Go's checksum database and a log of %i entries", (size) => {
  const log = new PublishedLog();
  const dir = (): string => join(folder, String(size));
  const judged = (): string => judges.log(dir(), log.key.vkey, witness.vkey);

  it('agree about checkpoint, cosignature, tiles and every entry of every bundle', () => {
    log.growTo(size).publish([witness, iat]);
    log.writeTo(dir());
    expect(judged()).toBe(`holds: ${size} entries`);
  });

  it('part as soon as any file is altered', () => {
    for (const [path, bytes] of log.files) {
      const isOneOfMany = size > 300 && /^tile\/(0|entries)\//.test(path);
      if (path === 'vkeys' || (isOneOfMany && randomInt(100) > 0)) continue;
      const bent = Buffer.from(bytes);
      const place = randomInt(bent.length);
      bent[place] = (bent[place] ?? 0) ^ 1;
      writeFileSync(join(dir(), path), bent);
      expect([path, place, judged()]).toEqual([path, place, expect.stringContaining('refused')]);
      writeFileSync(join(dir(), path), bytes);
    }
    expect(judged()).toBe(`holds: ${size} entries`);
  });
});

describe('ten thousand random proofs', () => {
  const count = 70_000;
  const leaves = Array.from({ length: count }, (_, at) => leafHash(plainLeaf(at)));
  const levels = [leaves];
  while ((levels.at(-1)?.length ?? 0) >= 256) {
    const below = levels.at(-1) ?? [];
    const tiles = Array.from({ length: Math.floor(below.length / 256) }, (_, at) =>
      below.slice(at * 256, at * 256 + 256),
    );
    levels.push(tiles.map((tile) => rootOf(appendLeaves(emptyFrontier, tile))));
  }
  const read: ReadTile = async ({ level, index, width }) =>
    Buffer.concat(levels[Number(level)]?.slice(index * 256, index * 256 + width) ?? []);
  const text = (hash: Buffer): string => hash.toString('base64');
  /** Of all orders of magnitude alike. */
  const randomSize = (): number => Math.max(2, Math.floor(count ** (randomInt(1_000_001) / 1_000_000)));
  /** Half of them are as they should be; of the others one thing is wrong. */
  const bent = <T extends BareProof | BareConsistency>(proof: T): T => {
    const hashes = [...proof.proof];
    const at = randomInt(hashes.length + 1);
    const wrong: Partial<BareProof>[] = [
      { root: text(randomBytes(hashLength)) },
      { size: proof.size + 1 },
      { proof: [...hashes.slice(0, at), text(randomBytes(hashLength)), ...hashes.slice(at)] },
      { proof: hashes.slice(1) },
      { proof: hashes.toReversed() },
      'index' in proof ? { index: proof.index ^ 1 } : { proof: hashes.slice(0, -1) },
    ];
    return randomInt(2) === 0 ? proof : { ...proof, ...wrong[randomInt(wrong.length)] };
  };

  it('of inclusion get one verdict from us, from Go’s checksum database and from the three verifiers', async () => {
    const proofs: BareProof[] = [];
    for (let made = 0; made < 6000; made += 1) {
      const size = randomSize();
      const index = randomInt(size);
      const [proof, root] = [await inclusionProof(read, index, size), await treeRoot(read, size)];
      const leaf = text(leaves[index] ?? Buffer.alloc(0));
      proofs.push(bent({ leafHash: leaf, index, size, proof: proof.map(text), root: text(root) }));
    }
    const bytes = (of: string): Buffer => Buffer.from(of, 'base64');
    const ours = proofs.map(({ leafHash: leaf, index, size, proof, root }) =>
      verifyInclusion(bytes(leaf), index, size, proof.map(bytes), bytes(root)),
    );
    expect(ours.filter(Boolean).length).toBeGreaterThan(2500);
    expect(ours.filter((holds) => !holds).length).toBeGreaterThan(2000);
    expect(judges.sumdb(proofs)).toEqual(ours);
    const said = ours.map((holds) => (holds ? 'included' : 'refused'));
    expect(judges.verifiers(proofs)).toEqual({ typescript: said, python: said, go: said });
  }, 240_000);

  it('of consistency get one verdict from us, from Go’s checksum database and from the three verifiers', async () => {
    const proofs: BareConsistency[] = [];
    for (let made = 0; made < 4000; made += 1) {
      const size = randomSize();
      const oldSize = randomInt(1, size + 1);
      const [oldRoot, root] = [await treeRoot(read, oldSize), await treeRoot(read, size)];
      const proof = (await consistencyProof(read, oldSize, size)).map(text);
      proofs.push(bent({ oldSize, oldRoot: text(oldRoot), size, proof, root: text(root) }));
    }
    const bytes = (of: string): Buffer => Buffer.from(of, 'base64');
    const ours = proofs.map(({ oldSize, oldRoot, size, proof, root }) =>
      verifyConsistency(oldSize, bytes(oldRoot), size, bytes(root), proof.map(bytes)),
    );
    expect(ours.filter(Boolean).length).toBeGreaterThan(1500);
    expect(ours.filter((holds) => !holds).length).toBeGreaterThan(1300);
    expect(judges.sumdb(proofs)).toEqual(ours);
    const said = ours.map((holds) => (holds ? 'grown' : 'refused'));
    expect(judges.verifiers(proofs)).toEqual({ typescript: said, python: said, go: said });
  }, 240_000);

  it.each([
    [69, 70_000],
    [256, 257],
    [65_536, 65_537],
    [70_000, 70_000],
  ])(
    'from %i to %i are refused by each alike when a bit of any byte, a root or a size is another',
    async (oldSize, size) => {
      const [oldRoot, root] = [text(await treeRoot(read, oldSize)), text(await treeRoot(read, size))];
      const proof = await consistencyProof(read, oldSize, size);
      const whole: BareConsistency = { oldSize, oldRoot, size, proof: proof.map(text), root };
      const bytes = Buffer.concat(proof);
      const bentAt = (at: number): BareConsistency => {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ (1 << randomInt(8));
        const hashes = proof.map((_, place) =>
          other.subarray(place * hashLength, place * hashLength + hashLength),
        );
        return { ...whole, proof: hashes.map(text) };
      };
      const stranger = text(randomBytes(hashLength));
      const wrong: BareConsistency[] = [
        ...Array.from(bytes.keys(), bentAt),
        { ...whole, oldRoot: stranger },
        { ...whole, root: stranger },
        { ...whole, proof: [...whole.proof, stranger] },
        ...(proof.length > 0
          ? [
              { ...whole, proof: whole.proof.slice(1) },
              { ...whole, proof: [] },
            ]
          : []),
        ...(oldSize < size
          ? [
              { ...whole, oldRoot: root, root: oldRoot },
              { ...whole, oldSize: size },
            ]
          : []),
        { ...whole, oldSize: size + 1 },
        { ...whole, oldSize: 0 },
      ];
      const holds = ({
        oldSize: from,
        oldRoot: was,
        size: to,
        root: is,
        proof: by,
      }: BareConsistency): boolean => {
        const read64 = (of: string): Buffer => Buffer.from(of, 'base64');
        return verifyConsistency(from, read64(was), to, read64(is), by.map(read64));
      };
      expect(wrong.map(holds)).not.toContain(true);
      expect(judges.sumdb(wrong)).not.toContain(true);
      const refused = wrong.map(() => 'refused');
      expect(judges.verifiers(wrong)).toEqual({ typescript: refused, python: refused, go: refused });
      expect(judges.verifiers([whole])).toEqual({ typescript: ['grown'], python: ['grown'], go: ['grown'] });
    },
  );
});

const kindOf = ({ receipt }: Given): unknown => (JSON.parse(String(receipt['entry'])) as Entry).kind;

describe('the corpus that an earlier commit recorded', () => {
  const corpus = readCorpus();
  const { checkpoint, jwks, now: recordedAt, vkey, witness: cosigner } = corpus.log;
  const log = new PublishedLog();
  const all = receiptsOf(corpus);
  // Each kind of entry once, because a verifier that starts openssl for each signature takes its time.
  const some = [...new Map(all.map((given) => [kindOf(given), given])).values()];

  beforeAll(() => {
    log.append(
      corpus.entries.map(({ entry, seed }) => leafOf(entry, saltOf(Buffer.from(seed, 'base64url')))),
    );
    log.publish();
    log.files.set('checkpoint', Buffer.from(checkpoint));
  });
  const levels = async (
    receipts: readonly Given[],
    change: object,
  ): Promise<ReturnType<Judges['verifiers']>> => {
    const questions = receipts.map(async ({ receipt, iin: about }) => ({
      ...{ receipt, jwks, now: recordedAt, log: [vkey], witnesses: [cosigner], quorum: 1 },
      ...(about !== undefined && { iin: about }),
      ...{ proof: await log.proofOf(Number(receipt['index']), checkpoint), ...change },
    }));
    return judges.verifiers(await Promise.all(questions));
  };
  const each = (receipts: readonly Given[], level: string) => {
    const levelOfEach = receipts.map(() => level);
    return { typescript: levelOfEach, python: levelOfEach, go: levelOfEach };
  };

  it('holds to Go’s checksum database: checkpoint, cosignature, tiles and entries', () => {
    const dir = join(folder, 'corpus');
    log.writeTo(dir);
    expect(judges.log(dir, vkey, cosigner)).toBe(`holds: ${corpus.entries.length} entries`);
  });

  it('has receipts that each of the three verifiers finds witnessed, and signed without the published proof', async () => {
    expect(all.length).toBeGreaterThanOrEqual(150);
    expect(await levels(all, {})).toEqual(each(all, 'witnessed'));
    expect(some.map(kindOf)).toEqual(
      expect.arrayContaining(['check.made', 'refusal.placed', 'refusal.lifted']),
    );
    expect(await levels(some, { proof: undefined })).toEqual(each(some, 'signed'));
    expect(await levels(some, { proof: undefined, jwks: { keys: [] } })).toEqual(each(some, 'refused'));
  }, 240_000);
});

describe('a receipt and its published proof', () => {
  const log = new PublishedLog();
  let lender: MadeKey;
  let receipt: Receipt;
  let whole: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    const seed = randomBytes(32);
    lender = await makeHeadKey('lender');
    receipt = await receiptOf(lender, { body: checkBody(seed, iin), seed });
    log.growTo(4).append([leafOf(receipt.entry, Buffer.from(receipt.salt, 'base64url'))]);
    log.growTo(300).publish([witness, iat + 1]);
    whole = {
      receipt,
      jwks: { keys: [lender.jwk] },
      iin,
      now,
      proof: await log.proofOf(4),
      log: [log.key.vkey],
      witnesses: [witness.vkey],
      quorum: 1,
    };
  });
  const same = (level: string) => ({ typescript: [level], python: [level], go: [level] });
  const levelOf = (change: object) => judges.verifiers([{ ...whole, ...change }]);

  it('are witnessed, logged or signed to each verifier alike', () => {
    expect(levelOf({})).toEqual(same('witnessed'));
    expect(levelOf({ quorum: 0 })).toEqual(same('logged'));
    expect(levelOf({ jwks: undefined, iin: undefined })).toEqual(same('witnessed'));
    expect(levelOf({ proof: undefined })).toEqual(same('signed'));
    expect(levelOf({ jwks: keys({ revokedAt: iat + 9 }) })).toEqual(same('witnessed'));
    expect(levelOf({ jwks: keys({ exp: iat + 9 }) })).toEqual(same('witnessed'));
  });

  const keys = (change: object) => ({ keys: [{ ...lender.jwk, ...change }] });
  const changed = (change: Partial<Receipt>) => ({ receipt: { ...receipt, ...change } });
  const entryIs = (entry: string) => ({ ...changed({ entry }), proof: undefined });
  it('are refused by each alike when anything is wrong', async () => {
    const stranger = namedKey('witness.example/w1', 'cosignature');
    const otherLog = namedKey(log.key.name, 'note');
    const text = receipt.entry;
    const cases: object[] = [
      { iin: otherIin },
      { quorum: 2 },
      { witnesses: [stranger.vkey] },
      { witnesses: [witness.vkey, witness.vkey], quorum: 2 },
      { log: [otherLog.vkey] },
      { log: [] },
      { witnesses: [log.key.vkey], quorum: 0 },
      { witnesses: [witness.vkey, log.key.vkey] },
      { log: [log.key.vkey, witness.vkey] },
      { quorum: -1 },
      { proof: await log.proofOf(5) },
      { jwks: undefined, proof: undefined },
      { proof: undefined, jwks: keys({ revokedAt: iat + 9 }) },
      { proof: undefined, jwks: keys({ exp: iat + 9 }) },
      { jwks: { keys: [] } },
      { jwks: keys({ kinds: ['trail.read'] }) },
      { jwks: keys({ purpose: 'access' }) },
      { jwks: { keys: [(await makeHeadKey('lender')).jwk] } },
      { jwks: keys({ x: (await makeHeadKey('lender')).jwk['x'] }) },
      changed({ index: receipt.index + 1 }),
      changed({ index: 7 }),
      changed({ index: -1 }),
      changed({ salt: Buffer.from(receipt.salt, 'base64url').subarray(0, 31).toString('base64url') }),
      changed({ salt: `${receipt.salt}AA` }),
      changed({ salt: `${receipt.salt}=` }),
      changed({ personSalt: flip(String(receipt.personSalt), 3) }),
      changed({ head: flipHead(receipt.head) }),
      ...[
        ` ${text}`,
        `${text} `,
        text.replace('"v":1', '"v":1.0'),
        text.replace('"v":1', '"v": 1'),
        text.replace('"v":1', '"v":2'),
      ].map(entryIs),
      entryIs(text.replace('clear', '\\u0063lear')),
      entryIs(text.replace('"v":1', '"v":1,"v":1')),
      entryIs('[]'),
      entryIs(''),
      entryIs(text.replace('clear', 'cle\ud800r')),
    ];
    const refused = cases.map(() => 'refused');
    const all = judges.verifiers(cases.map((change) => ({ ...whole, ...change })));
    expect(all).toEqual({ typescript: refused, python: refused, go: refused });
  });

  it('are refused by each alike when any byte of the proof, of the receipt’s own proof or of its head is another', async () => {
    const proof = Buffer.from(String(whole['proof']));
    const flippedAt = (bytes: Buffer, at: number): Buffer => {
      const other = Buffer.from(bytes);
      other[at] = (other[at] ?? 0) ^ 1;
      return other;
    };
    const own = Buffer.from(receipt.proof, 'base64url');
    const [header = '', payload = '', signature = ''] = receipt.head.split('.');
    const parts = [header, payload, signature].map((part) => Buffer.from(part, 'base64url'));
    const heads = parts.flatMap((part, place) =>
      Array.from(part.keys(), (at) =>
        parts
          .map((each, other) => (other === place ? flippedAt(each, at) : each).toString('base64url'))
          .join('.'),
      ),
    );
    const questions: object[] = [
      ...Array.from(proof.keys(), (at) => ({
        ...whole,
        jwks: undefined,
        proof: flippedAt(proof, at).toString(),
      })),
      ...Array.from(own.keys(), (at) => ({
        ...whole,
        ...changed({ proof: flippedAt(own, at).toString('base64url') }),
        proof: undefined,
      })),
      ...heads.map((head) => ({ ...whole, ...changed({ head }), proof: undefined })),
      ...Array.from(Buffer.from(receipt.entry).keys(), (at) => ({
        ...whole,
        ...changed({ entry: flippedAt(Buffer.from(receipt.entry), at).toString() }),
      })),
    ];
    const refused = questions.map(() => 'refused');
    expect(judges.verifiers(questions)).toEqual({ typescript: refused, python: refused, go: refused });
  }, 240_000);

  it('of which the commitment is opened by openssl', () => {
    const file = join(folder, 'entry.json');
    writeFileSync(file, receipt.entry);
    const hexkey = Buffer.from(receipt.salt, 'base64url').toString('hex');
    const args = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hexkey}`, '-r', file];
    const { stdout } = spawnSync('openssl', args, { encoding: 'utf8' });
    const c = Buffer.from(stdout.split(' ')[0] ?? '', 'hex').toString('base64url');
    expect(leafOf(receipt.entry, Buffer.from(receipt.salt, 'base64url')).toString()).toBe(
      `{"c":"${c}","v":1}`,
    );
  });

  const flipHead = (head: string): string => {
    const parts = head.split('.');
    return [...parts.slice(0, 2), flip(parts[2] ?? '', 20)].join('.');
  };
});
