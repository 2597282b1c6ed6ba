/**
 * The schema of a database beside the committed one: block by block, because a function that was replaced, a trigger that
 * is off or a grant that was added tampers with everything that rests on it without touching a row.
 */
import {
  functionText,
  partitionText,
  surroundingsText,
  tableText,
  type Schema,
} from '../migrate/schema-text.js';
import type { Finding } from './finding.js';

/** Lines of one object, in their order. */
type Blocks = ReadonlyMap<string, readonly string[]>;

const begins =
  /^(?:CREATE (?:UNLOGGED )?TABLE (?<table>\S+)|CREATE VIEW (?<view>\S+)|CREATE OR REPLACE (?<routine>FUNCTION|PROCEDURE) public\.(?<name>.+)|-- (?<other>(?:Roles|Partitions) .+))/;
const linesTold = 4;
const lineLength = 160;

/** @param committed the text of `migrations/schema.sql` @param actual what the database has */
export function compareSchema(committed: string, actual: Schema): readonly Finding[] {
  const expected = blocksOf(committed);
  const { tables, functions, partitions, surroundings } = actual;
  const whole = [surroundingsText(surroundings), ...tables.map(tableText), ...functions.map(functionText)];
  const found = blocksOf(whole.join('\n'));
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  return [
    ...names
      .filter((name) => !name.startsWith('Partitions '))
      .flatMap((name) => compareBlock(name, expected.get(name) ?? [], found.get(name) ?? [])),
    ...partitions.flatMap((each) => {
      const [, lines = []] = [...blocksOf(partitionText(each))][0] ?? [];
      return compareBlock(
        `partition ${each.name}`,
        expected.get(`Partitions of ${each.parent}`) ?? [],
        lines,
      );
    }),
  ];
}

/** One finding a line that is too many or too few; the place of a line counts within its object. */
function compareBlock(
  name: string,
  expected: readonly string[],
  found: readonly string[],
): readonly Finding[] {
  if (expected.join('\n') === found.join('\n')) return [];
  const say = (what: string): Finding => ({ code: 'schema-differs', table: 'schema', row: name, what });
  if (expected.length === 0) return [say('the migrations make no such object')];
  if (found.length === 0) return [say('the database does not have it')];
  const [added, missing] = [without(found, expected), without(expected, found)];
  if (added.length + missing.length === 0) return [say('its lines stand in another order')];
  const lines = [
    ...added.map((line) => `the database has ${quoted(line)}`),
    ...missing.map((line) => `the database lacks ${quoted(line)}`),
  ];
  const rest = lines.length - linesTold;
  return [...lines.slice(0, linesTold), ...(rest > 0 ? [`and ${rest} lines more differ`] : [])].map(say);
}

/** Where an object begins, the lines before it end. White space says nothing, and servers print it differently. */
function blocksOf(text: string): Blocks {
  const blocks = new Map<string, string[]>();
  let lines: string[] = [];
  let isView = false;
  for (const line of text.split('\n')) {
    const { table, view, routine, name, other } = begins.exec(line)?.groups ?? {};
    const owner = table ?? view ?? other ?? (routine && `function ${name ?? ''}`);
    if (owner !== undefined) {
      lines = [];
      isView = view !== undefined;
      // Two of one name would hide one behind the other.
      blocks.set(blocks.has(owner) ? `${owner} again` : owner, lines);
    }
    const flat = isView ? line.trim().replaceAll(/\s+/g, ' ') : line.trimEnd();
    if (flat !== '') lines.push(flat);
  }
  return blocks;
}

/** Lines that stand more often in `some` than in `others`. */
function without(some: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return some.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** As JSON, because the owner chose the words and could have a terminal carry them out. */
function quoted(line: string): string {
  return JSON.stringify(line.length > lineLength ? `${line.slice(0, lineLength)}…` : line);
}
