/**
 * What stands when the operator is the attacker, with every key of the registry in his hands: the witness signs no second
 * history, a forged receipt is at most signed and soon not even that, and an honest one keeps its proof.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, randomBytes, type JsonWebKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { importJWK, type CryptoKey } from 'jose';
import { request } from 'undici';
import type { Receipt } from '#libs/journal/receipt.js';
import { checkpointText, parseCheckpoint, signNote } from '#libs/tlog/note.js';
import { checkBody, receiptOf } from '../support/made-receipts.js';
import { eventually } from '../support/eventually.js';
import { removeHome, Sandbox, type Ended } from '../support/sandbox.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.start();
}, 180_000);
afterAll(async () => {
  await sandbox.stop();
  removeHome(sandbox.place);
}, 30_000);

const at = (name: string): string => sandbox.file(name);
const verify = (receipt: string, ...args: string[]): Promise<Ended> =>
  sandbox.tool(['verify', '--receipt', at(receipt), ...args]);
const online = (receipt: string, ...more: string[]): Promise<Ended> =>
  verify(receipt, '--log', sandbox.urls.log, '--quorum', '1', ...more);
const keyOf = (process: string, file: string): JsonWebKey & { kid: string } =>
  JSON.parse(readFileSync(sandbox.file('keys', process, file), 'utf8')) as JsonWebKey & { kid: string };
const checkpoint = async () => {
  const note = await (await request(`${sandbox.urls.log}/checkpoint`)).body.text();
  return parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
};

describe('a check', () => {
  it('is witnessed within seconds, by a program that is not the registry', async () => {
    await sandbox.tool(['check', 'bank-alpha', 'aigerim', '--receipt', at('r.json')]);
    const { code, out } = await online('r.json', '--wait', '10', '--upgrade', at('r.tlog-proof'));
    expect([code, out]).toEqual([0, expect.stringMatching(/^valid: witnessed\n/)]);
    expect(out).toContain('signed by witness.sandbox.tyiym.kz/regulator at ');
  });

  it('is in the copy of the mirror, which is as whole as the log', async () => {
    const { size } = await checkpoint();
    const mirrored = async (): Promise<number> => {
      const { body } = await request(sandbox.urls.witness);
      return ((await body.json()) as { mirror: { size: number } }).mirror.size;
    };
    await eventually('the mirror follows', mirrored, (copied) => copied >= size, 15_000);
    const mirror = `${sandbox.urls.witness}/mirror`;
    for (const log of [sandbox.urls.log, mirror]) {
      const { code, out } = await sandbox.tool(['fsck', '--log', log, '--quorum', '1', '--json']);
      expect([code, JSON.parse(out)]).toMatchObject([0, { level: 'witnessed', findings: [] }]);
    }
    const { code, out } = await verify('r.json', '--log', mirror, '--quorum', '1');
    expect([code, out]).toEqual([0, expect.stringMatching(/^valid: witnessed\n/)]);
  });
});

describe('a second history under the key of the log', () => {
  const offer = async (size: number, root: Buffer, proof = ''): Promise<[number, string]> => {
    const { size: old } = await checkpoint();
    const { origin } = sandbox.content;
    const key = createPrivateKey({ key: keyOf('clerk-signer', 'log.jwk.json'), format: 'jwk' });
    const note = signNote(checkpointText(origin, size, root), origin, key);
    const body = `old ${old}\n${proof}\n${note}`;
    const answer = await request(`${sandbox.urls.witness}/add-checkpoint`, { method: 'POST', body });
    return [answer.statusCode, await answer.body.text()];
  };

  it('is not cosigned: 409 for another root, 422 for one that did not grow, and the note is kept', async () => {
    const { size } = await checkpoint();
    expect(await offer(size, randomBytes(32))).toEqual([409, `${size}\n`]);
    const [status] = await offer(size + 5, randomBytes(32), `${randomBytes(32).toString('base64')}\n`);
    expect(status).toBe(422);
    const kept = readFileSync(sandbox.file('witness', 'conflicts.ndjson'), 'utf8').trim().split('\n');
    expect(kept).toHaveLength(2);
  });
});

describe('a receipt forged with the stolen head key of the lender’s process', () => {
  let kid: string;
  beforeAll(async () => {
    const jwk = keyOf('lender', 'head.jwk.json');
    kid = jwk.kid;
    const { origin } = sandbox.content;
    const iat = Math.floor(Date.now() / 1000);
    const privateKey = (await importJWK(jwk, 'ES256')) as CryptoKey;
    const forged: Receipt = await receiptOf(
      { privateKey, jwk: { kid } },
      {
        body: checkBody(randomBytes(32), sandbox.iinOf('bolat')),
        head: { iat, origin, iss: sandbox.urls.log },
      },
    );
    writeFileSync(at('forged.json'), JSON.stringify(forged));
  });
  const jwks = () => `${sandbox.urls.log}/.well-known/jwks.json`;

  it('is signed to whoever asks for no more, and only that to whoever asks the log', async () => {
    expect(await verify('forged.json', '--jwks', jwks())).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^valid: signed\n/),
    });
    const { code, out } = await online('forged.json');
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^not valid, only signed: .*\(leaf-not-included\)\n$/),
    ]);
  });

  it('is nothing once the key is known to be stolen, while the honest one keeps its proof', async () => {
    const [draft, ...cms] = [at('act.json'), at('a.cms'), at('b.cms')];
    expect(await sandbox.tool(['key', 'compromise', kid, '--draft', draft])).toMatchObject({ code: 0 });
    cms.forEach((out, place) => sign(`official-${place + 1}`, draft, out));
    const applied = ['key', 'compromise', '--apply', draft, ...cms.flatMap((file) => ['--cms', file])];
    expect(await sandbox.tool(applied)).toMatchObject({ code: 0 });
    await eventually(
      'the key is revoked',
      () => verify('r.json', '--jwks', jwks()),
      ({ code }) => code === 1,
      15_000,
    );
    for (const args of [
      ['--jwks', jwks()],
      ['--log', sandbox.urls.log, '--quorum', '1'],
    ]) {
      const { code, out } = await verify('forged.json', ...args);
      expect([code, out]).toEqual([1, expect.stringMatching(/^not valid: /)]);
    }
    const kept = await verify('r.json', '--jwks', jwks(), '--proof', at('r.tlog-proof'), '--quorum', '1');
    expect([kept.code, kept.out]).toEqual([0, expect.stringMatching(/^valid: witnessed\n/)]);
    expect(kept.out).toContain('its key has ended');
  });

  function sign(who: string, file: string, out: string): void {
    const [key, cert] = [sandbox.file('people', `${who}.key`), sandbox.file('people', `${who}.pem`)];
    const args = ['cms', '-sign', '-binary', '-outform', 'DER', '-signer', cert, '-inkey', key];
    execFileSync('openssl', [...args, '-in', file, '-out', out]);
  }
});
