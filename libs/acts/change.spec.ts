import { generateKeyPairSync, createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { kindsOf } from '#libs/journal/entry.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { registryAfter, rowsOf, type Change } from './change.js';
import { emptyRegistry, type Registry } from './registry.js';

const origin = 'sandbox.tyiym.kz/journal/1';
const at = Date.parse('2026-11-23T00:00:00.000Z');

/** A public key and a name for it that is as good as a thumbprint to rules that are given one. */
function key(kind: 'ec' | 'p384' | 'rsa' | 'rsa-1024' = 'ec'): { kid: string; jwk: Record<string, unknown> } {
  const { publicKey } =
    kind === 'ec' || kind === 'p384'
      ? generateKeyPairSync('ec', { namedCurve: kind === 'ec' ? 'P-256' : 'P-384' })
      : generateKeyPairSync('rsa', { modulusLength: kind === 'rsa' ? 2048 : 1024 });
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
  return { kid: hashOf(JSON.stringify(jwk)), jwk };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
const named = { ...key(), use: 'sig', notBefore: '2026-11-22T00:00:00.000Z' };
const bank = {
  clientId: 'bank-alpha',
  kind: 'bank',
  bin: '010140000004',
  names: { kk: 'Банк', ru: 'Банк', en: 'Bank' },
  scopes: ['checks', 'loans'],
  resource: 'https://lender.example.kz',
  keys: [named],
};
const regulator = { ...bank, clientId: 'regulator', kind: 'regulator', scopes: [] };
const official = (officialId: string): Record<string, unknown> => ({
  ...{ officialId, name: 'Сынақ Әділ', role: 'operator', certSha256: [hashOf(officialId)] },
});

const admitted = (party: object): Change => ({ kind: 'party.admitted', body: { party } });
const appointed = (person: object): Change => ({ kind: 'party.admitted', body: { official: person } });
const opening: Change = { kind: 'registry.opened', body: { origin, regime: defaultRules.map(ruleToJson) } };

function after(...changes: readonly Change[]): Registry {
  return changes.reduce(
    (registry, change, index) => registryAfter(registry, change, { at, index, origin }),
    emptyRegistry,
  );
}

function refused(registry: Registry, change: Change): () => unknown {
  return () => rowsOf(registry, change, { at, index: 9, origin });
}

describe('admitting a party', () => {
  it('writes its row and its keys with the entry that did it', () => {
    const registry = after(admitted(bank));
    expect(registry.parties.get('bank-alpha')).toMatchObject({
      state: 'admitted',
      admittedAt: at,
      entryIndex: 0,
    });
    expect([...registry.partyKeys.values()]).toMatchObject([
      { clientId: 'bank-alpha', kid: named.kid, use: 'sig' },
    ]);
  });

  it.each([
    ['a BIN with a wrong control digit', { bin: '010140000005' }, 'bin is not a BIN'],
    ['an IIN in place of a BIN', { bin: '061313294730' }, 'bin is not a BIN'],
    ['a kind that is none', { kind: 'pawnshop' }, 'kind is one of'],
    ['a scope of another kind', { scopes: ['citizen'] }, 'a scope that counts for no bank'],
    ['a scope twice', { scopes: ['checks', 'checks'] }, 'names something twice'],
    ['no key', { keys: [] }, 'has no key to sign with'],
    ['an address with a path', { resource: 'https://lender.example.kz/' }, 'resource is not as it should be'],
    ['a name that is no short name', { clientId: 'Bank Alpha' }, 'clientId is not as it should be'],
    ['a name missing in one language', { names: { ru: 'Банк', en: 'Bank' } }, 'names lacks kk'],
    ['a member nobody knows', { limit: 5 }, 'party has no member limit'],
    ['a private key', { keys: [{ ...named, jwk: { ...named.jwk, d: 'x' } }] }, 'jwk has no member d'],
    ['a key of another curve', { keys: [{ ...named, ...key('p384') }] }, 'neither EC P-256 nor RSA'],
    ['a short RSA key', { keys: [{ ...named, ...key('rsa-1024') }] }, 'neither EC P-256 nor RSA'],
    [
      'an RSA key to seal for',
      { keys: [named, { ...named, ...key('rsa'), use: 'enc' }] },
      'use enc is EC P-256',
    ],
    ['a pin that is no thumbprint', { keys: [{ ...named, certSha256: 'abc' }] }, '32 bytes in base64url'],
    [
      'a key that never counts',
      { keys: [{ ...named, expiresAt: named.notBefore }] },
      'expires before it counts',
    ],
  ])('is refused with %s', (_, change, fault) => {
    expect(refused(emptyRegistry, admitted({ ...bank, ...change }))).toThrow(fault);
  });

  it('takes RSA keys of 2048 bits', () => {
    const registry = after(admitted({ ...bank, keys: [{ ...named, ...key('rsa') }] }));
    expect(registry.partyKeys.size).toBe(1);
  });

  it('does not give one key to two parties', () => {
    const other = { ...bank, clientId: 'bank-beta' };
    expect(refused(after(admitted(bank)), admitted(other))).toThrow('has this key already');
  });

  it('does not pin one certificate for two parties, whether it still counts or not', () => {
    const certSha256 = hashOf('a certificate');
    const pinned = { ...bank, keys: [{ ...named, certSha256 }] };
    const other = { ...bank, clientId: 'bank-beta', keys: [{ ...named, ...key(), certSha256 }] };
    const fault = 'another party has this certificate';
    expect(refused(after(admitted(pinned)), admitted(other))).toThrow(fault);
    const retired: Change = {
      kind: 'party.key-changed',
      body: { clientId: 'bank-alpha', retired: named.kid },
    };
    expect(refused(after(admitted(pinned), retired), admitted(other))).toThrow(fault);
    const second = { ...named, ...key(), certSha256 };
    const added: Change = { kind: 'party.key-changed', body: { clientId: 'bank-alpha', added: second } };
    expect(after(admitted(pinned), added).partyKeys.size).toBe(2);
  });

  it('comes back from suspension with the keys it had, and the first hour of its admission', () => {
    const suspended: Change = { kind: 'party.suspended', body: { clientId: 'bank-alpha' } };
    const back = after(admitted(bank), suspended, admitted({ ...bank, keys: [] }));
    expect(back.parties.get('bank-alpha')).toMatchObject({
      state: 'admitted',
      admittedAt: at,
      entryIndex: 2,
    });
  });
});

describe('keys of a party', () => {
  it('overlap until one is retired, and the retired one stays with its hour', () => {
    const fresh = { ...named, ...key() };
    const registry = after(
      admitted(bank),
      { kind: 'party.key-changed', body: { clientId: 'bank-alpha', added: fresh } },
      { kind: 'party.key-changed', body: { clientId: 'bank-alpha', retired: named.kid } },
    );
    const retired = [...registry.partyKeys.values()].map(({ kid, retiredAt }) => [kid, retiredAt]);
    expect(retired).toEqual([
      [named.kid, at],
      [fresh.kid, undefined],
    ]);
  });

  it.each([
    ['of nobody', { clientId: 'bank-beta', retired: named.kid }, 'no party has this client id'],
    ['that is not there', { clientId: 'bank-alpha', retired: 'x' }, 'has no such key'],
    [
      'in both ways at once',
      { clientId: 'bank-alpha', retired: named.kid, added: named },
      'adds one or retires one',
    ],
  ])('do not change %s', (_, body, fault) => {
    expect(refused(after(admitted(bank)), { kind: 'party.key-changed', body })).toThrow(fault);
  });
});

describe('officials', () => {
  const two = after(appointed(official('first')), appointed(official('second')));

  it.each([
    [
      'with the certificate of another',
      { ...official('third'), certSha256: [hashOf('first')] },
      'another official has this certificate',
    ],
    ['without a certificate', { ...official('third'), certSha256: [] }, 'an official has a certificate'],
    [
      'with a number in his name',
      { ...official('third'), name: 'Сынақ 061313294730' },
      'name is not as it should be',
    ],
    ['of a regulator that is none', { ...official('third'), role: 'regulator' }, 'acts for regulator'],
    [
      'of an operator for a bank',
      { ...official('third'), clientId: 'regulator' },
      'no party has this client id',
    ],
  ])('are not admitted %s', (_, person, fault) => {
    expect(refused(two, appointed(person))).toThrow(fault);
  });

  it('of the regulator act for it', () => {
    const registry = after(
      admitted(regulator),
      appointed({ ...official('third'), role: 'regulator', clientId: 'regulator' }),
    );
    expect(registry.officials.get('third')?.clientId).toBe('regulator');
  });
});

describe('opening', () => {
  it('needs two officials who may sign acts', () => {
    expect(refused(after(appointed(official('first'))), opening)).toThrow('admit two officials');
  });

  it('needs a row for every rule, of this log, once', () => {
    const two = after(appointed(official('first')), appointed(official('second')));
    const [, ...rest] = defaultRules.map(ruleToJson);
    const withRules = (regime: unknown, of = origin): Change => ({
      kind: 'registry.opened',
      body: { origin: of, regime },
    });
    expect(refused(two, withRules(rest))).toThrow('says nothing of effectFrom');
    expect(refused(two, withRules(defaultRules.map(ruleToJson), 'tyiym.kz/journal/1'))).toThrow(
      'another log',
    );
    const open = registryAfter(two, opening, { at, index: 2, origin });
    expect(open.isOpen).toBe(true);
    expect(refused(open, opening)).toThrow('open already');
  });

  it('comes before any other law', () => {
    const change: Change = { kind: 'regime.changed', body: { rule: ruleToJson(defaultRules[0] as never) } };
    expect(refused(emptyRegistry, change)).toThrow('open the registry first');
  });
});

describe('keys of the registry', () => {
  const published = {
    ...key(),
    purpose: 'head/lender',
    kinds: kindsOf.lender,
    notBefore: '2026-11-23T00:00:00.000Z',
    expiresAt: '2028-11-23T00:00:00.000Z',
    fromSize: 9,
  };
  const publishing = (change: object): Change => ({
    kind: 'key.published',
    body: { ...published, ...change },
  });

  it.each([
    ['for kinds of another process', { kinds: kindsOf.citizen }, 'the kinds are not those of head/lender'],
    ['from another place than its entry', { fromSize: 3 }, 'signs from its own entry on'],
    ['for a purpose that is none', { purpose: 'head/bank' }, 'purpose is not as it should be'],
    ['of a curve that signs no head', { ...key('p384') }, 'neither EC P-256 nor RSA'],
  ])('are not published %s', (_, change, fault) => {
    expect(refused(emptyRegistry, publishing(change))).toThrow(fault);
  });

  it('are retired and revoked each once, and not in the future', () => {
    const place = { at, index: 9, origin };
    const live = registryAfter(emptyRegistry, publishing({}), place);
    const { kid } = published;
    const retired = registryAfter(live, { kind: 'key.retired', body: { kid } }, place);
    expect(retired.signingKeys.get(kid)?.retiredAt).toBe(at);
    expect(refused(retired, { kind: 'key.retired', body: { kid } })).toThrow('retired already');
    const since = '2026-11-23T00:00:00.001Z';
    expect(refused(live, { kind: 'key.compromised', body: { kid, since } })).toThrow('in the future');
    expect(refused(live, { kind: 'key.compromised', body: { kid: 'x' } })).toThrow('no such key');
  });
});

it('a kind of entry that is no act of the operator changes nothing here', () => {
  expect(refused(emptyRegistry, { kind: 'check.made', body: {} })).toThrow('no act of the operator');
});
