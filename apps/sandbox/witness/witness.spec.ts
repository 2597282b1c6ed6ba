import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { checkpointText, makeVkey, parseVkey, signNote, verifyNote } from '#libs/tlog/note.js';
import { appendLeaves, emptyFrontier, emptyRoot, leafHash, rootOf } from '#libs/tlog/tree.js';
import { createServer } from './server.js';
import { Witness, type Answer } from './witness.js';
import { witnessKey } from './witness-key.js';

const origin = 'sandbox.tyiym.kz/journal/1';
const name = 'witness.example/w1';
const logKey = generateKeyPairSync('ed25519').privateKey;
const leaves = Array.from({ length: 300 }, (_, at) => leafHash(Buffer.from(String(at))));
/** Another history: it parts from the first at leaf 100. */
const forked = [...leaves.slice(0, 100), ...leaves.slice(0, 200)];

let stateDir: string;
let now: number;
let witness: Witness;
const conflicts: string[] = [];
const start = () =>
  new Witness({
    key: witnessKey(stateDir, name),
    logVkeys: [makeVkey(origin, logKey)],
    stateDir,
    clock: () => now,
    onConflict: (line) => conflicts.push(line),
  });
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'tyiym-witness-'));
  now = 1_764_000_000_999;
  conflicts.length = 0;
  witness = start();
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const noteOf = (size: number, of = leaves, key: KeyObject = logKey, by = origin) =>
  signNote(checkpointText(by, size, naiveRoot(of.slice(0, size))), by, key);
const naiveRoot = (hashes: readonly Buffer[]) => rootOf(appendLeaves(emptyFrontier, hashes));
/** SUBPROOF(m, D[n], whole) of RFC 9162 §2.1.4.1. */
function naiveConsistency(m: number, hashes: readonly Buffer[], whole = true): Buffer[] {
  const n = hashes.length;
  if (m === n) return whole ? [] : [naiveRoot(hashes)];
  const k = 2 ** Math.ceil(Math.log2(n) - 1);
  return m <= k
    ? [...naiveConsistency(m, hashes.slice(0, k), whole), naiveRoot(hashes.slice(k))]
    : [...naiveConsistency(m - k, hashes.slice(k), false), naiveRoot(hashes.slice(0, k))];
}
const linesOf = (hashes: readonly Buffer[]) => hashes.map((hash) => `${hash.toString('base64')}\n`).join('');
const asked = (old: number | string, note: string, proof: readonly Buffer[] = []) =>
  Buffer.from(`old ${old}\n${linesOf(proof)}\n${note}`);
const grown = (old: number, size: number, of = leaves) =>
  asked(old, noteOf(size, of), old === 0 ? [] : naiveConsistency(old, of.slice(0, size)));
const put = (body: Buffer): Answer => witness.add(body);
const statusOf = (body: Buffer) => put(body).status;
const isAt = (size: number) => ({
  status: 409,
  body: `${size}\n`,
  type: 'text/x.tlog.size',
});
const signed = (body: string, size: number, of = leaves) =>
  verifyNote(noteOf(size, of) + body, [
    parseVkey(makeVkey(origin, logKey)),
    parseVkey(witnessKey(stateDir, name).vkey),
  ]);

describe('a log that grows', () => {
  it('gets a cosignature over each checkpoint that it shows to have grown from the one before', () => {
    for (const [old, size] of [
      [0, 1],
      [1, 255],
      [255, 256],
      [256, 257],
      [257, 300],
    ] as const) {
      const { status, body, type } = put(grown(old, size));
      expect([status, type]).toEqual([200, 'text/plain; charset=utf-8']);
      expect(signed(body, size).cosignatures).toEqual([{ name, time: 1_764_000_000 }]);
    }
    expect(witness.state[origin]?.size).toBe(300);
  });

  it('gets one for the empty tree, and a fresh one for a checkpoint it has already', () => {
    expect(statusOf(grown(0, 0))).toBe(200);
    expect(statusOf(grown(0, 10))).toBe(200);
    now += 600_000;
    expect(signed(put(asked(10, noteOf(10))).body, 10).cosignatures[0]?.time).toBe(1_764_000_600);
  });

  it('gets no time before one it got already, wherever the clock went', () => {
    put(grown(0, 10));
    now -= 600_000;
    expect(signed(put(grown(10, 20)).body, 20).cosignatures[0]?.time).toBe(1_764_000_000);
  });

  it('is told the size it must start from, and goes on from there', () => {
    put(grown(0, 10));
    expect(put(grown(0, 20))).toEqual(isAt(10));
    expect(put(grown(5, 20))).toEqual(isAt(10));
    expect(put(grown(15, 20))).toEqual(isAt(10));
    expect(statusOf(grown(10, 20))).toBe(200);
    expect(put(grown(10, 20))).toEqual(isAt(20));
  });
});

describe('what is promised', () => {
  it('is on disk when the cosignature leaves, and binds the next process', () => {
    put(grown(0, 10));
    const kept = JSON.parse(readFileSync(join(stateDir, 'cosigned.json'), 'utf8')) as Record<string, object>;
    expect(kept[origin]).toEqual(witness.state[origin]);
    const before = witnessKey(stateDir, name).vkey;
    witness = start();
    expect(put(grown(0, 20))).toEqual(isAt(10));
    expect([statusOf(grown(10, 20)), witnessKey(stateDir, name).vkey]).toEqual([200, before]);
  });

  it('that cannot be written is not promised', () => {
    put(grown(0, 10));
    rmSync(stateDir, { recursive: true });
    writeFileSync(stateDir, 'a file where the folder was');
    expect(() => put(grown(10, 20))).toThrow();
    expect(witness.state[origin]?.size).toBe(10);
  });

  it('that cannot be read stops the start, because to begin anew would be to forget', () => {
    writeFileSync(join(stateDir, 'cosigned.json'), '{"half');
    expect(start).toThrow();
  });
});

describe('a log with two histories', () => {
  const evidence = () => {
    const file = join(stateDir, 'conflicts.ndjson');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
  };

  it('gets no second root for one size: 409', () => {
    put(grown(0, 200));
    expect(put(asked(200, noteOf(200, forked)))).toEqual(isAt(200));
    expect([conflicts.length, evidence()]).toEqual([1, 1]);
  });

  it('cannot show that the other grew from the first: 422', () => {
    put(grown(0, 200));
    expect(statusOf(grown(200, 250, forked))).toBe(422);
    expect(evidence()).toBe(1);
    expect(statusOf(grown(200, 250))).toBe(200);
  });

  it('may be cosigned where the histories are one', () => {
    put(grown(0, 100));
    expect(statusOf(grown(100, 200, forked))).toBe(200);
    expect(statusOf(grown(200, 250))).toBe(422);
  });
});

describe('a request', () => {
  const proof = naiveConsistency(10, leaves.slice(0, 20));
  beforeEach(() => void put(grown(0, 10)));
  const stranger = generateKeyPairSync('ed25519').privateKey;

  it.each<[number, string, () => Buffer]>([
    [404, 'of a log nobody told us of', () => asked(0, noteOf(20, leaves, logKey, 'other.kz/log'))],
    [403, 'signed by a stranger in the log’s name', () => asked(10, noteOf(20, leaves, stranger), proof)],
    [403, 'that is signed otherwise', () => asked(10, noteOf(20).replace(/\n20\n/, '\n21\n'), proof)],
    [400, 'whose old size is beyond its checkpoint', () => asked(21, noteOf(20))],
    [422, 'with no proof', () => asked(10, noteOf(20))],
    [422, 'with a shorter proof', () => asked(10, noteOf(20), proof.slice(1))],
    [422, 'with a longer proof', () => asked(10, noteOf(20), [...proof, ...proof.slice(-1)])],
    [422, 'with a proof of nothing new', () => asked(10, noteOf(10), proof)],
    [422, 'with a proof of another size', () => asked(10, noteOf(21), proof)],
    [400, 'with sixty-four hashes', () => asked(10, noteOf(20), Array<Buffer>(64).fill(emptyRoot))],
    [400, 'that is empty', () => Buffer.alloc(0)],
    [400, 'without a checkpoint', () => Buffer.from('old 10\n\n')],
    [400, 'without an old size', () => Buffer.from(`\n${noteOf(20)}`)],
    [400, 'with an old size of letters', () => asked('ten', noteOf(20), proof)],
    [400, 'with a leading zero', () => asked('010', noteOf(20), proof)],
    [400, 'with a negative old size', () => asked(-1, noteOf(20), proof)],
    [400, 'with an old size beyond 2^53', () => asked('9007199254740993', noteOf(20), proof)],
    [400, 'with two spaces', () => asked(' 10', noteOf(20), proof)],
    [400, 'with a hash of 31 bytes', () => asked(10, noteOf(20), [Buffer.alloc(31)])],
    [400, 'with a hash in another spelling', () => respelt()],
    [
      400,
      'with carriage returns',
      () => Buffer.from(String(asked(10, noteOf(20), proof)).replace(/\n/g, '\r\n')),
    ],
    [400, 'without its signatures', () => asked(10, checkpointText(origin, 20, naiveRoot(leaves)), proof)],
    [400, 'cut off', () => asked(10, noteOf(20), proof).subarray(0, -1)],
    [400, 'that is not UTF-8', () => Buffer.concat([asked(10, noteOf(20), proof), Buffer.of(0xff)])],
    [
      400,
      'with a root of 31 bytes',
      () => asked(10, noteOf(20).replace(/\n20\n.{44}/, `\n20\n${'A'.repeat(44)}`), proof),
    ],
  ])('gets %i %s, and changes nothing', (status, _, body) => {
    const { status: given, type } = put(body());
    expect([given, type]).toEqual([status, 'text/plain; charset=utf-8']);
    expect(witness.state[origin]?.size).toBe(10);
  });

  it('whose every byte is changed in turn is never cosigned', () => {
    const whole = asked(10, noteOf(20), proof);
    for (let at = 0; at < whole.length; at += 1) {
      const bent = Buffer.from(whole);
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect([at, put(bent).status]).not.toEqual([at, 200]);
    }
    expect(statusOf(whole)).toBe(200);
  });

  function respelt(): Buffer {
    return Buffer.from(
      String(asked(10, noteOf(20), [emptyRoot]))
        .replace('VVU=\n', 'VVV=\n')
        .replace('hSuFU=', 'hSuFV='),
    );
  }
});

describe('over HTTP', () => {
  it('a hundred at once from one old size get one cosignature between them', async () => {
    const server = createServer({
      witness,
      vkey: witnessKey(stateDir, name).vkey,
      followClock: async () => undefined,
    });
    const base = await server.listen({ host: '127.0.0.1', port: 0 });
    const post = (body: Buffer) => request(`${base}/add-checkpoint`, { method: 'POST', body });
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, place) => {
        const { statusCode, headers, body } = await post(grown(0, 100 + place));
        return { statusCode, type: headers['content-type'], text: await body.text() };
      }),
    );
    const won = answers.filter(({ statusCode }) => statusCode === 200);
    const size = witness.state[origin]?.size ?? 0;
    expect(won).toHaveLength(1);
    expect(signed(won[0]?.text ?? '', size).signedBy).toEqual([origin, name]);
    for (const answer of answers.filter((each) => each !== won[0]))
      expect(answer).toEqual({ statusCode: 409, type: 'text/x.tlog.size', text: `${size}\n` });
    expect((await post(Buffer.alloc(70_000))).statusCode).toBe(413);
    expect(await (await request(`${base}/vkey`)).body.text()).toBe(`${witnessKey(stateDir, name).vkey}\n`);
    await server.close();
  });
});
