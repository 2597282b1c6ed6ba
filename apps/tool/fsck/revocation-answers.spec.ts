/** What the authority must have said under a lift: about that certificate, at that hour, and unchanged since. */
import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { crl, type CrlWish, serialNumberOf } from '../../sandbox/nca/nca.js';
import { buildCms } from '../../../test/support/hostile-cms.js';
import { AT, DAY_MS, DOCUMENT, IIN, makeScene, type Scene } from '../../../test/support/signing-scene.js';
import { seal, type SealingKey } from '#libs/subject/seal.js';
import type { EntryKind } from '#libs/journal/entry.js';
import type { ReadEntry } from './entry-rows.js';
import type { Standing } from './standing.js';
import { faultOfAnswer, restsOnAnswer, type KeptAnswer } from './revocation-answers.js';

const key: SealingKey = { keyId: randomBytes(4), secret: randomBytes(32) };
const person = { iin: IIN, ring: key };
const requestIndex = 7;
const liftsAt = AT + DAY_MS;
let scene: Scene;
beforeAll(async () => {
  scene = await makeScene();
});

const pending: Standing = {
  ...{ subject: { epoch: 1, bytes: Buffer.alloc(32) }, version: 1, lockHours: 24, placedAt: AT },
  ...{ state: 'lift-pending', liftRequestedAt: AT, liftsAt, requestIndex },
  ...{ movedLeaf: Buffer.alloc(32), entryIndex: requestIndex },
};

function entryWith(answer: Buffer, kind: EntryKind = 'refusal.lifted', reason?: string): ReadEntry {
  const revocationSha256 = createHash('sha256').update(answer).digest('base64url');
  return {
    ...{ kind, members: { revocationSha256, reason } },
    row: {
      ...{
        index: 9,
        uuid: '',
        kind,
        at: liftsAt,
        text: '',
        seed: null,
        leafHash: Buffer.alloc(32),
        commitment: Buffer.alloc(32),
      },
      ...{ version: 2, party: null },
    },
  };
}

function kept(answer: Buffer, changes: Partial<KeptAnswer> = {}): KeptAnswer {
  const sealed = (table: string, column: string, plain: Buffer): Buffer =>
    seal(key, { table, column, row: 'application' }, plain, randomBytes);
  const cms = buildCms({ signer: scene.person, document: DOCUMENT });
  return {
    ...{ entryIndex: 9, applicationUuid: 'application', kind: 'crl', requestIndex },
    answer: sealed('revocation_answers', 'answer', answer),
    cms: sealed('signed_documents', 'cms', cms),
    ...changes,
  };
}

const list = (wish: Partial<CrlWish> = {}): Promise<Buffer> =>
  crl(scene.authority, { at: liftsAt - 1000, revoked: [], validForMs: DAY_MS, ...wish });
const revoked = (): Pick<CrlWish, 'revoked'> => ({
  revoked: [{ serialNumber: serialNumberOf(scene.person.certPem), revokedAt: AT }],
});
const judge = (entry: ReadEntry, row: KeptAnswer | undefined) =>
  faultOfAnswer(entry, row, pending, person, scene.trust);

describe('the answer under a lift', () => {
  it('says "good" about the certificate that asked for the lift, at the hour of the lift', async () => {
    const answer = await list();
    expect(judge(entryWith(answer), kept(answer))).toBeUndefined();
  });

  it.each<[string, Partial<CrlWish> | 'revoked', string]>([
    ['names the certificate', 'revoked', 'certificate-revoked'],
    ['was the one of the request, past its nextUpdate', { at: AT - 1000 }, 'revocation-unavailable'],
    ['is of a later hour than the lift', { at: liftsAt + DAY_MS }, 'revocation-unavailable'],
  ])('is a fault when its list %s', async (_, wish, code) => {
    const answer = await list(wish === 'revoked' ? revoked() : wish);
    expect(judge(entryWith(answer), kept(answer))).toBe(`the answer says ${code}`);
  });

  it('is a fault when it is another than the entry names, is about another lift, or is none', async () => {
    const [answer, other] = [await list(), await list({ at: liftsAt - 2000 })];
    expect(judge(entryWith(other), kept(answer))).toBe('another answer is kept');
    expect(judge(entryWith(answer), kept(answer, { requestIndex: 3 }))).toContain('another lift');
    expect(judge(entryWith(answer), kept(answer, { requestIndex: null, cms: null }))).toContain('another');
    expect(judge(entryWith(answer), kept(answer, { applicationUuid: 'x' }))).toContain('does not open');
    expect(judge(entryWith(answer), kept(answer, { kind: 'ncanode' }))).toContain('revocation-unavailable');
    expect(judge(entryWith(answer), undefined)).toBe('no answer is kept');
  });

  it('of a list whose issuer nobody pinned is a fault', async () => {
    const stranger = await makeScene();
    const answer = await crl(stranger.authority, { at: liftsAt - 1000, revoked: [], validForMs: DAY_MS });
    expect(judge(entryWith(answer), kept(answer))).toBe('the answer says revocation-unavailable');
  });
});

describe('the answer under the end of a lift', () => {
  const ended = (answer: Buffer) => entryWith(answer, 'lift.cancelled', 'certificate-revoked');

  it('names the certificate, and "good" is a fault', async () => {
    const [good, bad] = [await list(), await list(revoked())];
    expect(judge(ended(bad), kept(bad))).toBeUndefined();
    expect(judge(ended(good), kept(good))).toBe('the answer says good');
  });

  it('is asked for only where a revoked certificate is the reason', async () => {
    const answer = await list();
    expect(restsOnAnswer(entryWith(answer))).toBe(true);
    expect(restsOnAnswer(ended(answer))).toBe(true);
    expect(restsOnAnswer(entryWith(answer, 'lift.cancelled'))).toBe(false);
    expect(restsOnAnswer(entryWith(answer, 'refusal.placed'))).toBe(false);
  });
});
