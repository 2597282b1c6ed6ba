/** SECURITY.md has a row for each database role, each key file and each process, and names specs that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allRoles } from '../apps/sandbox/postgres/provision.js';
import { keyTable } from '../apps/tool/keygen/key-table.js';

const page = readFileSync('SECURITY.md', 'utf8');

/** Rows of the table whose first heading is this, as [who, can, cannot, shown by]. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const start = page.indexOf(`| ${heading}`);
  if (start < 0) throw new Error(`SECURITY.md has no table "${heading}"`);
  const lines = page.slice(start).split('\n');
  const table = lines.slice(
    2,
    lines.findIndex((line) => !line.startsWith('|')),
  );
  return table.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const tables = {
  roles: rowsUnder('password of the role, no key'),
  keys: rowsUnder('key file, no password'),
  hosts: rowsUnder('whole machine of'),
};
const specs = new Set(
  ['apps', 'libs', 'test'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.spec.ts'))
      .map((path) => basename(path, '.spec.ts')),
  ),
);

describe('the tables of SECURITY.md', () => {
  it('have a row for each role of the database', () => {
    const named = tables.roles.map(([who = '']) => who.replaceAll('`', ''));
    expect(named.toSorted()).toEqual([...allRoles].toSorted());
  });

  it('have a row for each key file', () => {
    const named = tables.keys.map(([who = '']) => /^`([^`]+)`/.exec(who)?.[1]);
    expect(named.toSorted()).toEqual([...new Set(Object.values(keyTable).flat())].toSorted());
  });

  it('have a row for each process', () => {
    const named = tables.hosts.map(([who]) => who);
    expect(named.toSorted()).toEqual(Object.keys(keyTable).toSorted());
  });

  it('say of each what it can, what it cannot, and which specs show it', () => {
    const rows = Object.values(tables).flat();
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell === ''))).toEqual([]);
    const missing = rows.flatMap(([who = '', , , shown = '']) =>
      [...shown.matchAll(/`([^`]+)`/g)]
        .map(([, spec = '']) => spec)
        .filter((spec) => !specs.has(spec))
        .map((spec) => `${who}: ${spec}`),
    );
    expect(missing).toEqual([]);
  });
});
