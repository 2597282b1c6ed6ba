/** The page about ASVS counts what it lists, knows five states, and names only files that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Requirements of each chapter in ASVS 5.0.0. */
const chapters = [30, 13, 31, 16, 13, 47, 19, 13, 7, 36, 24, 12, 21, 13, 21, 17, 12];
const states = ['met', 'partly', 'open', 'operator', 'none'];

const page = readFileSync('docs/asvs.md', 'utf8');
const rows = [...page.matchAll(/^\| (\d+)\.(\d+)\.(\d+) +\| (\w+) +\| ([^|]*)\| ([^|]*)\|$/gm)].map(
  ([, chapter, section, number, state, what = '', where = '']) => ({
    id: `${chapter}.${section}.${number}`,
    chapter: Number(chapter),
    state,
    what: what.trim(),
    where: where.trim(),
  }),
);

describe('docs/asvs.md', () => {
  it('has a row for each requirement of each chapter, once', () => {
    expect(chapters.map((_, at) => rows.filter(({ chapter }) => chapter === at + 1).length)).toEqual(
      chapters,
    );
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('counts its states as they stand', () => {
    const counts = states.map((state) => {
      const [, count] = new RegExp(`^\\| _${state}_ .*\\| (\\d+) +\\|$`, 'm').exec(page) ?? [];
      return [state, Number(count)];
    });
    expect(counts).toEqual(states.map((state) => [state, rows.filter((row) => row.state === state).length]));
  });

  it('says of each requirement that is not met what is missing', () => {
    const mute = rows.filter(
      ({ state, where }) => ['partly', 'open'].includes(String(state)) && where === '',
    );
    expect(mute.map(({ id }) => id)).toEqual([]);
  });

  it('names only files that exist', () => {
    const named = rows.flatMap(({ id, where }) =>
      [
        ...[...where.matchAll(/`([^`]+\.(?:ts|js|json|md))`/g)].map(([, path = '']) => path),
        ...[...where.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => join('docs', path)),
      ].map((path) => ({ id, path })),
    );
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ path }) => !existsSync(path))).toEqual([]);
  });
});
