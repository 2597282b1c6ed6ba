/** Acts of the operator: who may change the registry, and that a signed act counts once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultRules } from '#libs/regime/defaults.js';
import { valueAt } from '#libs/regime/regime.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { fsck, type FsckReport } from '../../apps/tool/fsck/fsck.service.js';
import type { Change } from '#libs/acts/change.js';
import type { EntityManager } from 'typeorm';
import { auditAfterEach } from '../support/auditor.js';
import { origin } from '../support/journals.js';
import { enter, newOperator, party, type Operator } from '../support/operator.js';

let operator: Operator;
beforeAll(async () => {
  operator = await newOperator({ opens: true });
});
auditAfterEach(() => ({ ...operator, tool: operator.config }));
afterAll(() => operator.close());

const delay: Change = {
  kind: 'regime.changed',
  body: {
    rule: ruleToJson({
      name: 'liftDelay',
      subjectOfRule: '',
      value: 12,
      appliesBy: 'signedAt',
      appliesFrom: Date.parse('2026-01-01T00:00:00.000Z'),
      source: 'a decree',
      certainty: 'sourced',
    }),
  },
};

async function signed(change: Change, who: readonly number[] = [0, 1]): Promise<[string, Buffer[]]> {
  const text = await operator.acts.draft(change);
  return [text, await Promise.all(who.map((each) => operator.sign(text, each)))];
}

describe('a founded registry', () => {
  it('is one commit of keys, parties, officials and the opening, each an entry', async () => {
    const kinds = await operator.database.superuser.query<{ kinds: string[] }>(
      'SELECT array_agg(kind ORDER BY index) AS kinds FROM entries',
    );
    expect(kinds.rows[0]?.kinds).toEqual([
      ...Array<string>(9).fill('key.published'),
      ...Array<string>(4).fill('party.admitted'),
      'registry.opened',
    ]);
    const heads = await operator.database.superuser.query('SELECT 1 FROM heads');
    expect(heads.rows).toHaveLength(1);
  });

  it('says the law it opened with', async () => {
    const { regime } = await operator.registry.journal.refreshRules();
    expect(regime).toHaveLength(defaultRules.length);
    expect(valueAt(regime, 'noticeWindow', Date.now())).toBe(7);
  });

  it('takes no further act without signatures', async () => {
    await expect(operator.acts.found([delay])).rejects.toThrow('two officials sign');
  });
});

describe('an act of two officials', () => {
  it('is applied once, names them in its entry and keeps what they signed sealed', async () => {
    const [text, cms] = await signed(delay);
    const [receipt] = await operator.acts.apply(text, cms);
    const entry = JSON.parse(receipt?.entry ?? '') as Record<string, unknown>;
    expect(entry).toMatchObject({ kind: 'regime.changed', by: ['official-1', 'official-2'] });
    expect(entry['cmsSha256']).toHaveLength(2);
    const { regime } = await operator.registry.journal.refreshRules();
    expect(valueAt(regime, 'liftDelay', Date.now())).toBe(12);

    await expect(operator.acts.apply(text, cms)).rejects.toThrow('applied already');
    const kept = await operator.database.superuser.query<{ cms: Buffer[] }>('SELECT cms FROM official_acts');
    expect(kept.rows).toHaveLength(1);
    expect(kept.rows[0]?.cms[0]?.includes(Buffer.from('IIN'))).toBe(false);
  });

  it.each([
    ['one signature', [0], 'exactly two signatures'],
    ['three signatures', [0, 1, 0], 'exactly two signatures'],
    ['the same official twice', [0, 0], 'same person'],
  ])('is refused with %s', async (_, who, fault) => {
    const [text, cms] = await signed(delay, who);
    await expect(operator.acts.apply(text, cms)).rejects.toThrow(fault);
  });

  it('is refused when a byte of it changed after signing', async () => {
    const [text, cms] = await signed(delay);
    const other = text.replace('"value":12', '"value":10');
    expect(other).not.toBe(text);
    await expect(operator.acts.apply(other, cms)).rejects.toMatchObject({
      code: 'signature-content-differs',
    });
  });

  it('is refused when it is about another log, or its day has passed', async () => {
    const [text, cms] = await signed(delay);
    const elsewhere = text.replace('journal/1', 'journal/2');
    await expect(operator.acts.apply(elsewhere, cms)).rejects.toThrow('another log');
    const older = text.replace(/At":"\d{4}/g, 'At":"2020');
    await expect(operator.acts.apply(older, cms)).rejects.toThrow('not of these 24 hours');
  });

  it('suspends a party, whose row then says so, and never makes another kind of it', async () => {
    await operator.acts.apply(
      ...(await signed({ kind: 'party.suspended', body: { clientId: 'bank-alpha' } })),
    );
    const after = await operator.registry.journal.refreshRules();
    expect(after.parties.get('bank-alpha')?.state).toBe('suspended');
    const again = await party('bank-alpha', 'mfo', ['checks']);
    await expect(signed({ kind: 'party.admitted', body: { party: again } })).rejects.toThrow('another kind');
  });

  it('retires a key of the registry, which stays with its hour', async () => {
    const kid = operator.foundation.publicKeys[0]?.kid;
    await operator.acts.apply(...(await signed({ kind: 'key.retired', body: { kid } })));
    const after = await operator.registry.journal.refreshRules();
    expect(after.signingKeys.get(kid ?? '')?.retiredAt).toBeGreaterThan(0);
  });

  it('cannot leave fewer than two officials', async () => {
    const gone: Change = { kind: 'party.suspended', body: { officialId: 'official-1' } };
    await expect(signed(gone)).rejects.toThrow('two officials must remain');
  });
});

describe('fsck of the acts', () => {
  const run = (tx: EntityManager): Promise<FsckReport> =>
    fsck({
      ...{ tx, origin, trust: operator.trust },
      identityKey: readIdentityKey(operator.config.keysDir),
      lookupKeys: readLookupKeys(operator.config.keysDir),
    });

  it('finds nothing in what was signed and applied', async () => {
    const { findings, size } = await run(operator.registry.dataSource.manager);
    expect(findings).toEqual([]);
    expect(size).toBe(20);
  });

  it.each([
    ['an act, gone', 'DELETE FROM official_acts'],
    ['a letter of an act', `UPDATE official_acts SET act = replace(act, '"value":12', '"value":10')`],
    [
      'a byte of an official’s CMS',
      'UPDATE official_acts SET cms[1] = set_byte(cms[1], 40, get_byte(cms[1], 40) # 1)',
    ],
    ['the order of two CMS', 'UPDATE official_acts SET cms = ARRAY[cms[2], cms[1]]'],
    ['one CMS twice', 'UPDATE official_acts SET cms = ARRAY[cms[1], cms[1]]'],
  ])('names %s', async (_, change) => {
    const owner = await enter(operator.database, 'tyiym_owner');
    const runner = owner.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query(change);
      const { findings } = await run(runner.manager);
      expect(findings.map(({ code }) => code)).toEqual(
        expect.arrayContaining(['registry-act-not-signed', 'row-unknown']),
      );
    } finally {
      await runner.rollbackTransaction();
      await owner.destroy();
    }
  });
});
