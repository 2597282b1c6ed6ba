/** The conventions hold in the tree, and each rule is seen to bite the sample that breaks it. */
import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rules, type Tree } from './support/tidy-rules.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const notOurs = ['.git', 'node_modules', 'dist', '.build', '.sandbox'];

/** The checkout as a tree of texts; what git ignores and what npm brought is left out. */
function readTree(): Tree {
  const files: Record<string, string> = {};
  const emptyFolders: string[] = [];
  const walk = (folder: string): void => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    if (entries.length === 0) emptyFolders.push(`${folder}/`);
    // In a worktree `.git` is a file, and names where the repository lies.
    for (const entry of entries.filter(({ name }) => !notOurs.includes(name))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      if (entry.isFile()) files[path] = readFileSync(join(root, path), 'utf8');
    }
  };
  walk('');
  return { files, emptyFolders };
}

const tree = readTree();

describe.each(rules.map((rule) => [rule.sentence, rule] as const))('%s', (_, rule) => {
  it('holds in the tree', () => {
    expect(rule.find(tree)).toEqual([]);
  });

  it.each(Object.keys(rule.breaks))('bites when %s breaks it', (path) => {
    const emptyFolders = Object.keys(rule.breaks).filter((name) => name.endsWith('/'));
    const found = rule.find({ files: rule.breaks, emptyFolders });
    expect(found.filter((place) => place.startsWith(path))).toHaveLength(1);
  });
});

it('the tree has the documents that the rules speak of', () => {
  expect(Object.keys(tree.files)).toEqual(
    expect.arrayContaining(['ARCHITECTURE.md', 'README.md', 'nest-cli.json']),
  );
});
