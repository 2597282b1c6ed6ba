import { describe, expect, it } from '@jest/globals';
import {
  countsVersion,
  entryKinds,
  isEntryKind,
  kindsOf,
  movesRules,
  movesState,
  processNames,
} from './entry.js';

describe('the kinds of entry', () => {
  it('are each appended by some process', () => {
    const appended = new Set(processNames.flatMap((name) => kindsOf[name]));
    expect([...appended].sort()).toEqual([...entryKinds].sort());
  });

  it('have names of two parts, each once', () => {
    expect(new Set(entryKinds).size).toBe(entryKinds.length);
    for (const kind of entryKinds) expect(kind).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/);
  });

  it('are told from other words, those every object knows included', () => {
    for (const word of ['constructor', '__proto__', 'check', 'Check.made', 'check.made ', '', null, 1])
      expect(isEntryKind(word)).toBe(false);
    for (const kind of entryKinds) expect(isEntryKind(kind)).toBe(true);
  });

  it('that lift are the clerk’s alone, and of checks the lender’s alone', () => {
    const who = (kind: string) => processNames.filter((name) => kindsOf[name].some((each) => each === kind));
    expect(who('refusal.lifted')).toEqual(['clerk']);
    expect(who('check.made')).toEqual(['lender']);
    expect(who('refusal.placed')).toEqual(['citizen', 'clerk']);
  });

  it('that count a person’s version are three, and each moves the state', () => {
    const three = ['refusal.inherited', 'refusal.placed', 'refusal.lifted'];
    expect(entryKinds.filter(countsVersion)).toEqual(three);
    expect(entryKinds.filter((kind) => movesState(kind) && !movesRules(kind))).toEqual(three);
  });

  it('that move the rules are those of parties, regime and keys, and each moves the state too', () => {
    const rules = [
      'registry.opened',
      'party.admitted',
      'party.suspended',
      'party.key-changed',
      'regime.changed',
      'key.published',
      'key.retired',
      'key.compromised',
      'acts.verified',
    ];
    expect(entryKinds.filter(movesRules)).toEqual(rules);
    for (const kind of entryKinds.filter(movesRules)) expect(movesState(kind)).toBe(true);
  });
});
