/**
 * One batch, purely: acts are decided in their order, each seeing what the ones before it wrote, and their entries are
 * hashed onto the frontier. Nothing here has happened yet; it happens when the append commits.
 */
import assert from 'node:assert/strict';
import { batchProofs } from '#libs/tlog/proof.js';
import { appendLeaves, leafHash, rootOf, type Frontier } from '#libs/tlog/tree.js';
import type { Act, Decision, Draft, Made, Rows, Seen, Tables } from './act.js';
import { canonical } from './canonical.js';
import { commitmentOf, leafWith, personOf, personSaltOf, saltOf } from './commitment.js';
import { countsVersion, kindsOf, movesRules, movesState, type ProcessName } from './entry.js';
import { newUuid, uuidToId } from './id.js';
import { formatInstant, type Instant } from './instant.js';
import { makeReceipt, type Receipt } from './receipt.js';

/** An entry with what only the Journal keeps of it. */
export interface Sealed extends Made {
  readonly seed: Buffer;
  readonly commitment: Buffer;
  readonly salt: Buffer;
  /** Undefined when the entry is about nobody. */
  readonly personSalt: Buffer | undefined;
  readonly draft: Draft;
}

/** What one act came to: entries and an answer, or the error that is its answer. */
export type ActOutcome<T extends Tables> =
  { readonly decision: Decision<T, unknown>; readonly made: readonly Sealed[] } | { readonly error: unknown };

export interface Batch<T extends Tables> {
  readonly at: Instant;
  readonly outcomes: readonly ActOutcome<T>[];
  readonly entries: readonly Sealed[];
  /** Table → key → row, in the order in which the keys first came. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly before: Frontier;
  readonly after: Frontier;
  readonly root: Buffer;
}

/** Where a batch begins. */
export interface Ground<Rules> {
  readonly app: ProcessName;
  readonly at: Instant;
  readonly frontier: Frontier;
  readonly rules: Rules;
  /** Table → key → row, as the look found them; rows of the batch are added. */
  readonly found: ReadonlyMap<string, Map<string, unknown>>;
  /** Fresh random bytes, 32 at a time. */
  seed(): Buffer;
}

/** Decides a batch. An act that throws is answered with what it threw and leaves nothing. */
export function decideBatch<T extends Tables, Rules>(
  tables: T,
  acts: readonly Act<T, Rules, unknown>[],
  ground: Ground<Rules>,
): Batch<T> {
  const entries: Sealed[] = [];
  const rows = new Map(Object.keys(tables).map((name) => [name, new Map<string, unknown>()]));
  const outcomes = acts.map((act): ActOutcome<T> => {
    try {
      const decision = act.decide(seen(tables, act, ground, ground.frontier.size + entries.length));
      const made = decision.entries.map((draft, place) =>
        seal(ground, draft, ground.frontier.size + entries.length + place),
      );
      // Whatever may throw does so before anything of this act is kept.
      const written = keyed(tables, decision.rows?.(made) ?? {});
      for (const { name, key, row } of written) {
        // Two acts of one batch may move the same row: the append then writes only where it ended.
        rows.get(name)?.set(key, row);
        ground.found.get(name)?.set(key, row);
      }
      entries.push(...made);
      return { decision, made };
    } catch (error) {
      return { error };
    }
  });
  const after = appendLeaves(
    ground.frontier,
    entries.map((entry) => entry.leafHash),
  );
  return { at: ground.at, outcomes, entries, rows, before: ground.frontier, after, root: rootOf(after) };
}

/** Answers every act of a committed batch, in its order; what is durable never runs again, whatever is thrown here. */
export function answerAll<T extends Tables>(
  waiting: readonly { resolve(answer: unknown): void; reject(error: unknown): void }[],
  batch: Batch<T>,
  head: string,
): void {
  try {
    const receiptsOf = receiptsUnder(batch, head);
    let from = 0;
    waiting.forEach(({ resolve, reject }, place) => {
      const outcome = batch.outcomes[place];
      assert(outcome !== undefined);
      if ('error' in outcome) return reject(outcome.error);
      const { decision, made } = outcome;
      const first = from;
      from += made.length;
      try {
        resolve(decision.answer(() => receiptsOf(made, first), made));
      } catch (error) {
        reject(error);
      }
    });
  } catch (error) {
    for (const { reject } of waiting) reject(error);
  }
}

/**
 * Makes receipts of entries of a committed batch, the first of which is its entry number `first`. Proofs come from the
 * frontier alone, and all of a batch at once, when somebody wants one: whoever reports a thousand stamps does not.
 */
function receiptsUnder<T extends Tables>(
  batch: Batch<T>,
  head: string,
): (made: readonly Sealed[], first: number) => readonly Receipt[] {
  let proofs: readonly (readonly Buffer[])[] | undefined;
  return (made, first) => {
    proofs ??= batchProofs(
      batch.before,
      batch.entries.map((entry) => entry.leafHash),
    );
    return made.map(({ text, salt, personSalt, index }, place) => {
      const proof = proofs?.[first + place];
      assert(proof !== undefined);
      return makeReceipt({ entryText: text, salt, personSalt, index, proof, head });
    });
  };
}

/** How far a batch moves the counters of the head row. */
export function countersOf(entries: readonly Sealed[]): { state: number; rules: number; feed: number } {
  const count = (moves: (kind: Sealed['kind']) => boolean): number =>
    entries.filter(({ kind }) => moves(kind)).length;
  return { state: count(movesState), rules: count(movesRules), feed: count(countsVersion) };
}

function seen<T extends Tables, Rules>(
  tables: T,
  act: Act<T, Rules, unknown>,
  ground: Ground<Rules>,
  size: number,
): Seen<T, Rules> {
  return {
    at: ground.at,
    size,
    rules: ground.rules,
    find: (table, key) => {
      const name = String(table);
      const wanted = act.look[name]?.some((want) => tables[name]?.look?.keyOf(want) === key);
      assert(wanted === true, `a row of ${name} that was not looked up`);
      return ground.found.get(name)?.get(key) as never;
    },
  };
}

/** The rows of an act by name, which the next acts of the batch see and the append writes. */
function keyed<T extends Tables>(tables: T, written: Rows<T>): readonly Keyed[] {
  const all: Keyed[] = [];
  for (const name in written) {
    const table = tables[name];
    assert(table?.insert !== undefined, `nobody writes ${name}`);
    for (const row of written[name] ?? []) all.push({ name, key: table.keyOf(row), row });
  }
  return all;
}

interface Keyed {
  readonly name: string;
  readonly key: string;
  readonly row: unknown;
}

function seal<Rules>({ app, at, seed }: Ground<Rules>, draft: Draft, index: number): Sealed {
  assert(kindsOf[app].includes(draft.kind), `${app} does not append ${draft.kind}`);
  const uuid = newUuid(at);
  const id = uuidToId('ent', uuid);
  const random = seed();
  const [salt, personSalt] = [saltOf(random), draft.person && personSaltOf(random)];
  const person = draft.person && personSalt && personOf(personSalt, draft.person.iin);
  const given = { v: 1, id, kind: draft.kind, at: formatInstant(at), person, version: draft.person?.version };
  for (const name in given) assert(!Object.hasOwn(draft.body, name), name);
  // Assigned, because a literal that begins with a spread takes longer than writing the text.
  const text = canonical(Object.assign(given, draft.body));
  assert(draft.person === undefined || !text.includes(draft.person.iin), 'an entry holds no IIN');
  const commitment = commitmentOf(text, salt);
  return {
    id,
    uuid,
    index,
    kind: draft.kind,
    at,
    text,
    leafHash: leafHash(leafWith(commitment)),
    commitment,
    seed: random,
    salt,
    personSalt,
    draft,
  };
}
