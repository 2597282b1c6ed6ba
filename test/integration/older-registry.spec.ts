/**
 * A registry that an earlier release founded: its keys name kinds that no code appends any more, its parties hold scopes
 * that open nothing, its law has rules that no code reads. It is read and audited as it stands, and none of these is
 * enacted anew.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Draft } from '#libs/journal/act.js';
import { formerKindsOf, type ProcessName } from '#libs/journal/entry.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { verifyReceipt } from '#libs/journal/verify-receipt.js';
import { registryAfter, rowsOf, type Change } from '#libs/acts/change.js';
import { jwkSet, keysNewestFirst } from '#libs/acts/jwk-set.js';
import { emptyRegistry, type RegistryRows } from '#libs/acts/registry.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { auditAfterEach } from '../support/auditor.js';
import { readCorpus } from '../support/corpus.js';
import { origin } from '../support/journals.js';
import { newOperator, party, type Operator } from '../support/operator.js';

const mci = {
  ...{ name: 'mci', value: 3932, appliesBy: 'signedAt', appliesFrom: '2024-12-31T19:00:00.000Z' },
  ...{ source: 'a statute', certainty: 'sourced' },
};

let operator: Operator;
let receipts: readonly Receipt[];
beforeAll(async () => {
  operator = await newOperator({ opens: false });
  receipts = await found(await changesOfAnEarlierRelease());
});
auditAfterEach(() => ({ ...operator, tool: operator.config }));
afterAll(() => operator.close());

async function changesOfAnEarlierRelease(): Promise<readonly Change[]> {
  const { publicKeys, parties, officials } = operator.foundation;
  return [
    ...publicKeys.map(({ kinds, ...key }): Change => {
      const former = formerKindsOf[key.purpose.replace('head/', '') as ProcessName] ?? [];
      return { kind: 'key.published', body: { ...key, kinds: [...kinds, ...former] } };
    }),
    ...[...parties, await party('court', 'court', ['court'])].map((each): Change => ({
      kind: 'party.admitted',
      body: { party: each },
    })),
    ...officials.map((official): Change => ({ kind: 'party.admitted', body: { official } })),
    { kind: 'registry.opened', body: { origin, regime: [...defaultRules.map(ruleToJson), mci] } },
  ];
}

/** One commit, as the tool of that release made it. */
function found(changes: readonly Change[]): Promise<readonly Receipt[]> {
  return operator.registry.journal.submit<readonly Receipt[]>({
    look: {},
    decide: ({ at, rules }) => {
      let registry = rules;
      const rows: RegistryRows[] = [];
      const entries = changes.map((each, index): Draft => {
        const own = each.kind === 'key.published' && { fromSize: index };
        const change: Change = { ...each, body: { ...each.body, ...own } };
        rows.push(rowsOf(registry, change, { at, index, origin }));
        registry = registryAfter(registry, change, { at, index, origin });
        const named = change.body['party'] as { readonly clientId: string } | undefined;
        return { ...change, ...(named !== undefined && { party: named.clientId }) };
      });
      const all = <K extends keyof RegistryRows>(name: K) => rows.flatMap((each) => [...(each[name] ?? [])]);
      const written = {
        ...{ parties: all('parties'), partyKeys: all('partyKeys'), officials: all('officials') },
        ...{ regime: all('regime'), signingKeys: all('signingKeys') },
      } as RegistryRows;
      return { entries, rows: () => written, answer: (made) => made() };
    },
  });
}

describe('a registry that an earlier release founded', () => {
  it('is believed, with the kinds its keys name and its law as it stands', async () => {
    const { registry, faults } = await new RegistryReader({}).read(operator.registry.dataSource.manager);
    expect(faults).toEqual([]);
    const lender = [...registry.signingKeys.values()].find(({ purpose }) => purpose === 'head/lender');
    expect(lender?.kinds).toEqual(expect.arrayContaining(['check.made', 'breach.answered']));
    expect(registry.regime.map(({ name }) => String(name))).toContain('mci');
    expect(registry.parties.get('court')?.scopes).toEqual(['court']);
  });

  it('has receipts that verify under its keys', async () => {
    const { registry } = await new RegistryReader({}).read(operator.registry.dataSource.manager);
    const jwks = jwkSet(keysNewestFirst(registry));
    expect(JSON.stringify(jwks)).toContain('entries.disclosed');
    const now = Math.floor(Date.now() / 1000);
    for (const receipt of receipts)
      expect((await verifyReceipt(receipt, jwks, { now })).key.purpose).toBe('head/tool');
  });

  it.each<[string, Change, string]>([
    ['a rule that no code reads', { kind: 'regime.changed', body: { rule: mci } }, 'reads the rule mci'],
    [
      'a scope that opens nothing',
      { kind: 'party.admitted', body: { party: { clientId: 'court', scopes: ['court'] } } },
      'the scope court opens nothing',
    ],
    [
      'a key that names a kind which nothing appends',
      {
        kind: 'key.published',
        body: { purpose: 'head/lender', kinds: ['check.made', 'breach.answered'], jwk: {}, kid: '' },
      },
      'head/lender does not append breach.answered',
    ],
  ])('enacts no more %s', async (_, change, fault) => {
    await expect(operator.acts.draft(change)).rejects.toThrow(fault);
    await expect(operator.acts.found([change])).rejects.toThrow(fault);
  });

  it('that was recorded in the corpus is read to its last act', () => {
    const folded = readCorpus().entries.reduce((registry, { entry, index }) => {
      const { kind, at, v: _v, id: _id, by: _by, actId: _act, cmsSha256: _cms, ...body } = JSON.parse(entry);
      const isAct = /^(registry|party|regime|key)\./.test(kind as string);
      const place = { at: Date.parse(at as string), index, origin };
      return isAct ? registryAfter(registry, { kind, body } as Change, place) : registry;
    }, emptyRegistry);
    expect(folded.isOpen).toBe(true);
    expect(JSON.stringify([...folded.signingKeys.values()])).toContain('status-certificate.issued');
    expect(folded.regime.map(({ name }) => String(name))).toContain('writeOffDays');
  });
});
