/** What the registry offers is used: a kind, a scope or a rule that no code carries out is a right or a promise too many. */
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { entryKinds, kindsOf, processNames } from '#libs/journal/entry.js';
import { partyScopes } from '#libs/party/party.js';
import { faultOfRule } from '#libs/regime/regime.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { isCarriedOut, ruleNames, type RuleName } from '#libs/regime/rule-values.js';

const besides = /\.spec\.ts$|^apps\/(sandbox|tool\/(fsck|verify|load))\/|^libs\/regime\//;

/** Product code without auditing and loading, which read what others wrote, and without the tables themselves. */
const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'apps', 'libs'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path.endsWith('.ts') && !besides.test(path))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

const using = (literal: string, except: RegExp): readonly string[] =>
  sources
    .filter(({ path, text }) => !except.test(path) && text.includes(`'${literal}'`))
    .map(({ path }) => path);

describe('the surface', () => {
  it('has no kind of entry that no code appends', () => {
    const named = /^libs\/journal\/entry\.ts$/;
    expect(entryKinds.filter((kind) => using(kind, named).length === 0)).toEqual([]);
  });

  it('gives each process at least one kind, and no kind to nobody', () => {
    expect(processNames.filter((name) => kindsOf[name].length === 0)).toEqual([]);
    expect(new Set(processNames.flatMap((name) => kindsOf[name])).size).toBe(entryKinds.length);
  });

  it('has no scope that opens no route', () => {
    const guards = sources.flatMap(({ text }) => [...text.matchAll(/@RequireScope\(([^)]*)\)/g)]);
    const opening = guards.map(([, list = '']) => list).join(' ');
    expect(partyScopes.filter((scope) => !opening.includes(`'${scope}'`))).toEqual([]);
  });

  it('has no rule of law that code neither reads nor refuses in every other value', () => {
    const isRead = (name: RuleName): boolean => using(name, /^libs\/acts\/enactable\.ts$/).length > 0;
    const hasOneWay = (name: RuleName): boolean => !isCarriedOut(name, null as never);
    expect(ruleNames.filter((name) => !isRead(name) && !hasOneWay(name))).toEqual([]);
    expect(ruleNames.filter(hasOneWay)).toEqual(['effectFrom', 'placeDelay', 'channels']);
  });

  it('opens a registry with every rule there is, and with no other', () => {
    expect([...new Set(defaultRules.map(({ name }) => name))].toSorted()).toEqual([...ruleNames].toSorted());
    const words = defaultRules.map((rule) =>
      faultOfRule({ appliesTo: undefined, enactedOn: undefined, ...rule }),
    );
    expect(words.filter(Boolean)).toEqual([]);
  });
});
