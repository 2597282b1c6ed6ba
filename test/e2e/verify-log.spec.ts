/** `tool verify` against a public log: levels, waiting, keeping a proof, and what each way of being wrong ends with. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leafOf } from '#libs/journal/commitment.js';
import { checkBody, iat, iins, makeHeadKey, receiptOf, type MadeKey } from '../support/made-receipts.js';
import { namedKey, PublishedLog } from '../support/published-log.js';
import { run, type Ended } from '../support/sandbox.js';

const [iin] = iins;
const folder = mkdtempSync(join(tmpdir(), 'tyiym-verify-'));
const at = (name: string): string => join(folder, name);
const witness = namedKey('witness.example/w1', 'cosignature');
const log = new PublishedLog();
const pins = ['--log-key', log.key.vkey, '--witness', witness.vkey];
let base: string;
let lender: MadeKey;

/** Receipt of entry 4 in the log's first 5 entries; the key lives until 2099, because the tool reads the machine's clock. */
beforeAll(async () => {
  lender = await makeHeadKey('lender');
  const [seed, long] = [randomBytes(32), { ...lender.jwk, exp: 4_070_908_800 }];
  const drawn = await receiptOf(lender, { body: checkBody(seed, iin), seed, before: 4, after: 0 });
  log.growTo(4).append([leafOf(drawn.entry, Buffer.from(drawn.salt, 'base64url'))]);
  log.publish();
  const lines = (await log.proofOf(4)).split('\n\n')[0]?.split('\n').slice(2) ?? [];
  const proof = Buffer.concat(lines.map((line) => Buffer.from(line, 'base64'))).toString('base64url');
  const root = log.root.toString('base64url');
  const { head } = await receiptOf(lender, { head: { size: 5, root } });
  writeFileSync(at('r.json'), JSON.stringify({ ...drawn, proof, head }));
  log.files.set('.well-known/jwks.json', Buffer.from(JSON.stringify({ keys: [long] })));
  log.growTo(1000).publish([witness, iat + 2]);
  base = await log.listen();
});
afterAll(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

const verify = (...args: string[]): Promise<Ended> =>
  run([process.execPath, 'dist/apps/tool/main.js', 'verify', ...args], {
    PATH: process.env['PATH'] ?? '',
    TYIYM_HOME: folder,
  });
const receipt = ['--receipt', at('r.json')];

describe('a receipt and a log', () => {
  it('are witnessed together, and the proof that is kept says so offline, without any key of heads', async () => {
    const online = await verify(...receipt, '--log', base, ...pins, '--quorum', '1', '--upgrade', at('p'));
    expect(online).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^valid: witnessed\n/) });
    const offline = await verify(...receipt, '--proof', at('p'), ...pins, '--quorum', '1', '--json');
    expect([offline.code, JSON.parse(offline.out)]).toMatchObject([0, { valid: true, level: 'witnessed' }]);
    expect(readFileSync(at('p'), 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 4\n/);
  });

  it('are logged where no witness is asked for, with the key of the log taken from it and that said', async () => {
    const { code, out, err } = await verify(...receipt, '--log', base);
    expect([code, out]).toEqual([0, expect.stringMatching(/^valid: logged\n/)]);
    expect(err).toContain('pin it with --log-key');
  });

  it('are only logged where the witness is another', async () => {
    const other = namedKey('witness.example/w1', 'cosignature').vkey;
    const args = [
      '--log',
      base,
      '--log-key',
      log.key.vkey,
      '--witness',
      other,
      '--quorum',
      '1',
      '--wait',
      '0',
    ];
    const { code, out } = await verify(...receipt, ...args);
    expect([code, out]).toEqual([1, expect.stringContaining('(not-published)')]);
  });

  it('wait for each other, and tell so', async () => {
    const young = new PublishedLog(log.key.name, log.key);
    const url = await young.listen();
    const waiting = verify(
      ...receipt,
      '--log',
      url,
      '--jwks',
      `${base}/.well-known/jwks.json`,
      ...pins,
      '--json',
    );
    for (const [path, bytes] of log.files) young.files.set(path, bytes);
    const { code, out } = await waiting;
    expect([code, JSON.parse(out)]).toMatchObject([0, { level: 'logged', published: { level: 'logged' } }]);
    const never = new PublishedLog(log.key.name, log.key);
    never.growTo(3).publish();
    const args = ['--log', await never.listen(), '--jwks', `${base}/.well-known/jwks.json`, '--wait', '1'];
    const left = await verify(...receipt, ...args, ...pins);
    expect(left).toMatchObject({ code: 1, out: expect.stringContaining('not valid, only signed: The log') });
    expect(left.err).toBe('waiting for the log to have a checkpoint of 5 entries (the newest has 3) …\n');
    await Promise.all([young.close(), never.close()]);
  });

  it('part where the log has another history: the receipt is only signed', async () => {
    const fork = new PublishedLog(log.key.name, log.key);
    fork.growTo(1000).publish([witness, iat + 2]);
    const args = ['--log', await fork.listen(), '--jwks', `${base}/.well-known/jwks.json`, '--quorum', '1'];
    const { code, out } = await verify(...receipt, ...args, ...pins);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^not valid, only signed: .*\(leaf-not-included\)\n$/),
    ]);
    await fork.close();
  });
});

describe('a checkpoint', () => {
  it('says who signed it', async () => {
    writeFileSync(at('checkpoint'), log.files.get('checkpoint') ?? '');
    const { code, out } = await verify(at('checkpoint'), ...pins, '--quorum', '1');
    expect([code, out]).toEqual([0, expect.stringMatching(/^valid: witnessed\n.*first 1000 entries/)]);
    const bent = await verify(at('checkpoint'), '--log-key', namedKey(log.key.name, 'note').vkey);
    expect(bent).toMatchObject({ code: 1, out: expect.stringContaining('(checkpoint-signature)') });
  });
});

describe('wrong usage', () => {
  it.each([
    [['--quorum', '1', '--log', 'http://127.0.0.1:1'], 'a quorum of 1 needs as many --witness'],
    [['--quorum', 'x'], 'Say a whole number.'],
    [['--log-key', 'nonsense', '--proof', 'p'], 'this is no vkey: nonsense'],
    [['--upgrade', 'p', '--jwks', 'j', '--log-key', log.key.vkey], '--upgrade asks the log'],
  ])('%p is called so', async (args, why) => {
    expect(await verify(...receipt, ...args)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(why),
    });
  });

  it('a log that is not there could not be asked, and one on the way is not asked', async () => {
    const nobody = await verify(...receipt, '--log', 'http://127.0.0.1:1', ...pins);
    expect(nobody).toMatchObject({ code: 3, err: expect.stringContaining('gave no answer') });
    const plain = await verify(...receipt, '--log', 'http://log.example', ...pins);
    expect(plain).toMatchObject({ code: 3, err: expect.stringContaining('by https only') });
  });
});
