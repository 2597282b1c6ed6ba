/** Appends `refusal.inherited`, each as an act of its own through the one writer, so that a crash leaves whole batches. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Act } from '#libs/journal/act.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { inherit } from '#libs/refusal/transitions.js';
import type { Iin } from '#libs/subject/iin.js';
import { newPerson, openPerson } from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, subjectText, type LookupKeys } from '#libs/subject/subject.js';
import type { Registry } from '#libs/acts/registry.js';
import { ImportRefused } from './import-refused.js';
import type { SaidLine } from './merge.js';
import type { ImportTables } from './tables.store.js';

/** One person's refusal, by the line that counts. */
export interface Inheritance {
  readonly iin: Iin;
  readonly line: SaidLine;
  /** SHA-256 of the file that holds the line, base64url. A digest of the line alone would give its number away. */
  readonly sourceDigest: string;
}

export interface Heirs {
  readonly journal: Pick<Journal<ImportTables, Registry>, 'submit'>;
  readonly keys: LookupKeys;
  readonly identity: SealingKey;
}

/**
 * @returns false when the person has a refusal already, and nothing was appended
 * @throws ImportRefused once the registry is open; Problem `registry-unavailable`
 */
export function inheritOne({ journal, keys, identity }: Heirs, heir: Inheritance): Promise<boolean> {
  const subjects = subjectsOf(keys, heir.iin);
  const [newest] = subjects;
  assert(newest !== undefined);
  const stranger = newPerson(identity, randomUUID(), newest, heir.iin, randomBytes);
  const { line, iin, sourceDigest } = heir;
  const act: Act<ImportTables, Registry, boolean> = {
    look: { refusals: subjects, people: subjects },
    decide: ({ rules, find }) => {
      assertClosed(rules);
      const names = subjects.map(subjectText);
      const before = names.map((name) => find('refusals', name)).find((row) => row !== undefined);
      const [move] = inherit(before, line.placedAt);
      if (move === undefined) return { entries: [], answer: () => false };
      const known = names.map((name) => find('people', name)).find((row) => row !== undefined);
      const { subject } = known ?? stranger;
      // A row that does not open would keep this refusal from the bureaus: one that opens is added beside it.
      const isOpen =
        known !== undefined && openPerson(identity, known, (number) => number === iin) !== undefined;
      const added = { ...stranger, subject, ...(known !== undefined && { besideId: known.personId }) };
      const { source, sourceRef } = line;
      const said = { placedAt: formatInstant(line.placedAt), source, sourceRef, sourceDigest };
      return {
        entries: [
          {
            kind: move.kind,
            person: { subject, iin, version: move.version },
            body: { ...move.body, ...said },
          },
        ],
        rows: ([made]) => {
          assert(made !== undefined);
          const { index: entryIndex, leafHash: movedLeaf } = made;
          return {
            ...(!isOpen && { people: [added] }),
            refusals: [{ ...move.next, subject, movedLeaf, entryIndex }],
          };
        },
        answer: () => true,
      };
    },
  };
  return journal.submit(act, 'bulk');
}

/** @throws ImportRefused when nothing is inherited any more */
export function assertClosed({ isOpen }: Registry): void {
  if (isOpen) throw new ImportRefused('the registry is open: from now on only a signature places a refusal');
}
