import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { leafOf } from '#libs/journal/commitment.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { leafHash, nodeHash } from '#libs/tlog/tree.js';
import type { Policy } from '#libs/tlog/verify-tlog-proof.js';
import {
  checkBody,
  iat,
  iins,
  makeHeadKey,
  now,
  receiptOf,
  type MadeKey,
} from '../../../test/support/made-receipts.js';
import { namedKey, plainLeaf, PublishedLog, type NamedKey } from '../../../test/support/published-log.js';
import { judge, type NotProven, type Proven, type Question } from './judge.js';
import { plainWords } from './plain-words.js';

const [iin, otherIin] = iins;
const witnesses = ['one', 'two', 'three'].map((name) => namedKey(`witness.example/${name}`, 'cosignature'));
const [one, two] = witnesses as [NamedKey, NamedKey, NamedKey];
let log: PublishedLog;
let lender: MadeKey;
let receipt: Receipt;
let policy: Policy;

const leafIn = ({ entry, salt }: Receipt) => leafOf(entry, Buffer.from(salt, 'base64url'));
/** A receipt whose entry is leaf 4 of a tree that grows to 300 entries, and its head of 5 entries. */
beforeAll(async () => {
  [lender, log] = [await makeHeadKey('lender'), new PublishedLog()];
  const seed = randomBytes(32);
  const drawn = await receiptOf(lender, { body: checkBody(seed, iin), seed, before: 4, after: 0 });
  log.growTo(4).append([leafIn(drawn)]);
  log.publish();
  receipt = {
    ...drawn,
    proof: Buffer.concat(await proofHashes(4)).toString('base64url'),
    head: await headOf(lender, log),
  };
  log.growTo(300).publish([one, iat + 3], [two, iat + 4]);
  policy = { log: [log.key.parsed], witnesses: witnesses.map(({ parsed }) => parsed), quorum: 2 };
});
const proofHashes = async (index: number) =>
  (await log.proofOf(index))
    .split('\n\n')[0]
    ?.split('\n')
    .slice(2)
    .map((line) => Buffer.from(line, 'base64')) ?? [];
const headOf = async (key: MadeKey, { size, root }: { size: number; root: Buffer }) =>
  (await receiptOf(key, { head: { size, root: root.toString('base64url') } })).head;

async function judged(
  of: unknown,
  change: Partial<Question> & { revoked?: boolean; expired?: boolean; iin?: string } = {},
): Promise<Proven | NotProven> {
  const { revoked, expired, iin: about = iin, ...question } = change;
  const life = { ...(revoked && { revokedAt: iat + 30 }), ...(expired && { exp: iat + 10 }) };
  return judge(JSON.stringify(of), {
    jwks: { keys: [{ ...lender.jwk, ...life }] },
    expectations: { now, iin: about },
    members: [],
    policy,
    published: { proof: await log.proofOf(4), consistency: await log.consistencyFrom(5) },
    ...question,
  });
}
const short = (of: Proven | NotProven) => (of.valid ? of.level : `only ${of.level}: ${of.code}`);

describe('a receipt that the log has', () => {
  it('is witnessed when as many of the pinned witnesses signed as were asked for', async () => {
    const proven = await judged(receipt);
    expect(short(proven)).toBe('witnessed');
    const words = proven.valid ? plainWords(proven).join('\n') : '';
    expect(words).toContain('its first 300 entries under its own key');
    expect(words).toContain('witness.example/one at 2025-11-24T09:30:03.000Z, witness.example/two at');
  });

  it('is logged when none were asked for, and signed when no log was', async () => {
    expect(short(await judged(receipt, { policy: { ...policy, quorum: 0 } }))).toBe('logged');
    expect(short(await judged(receipt, { published: undefined } as object))).toBe('signed');
  });

  it('is only logged when fewer signed', async () => {
    expect(short(await judged(receipt, { policy: { ...policy, quorum: 3 } }))).toBe(
      'only logged: quorum-missing',
    );
    const stranger = namedKey('witness.example/one', 'cosignature');
    expect(
      short(await judged(receipt, { policy: { ...policy, witnesses: [stranger.parsed, two.parsed] } })),
    ).toBe('only logged: quorum-missing');
  });

  it('counts one key once, under however many names it is pinned', async () => {
    const twice = [one.parsed, { ...one.parsed }];
    expect(short(await judged(receipt, { policy: { ...policy, witnesses: twice } }))).toBe(
      'only logged: quorum-missing',
    );
  });

  it('holds without the keys of heads, and after its own has ended', async () => {
    expect(short(await judged(receipt, { jwks: undefined } as object))).toBe('witnessed');
    expect(short(await judged(receipt, { expired: true }))).toBe('witnessed');
    const proven = await judged(receipt, { revoked: true });
    expect(short(proven)).toBe('witnessed');
    expect(proven.valid ? plainWords(proven).join('\n') : '').toContain('is not counted');
  });

  it.each<[string, string, Partial<Question> & { iin?: string }]>([
    ['of another person', 'only none: person-differs', { iin: otherIin }],
    [
      'that does not state what is expected',
      'only none: expectation-differs',
      { members: [{ member: 'verdict', value: 'refused' }] },
    ],
  ])('and is %s is nothing, with or without the keys of heads', async (_, outcome, change) => {
    expect(short(await judged(receipt, change))).toBe(outcome);
    expect(short(await judged(receipt, { ...change, jwks: undefined } as object))).toBe(outcome);
  });
});

describe('a receipt forged with a stolen head key', () => {
  let forged: Receipt;
  beforeAll(async () => {
    const seed = randomBytes(32);
    forged = await receiptOf(lender, {
      body: checkBody(seed, otherIin, 'refused'),
      seed,
      before: 4,
      after: 0,
    });
  });

  it('with an old date is at most signed, and after the key is known to be stolen not even that', async () => {
    const alone = { published: undefined, iin: otherIin } as object;
    expect(short(await judged(forged, alone))).toBe('signed');
    expect(short(await judged(forged, { iin: otherIin }))).toBe('only signed: leaf-not-included');
    expect(short(await judged(forged, { ...alone, revoked: true }))).toBe('only none: head-key-revoked');
    expect(short(await judged(forged, { iin: otherIin, revoked: true }))).toBe(
      'only none: leaf-not-included',
    );
  });

  it('for an entry that the log has, but in another tree, is a second history', async () => {
    // Leaf 4 of 5 alone on the right: its proof is one hash, so any left side makes a tree.
    const left = randomBytes(32);
    const root = nodeHash(left, leafHash(leafIn(receipt)));
    const fork = {
      ...receipt,
      proof: left.toString('base64url'),
      head: await headOf(lender, { size: 5, root }),
    };
    expect(short(await judged(fork))).toBe('only signed: head-forked');
  });
});

it.each([
  ['a log', () => ({ log: [log.key.parsed, one.parsed], witnesses: [], quorum: 0 })],
  ['a witness', () => ({ log: [log.key.parsed], witnesses: [one.parsed, log.key.parsed], quorum: 1 })],
])(
  'a key pinned as that of %s and of the other type is refused, not left out in silence',
  async (_, pins) => {
    expect(short(await judged(receipt, { policy: pins() }))).toBe('only signed: pinned-key-wrong');
  },
);

describe('a published proof', () => {
  it.each<[string, string, () => Promise<string> | string]>([
    ['that is nothing', 'proof-malformed', () => ''],
    [
      'at another place',
      'leaf-not-included',
      async () => (await log.proofOf(4)).replace('index 4', 'index 5'),
    ],
    ['of another leaf', 'leaf-not-included', () => log.proofOf(5)],
    [
      'of another log',
      'origin-not-pinned',
      async () => (await log.proofOf(4)).replaceAll(log.key.name, 'x.kz/y'),
    ],
    [
      'of another size',
      'checkpoint-signature',
      async () => (await log.proofOf(4)).replace('\n300\n', '\n301\n'),
    ],
    [
      'without its checkpoint',
      'proof-malformed',
      async () => (await log.proofOf(4)).split('\n\n')[0] + '\n\n',
    ],
    ['signed by nobody of the log', 'checkpoint-signature', async () => unsigned(await log.proofOf(4))],
  ])('%s leaves a receipt signed: %s', async (_, code, proof) => {
    expect(short(await judged(receipt, { published: { proof: await proof() } }))).toBe(
      `only signed: ${code}`,
    );
  });

  it('every byte of which is changed in turn proves nothing more', async () => {
    const whole = Buffer.from(await log.proofOf(4));
    const quorum = { ...policy, quorum: 2 };
    for (let at = 0; at < whole.length; at += 1) {
      const bent = Buffer.from(whole);
      bent[at] = (bent[at] ?? 0) ^ 1;
      const outcome = await judged(receipt, {
        jwks: undefined,
        policy: quorum,
        published: { proof: String(bent) },
      } as object);
      expect([at, outcome.valid]).toEqual([at, false]);
    }
  });

  const unsigned = (proof: string) => proof.replace(/— sandbox.+\n/, '');
});

it('a leaf of the scene is as long as a real one', () => {
  expect(plainLeaf(0).length).toBe(leafIn(receipt).length);
});
