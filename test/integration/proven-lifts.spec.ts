/** What the clerk lifts and places without an older signature, after a row that lies, or beside a service that is away. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatInstant } from '#libs/journal/instant.js';
import { openDatabase } from '#libs/platform/database.js';
import { Problem } from '#libs/problem/problem.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { inherit, refusalAfter } from '#libs/refusal/transitions.js';
import { nationalSigner } from '#libs/signature/national-signer.js';
import type { MoveSettings } from '../../apps/clerk/moves/move-refusal.service.js';
import { auditAfterEach } from '../support/auditor.js';
import { newClerkScene, type ClerkScene } from '../support/clerk-scene.js';
import { pastGuards } from '../support/database.js';
import { publishedHeadKey } from '../support/head-keys.js';
import { newJournal } from '../support/journals.js';
import type { LiftingPerson } from '../support/lift-scene.js';
import { national, nationalCms } from '../support/national.js';

let scene: ClerkScene;

beforeAll(async () => {
  scene = await newClerkScene();
});
beforeEach(() => void scene.alarms.splice(0));
// Keys and law came without acts: only the tree and the hunt.
auditAfterEach(() => scene);
afterAll(() => scene.close());

describe('an inherited refusal', () => {
  it('has no signature and no lock, and is lifted by a signed lift', async () => {
    const person = await scene.lifts.person();
    // As the owner, because the tool's role inherits only before the registry opens.
    const tool = await openDatabase(scene.database.target('tyiym_owner'), { poolSize: 1 });
    const headKey = await publishedHeadKey(scene.database, 'tool');
    const journal = newJournal(tool, 'tool', scene.lookup, { refusals: refusalsTable }, { headKey });
    const { subject, iin } = person;
    await journal.submit({
      look: {},
      decide: () => {
        const placedAt = Date.parse('2025-01-01T00:00:00.000Z');
        const moves = inherit(undefined, placedAt);
        return {
          entries: moves.map(({ kind, version, body }) => ({
            ...{ kind, person: { subject, iin, version } },
            body: { ...body, placedAt: formatInstant(placedAt) },
          })),
          rows: (made) => ({ refusals: [refusalAfter(undefined, subject, moves, made)] }),
          answer: () => undefined,
        };
      },
    });
    await journal.stop();
    await tool.destroy();
    const { index } = await scene.lifts.sign(person, { kind: 'lift', lockHours: 0 });
    expect(await scene.newClerk().move(index)).toBe('lifted');
    expect(scene.alarms).toEqual([]);
  });
});

describe('a return', () => {
  const lifted = async (wish: { placeAgainAfterHours?: number }) => {
    const person = await scene.lifts.lifting({ lockHours: 0, ...wish });
    expect(await scene.newClerk().move(person.requestIndex)).toBe('lifted');
    const index = (await scene.rowOf(person))?.entryIndex ?? -1;
    return { person, index };
  };

  it('that only the row asks for is none, and an alarm', async () => {
    const { person, index } = await lifted({});
    await pastGuards(
      scene.database.superuser,
      'UPDATE refusals SET placed_again_at = registry_now() WHERE subject = $1',
      [person.subject.bytes],
    );
    await scene.movesNothing(person, index, 'return-not-signed');
  });

  it('whose signed lift is gone places all the same, with an alarm', async () => {
    const { person, index } = await lifted({ placeAgainAfterHours: 24 });
    await scene.database.superuser.query('DELETE FROM signed_documents WHERE entry_index = $1', [
      person.requestIndex,
    ]);
    await scene.advance(24);
    expect(await scene.newClerk().move(index)).toBe('placed');
    expect(scene.alarms).toEqual([{ entryIndex: index, fault: 'no-document' }]);
    expect((await scene.rowOf(person))?.state).toBe('in-force');
  });

  it('that the row no longer asks for places all the same', async () => {
    const { person, index } = await lifted({ placeAgainAfterHours: 24 });
    await pastGuards(
      scene.database.superuser,
      'UPDATE refusals SET placed_again_at = NULL WHERE subject = $1',
      [person.subject.bytes],
    );
    await scene.advance(24);
    expect(await scene.newClerk().move(index)).toBe('placed');
    expect(scene.alarms).toEqual([{ entryIndex: index, fault: 'row-differs' }]);
  });
});

describe('a national signature', () => {
  const away = (): never => {
    throw new Problem('revocation-unavailable');
  };
  const says = (verify: MoveSettings['verifier']['verify']) => ({
    ...{ verify, verifiesNational: true },
    answer: async () => ({
      ...{ status: 'good' as const, freshUntil: Infinity },
      evidence: { kind: 'ncanode' as const, der: Buffer.from('{}'), sha256: 'x', stale: false },
    }),
  });
  const valid = says(async (input) => nationalSigner(input));
  const invalid = says(async () => {
    throw new Problem('signature-not-valid');
  });
  const lifting = async (lockHours: number): Promise<LiftingPerson> => {
    const person = await scene.lifts.person(lockHours);
    const signer = national(person.credential);
    const { index, kept } = await scene.lifts.sign(
      person,
      { kind: 'lift', lockHours },
      { sign: (document) => nationalCms(signer, document) },
    );
    return { ...person, requestIndex: index, kept };
  };

  it('waits while its service is away or not configured, without an alarm', async () => {
    const { requestIndex } = await lifting(0);
    await expect(scene.newClerk(says(async () => away())).move(requestIndex)).rejects.toThrow(
      'revocation-unavailable',
    );
    await expect(scene.newClerk().move(requestIndex)).rejects.toThrow('revocation-unavailable');
    expect(scene.alarms).toEqual([]);
    expect(await scene.newClerk(valid).move(requestIndex)).toBe('lifted');
  });

  it('that the service calls invalid right after the request lifts nothing', async () => {
    const { requestIndex: entryIndex } = await lifting(0);
    expect(await scene.newClerk(invalid).move(entryIndex)).toBe('refused');
    expect(scene.alarms).toEqual([{ entryIndex, fault: 'signature-refused' }]);
  });

  it('that was judged good is lifted at its hour, whatever the service says by then', async () => {
    const { requestIndex } = await lifting(12);
    expect(await scene.newClerk(valid).move(requestIndex)).toBe('early');
    await scene.advance(12);
    expect(await scene.newClerk(invalid).move(requestIndex)).toBe('lifted');
    expect(scene.alarms).toEqual([]);
  });

  it('is not taken for judged by a row that another request’s judgement was copied into', async () => {
    const [judged, other] = [await lifting(12), await lifting(0)];
    expect(await scene.newClerk(valid).move(judged.requestIndex)).toBe('early');
    await scene.database.superuser.query(
      `INSERT INTO move_judgements SELECT $1, judged_at, judged_at, seal, NULL FROM move_judgements WHERE entry_index = $2`,
      [other.requestIndex, judged.requestIndex],
    );
    expect(await scene.newClerk(invalid).move(other.requestIndex)).toBe('refused');
  });
});
