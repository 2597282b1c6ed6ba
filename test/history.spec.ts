/** The checker of histories is checked: it is silent about a history that is right, and names each way to be wrong. */
import { describe, expect, it } from '@jest/globals';
import { historyFaults, type Call, type Line, type Told } from './support/history.js';

const person = 'somebody';

const line = (index: number, kind: string, key: string, more: Partial<Line> = {}): Line => ({
  ...{ index, id: `ent_${index}`, kind, at: index, key, person, version: 0, leaf: `leaf${index}`, ...more },
});
const call = (kind: Call['kind'], key: string, madeAt: number, answer?: [at: number, told: Told]): Call => ({
  ...{ kind, key, person, madeAt },
  ...(answer && { answered: { at: answer[0], told: answer[1] } }),
});

/** A refusal's life with a check in every state: [entry, the call it came of], one after the other. */
const life: readonly (readonly [Line, Call['kind']])[] = [
  [line(0, 'check.made', 'c0', { verdict: 'clear' }), 'check'],
  [line(1, 'refusal.placed', 'p1', { version: 1 }), 'place'],
  [line(2, 'check.made', 'c2', { version: 1, verdict: 'refused' }), 'check'],
  [line(3, 'lift.requested', 'l3', { version: 1 }), 'ask-lift'],
  [line(4, 'lift.cancelled', 'p4', { version: 1 }), 'place'],
  [line(5, 'lift.requested', 'l5', { version: 1 }), 'ask-lift'],
  [line(6, 'check.made', 'c6', { version: 1, verdict: 'refused' }), 'check'],
  [line(7, 'refusal.lifted', 'ent_5', { version: 2, prev: 'leaf1' }), 'lift'],
  [line(8, 'check.made', 'c8', { version: 2, verdict: 'clear' }), 'check'],
  [line(9, 'refusal.placed', 'p9', { version: 3, prev: 'leaf7' }), 'place'],
];
const journal = life.map(([each]) => each);
const calls = life.map(([{ index, key, version, verdict }, kind]) =>
  call(kind, key, 10 * index, [10 * index + 5, { index, version, ...(verdict && { verdict }) }]),
);

const changed = (index: number, change: Partial<Line>): readonly Line[] =>
  journal.map((each) => (each.index === index ? { ...each, ...change } : each));
/** A call more, and the entry it left at the end. */
const grown = (added: Call, last: Partial<Line>): [Call[], Line[]] => [
  [...calls, added],
  [...journal, line(10, 'check.made', added.key, { version: 3, verdict: 'refused', ...last })],
];

describe('a history that is right', () => {
  it('has no faults', () => {
    expect(historyFaults(calls, journal)).toEqual([]);
  });

  it.each<[string, Call]>([
    ['a 503 that happened', call('check', 'c10', 100)],
    ['a 503 that happened and was asked again', call('check', 'c10', 100, [130, { index: 10 }])],
    ['an answer whose check was made at the same time as an earlier one', call('check', 'c10', 94)],
  ])('has none with %s', (_, added) => {
    expect(historyFaults(...grown(added, {}))).toEqual([]);
  });

  it.each<[string, Call]>([
    ['a 503 that did not happen', call('check', 'c10', 100)],
    [
      'the same answer to the same key again',
      call('check', 'c2', 120, [125, { index: 2, verdict: 'refused' }]),
    ],
    [
      'a placing refused while one was in force',
      call('place', 'p10', 30, [31, { refusedAs: 'refusal-already-in-force' }]),
    ],
    [
      'a lift refused before anything was placed',
      call('ask-lift', 'l10', 1, [2, { refusedAs: 'no-refusal-in-force' }]),
    ],
    [
      'a lift refused for a state that held only for a part of the call',
      call('ask-lift', 'l10', 70, [200, { refusedAs: 'no-refusal-in-force' }]),
    ],
  ])('has none with %s', (_, added) => {
    expect(historyFaults([...calls, added], journal)).toEqual([]);
  });
});

describe('a fault', () => {
  const grow = (added: Call, last: Partial<Line> = {}): string[] => historyFaults(...grown(added, last));

  it.each<[string, readonly string[], string]>([
    [
      'a stale read',
      historyFaults(calls, changed(2, { version: 0, verdict: 'clear' })),
      'entry 2 (check.made): says clear',
    ],
    [
      'a verdict from nowhere',
      historyFaults(calls, changed(8, { verdict: 'refused' })),
      'entry 8 (check.made): says refused',
    ],
    ['no verdict', grow(call('check', 'c10', 100), { verdict: 'neither' as never }), 'says neither'],
    [
      'a version left out',
      historyFaults(calls, changed(7, { version: 3 })),
      'entry 7 (refusal.lifted): has version 3',
    ],
    ['a broken chain', historyFaults(calls, changed(9, { prev: 'leaf1' })), 'names another one before it'],
    [
      'a first one with one before it',
      historyFaults(calls, changed(1, { prev: 'leaf0' })),
      'names another one before it',
    ],
    [
      'a placing twice',
      grow(call('place', 'p10', 100), { kind: 'refusal.placed', version: 4, prev: 'leaf9' }),
      'places',
    ],
    [
      'a lift nobody asked for',
      grow(call('lift', 'ent_3', 100), { kind: 'refusal.lifted', version: 4, prev: 'leaf9' }),
      'lifts for ent_3',
    ],
    [
      'a lift for a request that was called off',
      historyFaults(calls, changed(7, { key: 'ent_3' })),
      'lifts for ent_3',
    ],
    [
      'a request for nothing',
      historyFaults(calls, changed(3, { person: 'another' })),
      'entry 3 (lift.requested): asks',
    ],
    ['calling off nothing', historyFaults(calls, changed(4, { person: 'another' })), 'calls off'],
    [
      'a strange entry',
      grow(call('check', 'c10', 100), { kind: 'notice.delivered' }),
      'a kind nobody here appends',
    ],
    [
      'time that runs back',
      historyFaults(calls, changed(4, { at: 1 })),
      'entry 4 (lift.cancelled): is older',
    ],
    [
      'a hole',
      historyFaults(
        calls,
        journal.filter(({ index }) => index !== 6),
      ),
      'entry 7 (refusal.lifted): stands where 6 belongs',
    ],
    ['a double key', grow(call('check', 'c2', 100), { key: 'c2' }), 'key c2 has two entries, 2 and 10'],
    [
      'a key nobody sent',
      historyFaults(
        calls.filter(({ key }) => key !== 'c6'),
        journal,
      ),
      'c6, which nobody sent',
    ],
    [
      'a lost answer',
      historyFaults([...calls, call('check', 'c10', 100, [105, { index: 10 }])], journal),
      'check c10 was answered with entry 10, which is not there',
    ],
    [
      'an answer to somebody else',
      historyFaults([...calls, call('check', 'c10', 100, [105, { index: 8 }])], journal),
      'entry 8, which is that of c8',
    ],
    [
      'another verdict than in the entry',
      historyFaults([...calls, call('check', 'c2', 100, [105, { index: 2, verdict: 'clear' }])], journal),
      'entry 2, which says something else',
    ],
    [
      'another entry in the same place',
      historyFaults([...calls, call('check', 'c2', 100, [105, { index: 2, id: 'ent_x' }])], journal),
      'entry 2, which says something else',
    ],
    [
      'another version than in the entry',
      historyFaults([...calls, call('check', 'c2', 100, [105, { index: 2, version: 3 }])], journal),
      'entry 2, which says something else',
    ],
    [
      'an answer about another person',
      historyFaults(
        [...calls, { ...call('check', 'c2', 100, [105, { index: 2 }]), person: 'another' }],
        journal,
      ),
      'entry 2, which says something else',
    ],
    [
      'an answer of another kind',
      historyFaults([...calls, call('place', 'c2', 100, [105, { index: 2 }])], journal),
      'entry 2, which says something else',
    ],
    [
      'an order against the clock',
      historyFaults(
        calls.map((each) => (each.key === 'c6' ? { ...each, madeAt: 86 } : each)),
        journal,
      ),
      'entry 6 (c6) was called for when entry 8 had been answered',
    ],
    [
      'a replay known before a later call, with a lower index',
      historyFaults(
        calls.map((each) => (each.key === 'c0' ? { ...each, madeAt: 27 } : each)),
        journal,
      ),
      'entry 0 (c0) was called for when entry 2 had been answered',
    ],
    [
      'a refusal by the rule book without a reason',
      historyFaults(
        [...calls, call('place', 'p10', 76, [79, { refusedAs: 'refusal-already-in-force' }])],
        journal,
      ),
      'place p10 was refused as refusal-already-in-force when the refusal was none',
    ],
    [
      'a refusal by the rule book that nobody knows',
      historyFaults([...calls, call('check', 'c10', 76, [79, { refusedAs: 'not-permitted' }])], journal),
      'check c10 was refused as not-permitted',
    ],
  ])('is named: %s', (_, faults, words) => {
    expect(faults).toContainEqual(expect.stringContaining(words));
  });
});
