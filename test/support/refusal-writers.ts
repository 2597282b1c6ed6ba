/**
 * The three roles that write refusals, each with its own Journal over the real tables: citizen, clerk and tool, past
 * everything that comes before the head. A row can be spoiled on its way, as a process that was taken over would.
 */
import type { Act, Made } from '#libs/journal/act.js';
import type { EntryKind } from '#libs/journal/entry.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { openDatabase } from '#libs/platform/database.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import {
  cancelLift,
  carryOut,
  comeBack,
  inherit,
  lift,
  place,
  refusalAfter,
  type Move,
} from '#libs/refusal/transitions.js';
import { formatInstant } from '#libs/journal/instant.js';
import { uuidToId } from '#libs/journal/id.js';
import { subjectsOf, subjectText, type LookupKeys } from '#libs/subject/subject.js';
import type { Iin } from '#libs/subject/iin.js';
import type { TestDatabase } from './database.js';
import { newJournal } from './journals.js';

const tables = { refusals: refusalsTable };
type Tables = typeof tables;
const roles = { citizen: 'tyiym_citizen', clerk: 'tyiym_clerk_worker', tool: 'tyiym_tool' } as const;
export type Writer = keyof typeof roles;

/** What may be done to a refusal: `cancel` by its person, `revoked` by the clerk, who found the certificate revoked. */
export type Doing =
  | { readonly do: 'inherit'; readonly placedAt: number }
  | { readonly do: 'place'; readonly lockHours: number }
  | { readonly do: 'lift'; readonly placeAgainAfterHours?: number }
  | { readonly do: 'cancel' | 'carry out' | 'revoked' | 'return' };

/** Members of a row that are written instead of the right ones. */
export type Spoiled = Partial<{ [K in keyof Refusal]: Refusal[K] | undefined }>;

export interface RefusalWriters {
  /** @returns the row that was written, or undefined when the state allows no such move. @throws as the writer does */
  act(iin: Iin, doing: Doing, spoil?: (row: Refusal) => Spoiled): Promise<Refusal | undefined>;
  /** An entry and the row after it as nothing but the role's password would allow. @throws as the writer does */
  forge(writer: Writer, iin: Iin, forgery: Forgery): Promise<unknown>;
  close(): Promise<void>;
}

type Body = Readonly<Record<string, unknown>>;

/** What is appended, and what the row says afterwards beside what it said before. */
export interface Forgery {
  readonly kind: EntryKind;
  readonly version: number;
  readonly body: Body | ((before: Refusal) => Body);
  row(before: Refusal | undefined, at: number, made: Made): Spoiled;
}

const writerOf: Readonly<Record<Doing['do'], Writer>> = {
  inherit: 'tool',
  place: 'citizen',
  lift: 'citizen',
  cancel: 'citizen',
  'carry out': 'clerk',
  revoked: 'clerk',
  return: 'clerk',
};

export async function refusalWriters(database: TestDatabase, keys: LookupKeys): Promise<RefusalWriters> {
  const opened = await Promise.all(
    (Object.keys(roles) as Writer[]).map(async (app) => {
      const dataSource = await openDatabase(database.target(roles[app]), { poolSize: 2 });
      return { app, dataSource, journal: newJournal<Tables>(dataSource, app, keys, tables) };
    }),
  );
  const journals = new Map<Writer, Journal<Tables, object>>(opened.map(({ app, journal }) => [app, journal]));
  return {
    act: (iin, doing, spoil) => {
      const journal = journals.get(writerOf[doing.do]);
      if (journal === undefined) throw new Error('no such writer');
      return journal.submit(actOf(keys, iin, doing, spoil));
    },
    forge: (writer, iin, forgery) => {
      const journal = journals.get(writer);
      if (journal === undefined) throw new Error('no such writer');
      return journal.submit(forgedAct(keys, iin, forgery));
    },
    close: async () => {
      for (const { journal, dataSource } of opened) {
        await journal.stop();
        await dataSource.destroy();
      }
    },
  };
}

function actOf(
  keys: LookupKeys,
  iin: Iin,
  doing: Doing,
  spoil: (row: Refusal) => Spoiled = () => ({}),
): Act<Tables, object, Refusal | undefined> {
  const [subject] = subjectsOf(keys, iin);
  if (subject === undefined) throw new Error('no lookup key');
  return {
    look: { refusals: [subject] },
    decide: ({ find, at }) => {
      const before = find('refusals', subjectText(subject));
      const moves = movesOf(before, doing, at);
      let written: Refusal | undefined;
      return {
        entries: moves.map(({ kind, version, body }) => ({
          ...{ kind, person: { subject, iin, version } },
          body: { ...body, ...(doing.do === 'inherit' && { placedAt: formatInstant(doing.placedAt) }) },
        })),
        rows: (made) => {
          if (moves.length === 0) return {};
          const right = refusalAfter(before, subject, moves, made);
          written = { ...right, ...spoil(right) } as Refusal;
          return { refusals: [written] };
        },
        answer: () => written,
      };
    },
  };
}

function forgedAct(keys: LookupKeys, iin: Iin, forgery: Forgery): Act<Tables, object, undefined> {
  const [subject] = subjectsOf(keys, iin);
  if (subject === undefined) throw new Error('no lookup key');
  const { kind, version, body, row } = forgery;
  return {
    look: { refusals: [subject] },
    decide: ({ find, at }) => ({
      entries: [
        {
          kind,
          person: { subject, iin, version },
          body: bodyAfter(body, find('refusals', subjectText(subject))),
        },
      ],
      rows: ([made]) => {
        if (made === undefined) throw new Error('no entry');
        const before = find('refusals', subjectText(subject));
        const after = { ...before, subject, version, entryIndex: made.index, ...row(before, at, made) };
        return { refusals: [after as Refusal] };
      },
      answer: () => undefined,
    }),
  };
}

function bodyAfter(body: Forgery['body'], before: Refusal | undefined): Body {
  if (typeof body !== 'function') return body;
  if (before === undefined) throw new Error('nothing before');
  return body(before);
}

function movesOf(before: Refusal | undefined, doing: Doing, at: number): readonly Move[] {
  const by = before?.requestedBy === undefined ? '' : uuidToId('ent', before.requestedBy);
  switch (doing.do) {
    case 'inherit':
      return inherit(before, doing.placedAt);
    case 'place':
      return place(before, doing.lockHours, at);
    case 'lift':
      return lift(before, { ...doing, liftDelayHours: 0 }, at);
    case 'cancel':
      return cancelLift(before);
    case 'carry out':
      return carryOut(before, 'known-good', by, at);
    case 'revoked':
      return carryOut(before, 'revoked', by, at);
    case 'return':
      return comeBack(before, by, at);
  }
}
