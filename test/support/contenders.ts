/**
 * Those who write at the same time in tests of the writer: a lender's process with the real service, the citizen's role
 * with signatures that were verified beforehand, the clerk who lifts. Each has a Journal and connections of its own.
 */
import { createHash } from 'node:crypto';
import type { Act, Made } from '#libs/journal/act.js';
import { idempotencyName, idempotencyTable, utcDay } from '#libs/journal/idempotency.store.js';
import type { JournalOptions } from '#libs/journal/config.js';
import { uuidToId } from '#libs/journal/id.js';
import type { Party } from '#libs/party/party.js';
import { openDatabase, type DatabaseTarget } from '#libs/platform/database.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import type { Rules } from '#libs/refusal/rules.js';
import { carryOut, lift, place, refusalAfter, type Move } from '#libs/refusal/transitions.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { parseIin } from '#libs/subject/iin.js';
import { subjectsOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import type { CheckAnswer } from '../../apps/lender/checks/check-answer.js';
import { ChecksService } from '../../apps/lender/checks/checks.service.js';
import { lenderTables, type LenderTables } from '../../apps/lender/tables.store.js';
import type { Told, Verdict } from './history.js';
import { newJournal } from './journals.js';

/** A writer and how it reaches its database. */
export interface Contender {
  readonly target: DatabaseTarget;
  readonly lookup: LookupKeys;
}

export interface Lender {
  /** One check under a key; the key is the loan's reference, too. */
  check(key: string, iin: string): Promise<Told>;
  close(): Promise<void>;
}

export type LenderOptions = JournalOptions<LenderTables, Rules>;

const lender = 'bank-alpha';
const party: Party = {
  ...{ clientId: lender, kind: 'bank', bin: '010140000004', scopes: ['checks'], state: 'admitted' },
  ...{
    names: { kk: 'Банк', ru: 'Банк', en: 'Bank' },
    resource: 'http://127.0.0.1:8081',
    admittedAt: 0,
    keys: [],
  },
};
/** Beside what is shown here no law or party changes. */
export const rulesHere: Rules = {
  parties: new Map([[lender, party]]),
  regime: defaultRules.map((rule) => ({ ...rule, entryIndex: 0 })),
};

export const personOf = (lookup: LookupKeys, iin: string): string => subjectText(subjectIn(lookup, iin));

function subjectIn(lookup: LookupKeys, iin: string): SubjectKey {
  const [subject] = subjectsOf(lookup, parseIin(iin));
  if (subject === undefined) throw new Error('no lookup key');
  return subject;
}

/** A lender's process in this one. */
export async function lenderHere(
  { target, lookup }: Contender,
  changes: Partial<LenderOptions> = {},
): Promise<Lender> {
  const dataSource = await openDatabase(target, { poolSize: 4 });
  const loadRules = (): Promise<Rules> => Promise.resolve(rulesHere);
  const journal = newJournal<LenderTables, Rules>(dataSource, 'lender', lookup, lenderTables, {
    loadRules,
    ...changes,
  });
  const checks = new ChecksService(journal, dataSource, lookup);
  return {
    check: async (key, iin) => {
      const question = { iin: parseIin(iin), product: 'bank-loan', stage: 'decision', loanRef: key } as const;
      const bodyHmac = createHash('sha256').update(`${key} ${iin}`).digest();
      const made = await checks.make(lender, question, { key, bodyHmac });
      const answer = JSON.parse(made.answer) as CheckAnswer;
      const { id, version } = JSON.parse(answer.receipt.entry) as { id: string; version: number };
      return { index: answer.receipt.index, id, verdict: answer.verdict as Verdict, version };
    },
    close: async () => {
      await journal.stop();
      await dataSource.destroy();
    },
  };
}

export interface Citizens {
  place(key: string, iin: string): Promise<Told>;
  askLift(key: string, iin: string): Promise<Told>;
  close(): Promise<void>;
}

const citizenTables = { refusals: refusalsTable, idempotency: idempotencyTable };

/** The citizen's process, past everything that comes before the head of the Journal. No lock, so that lifts are due at once. */
export async function citizensHere({ target, lookup }: Contender): Promise<Citizens> {
  const dataSource = await openDatabase(target, { poolSize: 2 });
  const journal = newJournal(dataSource, 'citizen', lookup, citizenTables);
  const signed = (key: string, iin: string, movesAt: Moves): Promise<Told> =>
    journal.submit(signedAct(key, iin, subjectIn(lookup, iin), movesAt));
  return {
    place: (key, iin) => signed(key, iin, (now, at) => place(now, 0, at)),
    askLift: (key, iin) => signed(key, iin, (now, at) => lift(now, { liftDelayHours: 0 }, at)),
    close: async () => {
      await journal.stop();
      await dataSource.destroy();
    },
  };
}

type Moves = (now: Refusal | undefined, at: number) => readonly Move[];

function signedAct(
  key: string,
  iin: string,
  subject: SubjectKey,
  movesAt: Moves,
): Act<typeof citizenTables, object, Told> {
  const want = { app: 'citizen', party: 'egov-portal', route: 'PUT signature', key };
  return {
    look: { refusals: [subject], idempotency: [want] },
    decide: (seen) => {
      const earlier = seen.find('idempotency', idempotencyName(want));
      const index = earlier?.entryIndex;
      if (index !== undefined) return { entries: [], answer: () => ({ index }) };
      const before = seen.find('refusals', subjectText(subject));
      const moves = movesAt(before, seen.at);
      return {
        entries: draftsOf(moves, subject, iin, { applicationId: key }),
        rows: (made) => ({
          refusals: [refusalAfter(before, subject, moves, made)],
          idempotency: made.map((entry) => ({
            ...{ ...want, day: utcDay(seen.at), bodyHmac: Buffer.alloc(32), entryIndex: entry.index },
          })),
        }),
        answer: (_receipts, made) => toldOf(moves, made),
      };
    },
  };
}

function draftsOf(moves: readonly Move[], subject: SubjectKey, iin: string, more: object) {
  const person = { subject, iin };
  return moves.map(({ kind, version, body }) => ({
    ...{ kind, person: { ...person, version }, body: { ...body, ...more } },
  }));
}

function toldOf(moves: readonly Move[], made: readonly Made[]): Told {
  const [move, entry] = [moves[0], made[0]];
  if (move === undefined || entry === undefined || moves.length > 1) throw new Error('one move, one entry');
  return { index: entry.index, id: entry.id, version: move.version };
}

/** A lift the clerk has to carry out. */
export interface DueLift {
  /** Its request, which is the key of the lift. */
  readonly key: string;
  readonly subject: SubjectKey;
}

export interface Clerk {
  due(): Promise<readonly DueLift[]>;
  lift(due: DueLift, iin: string): Promise<Told>;
  /** @returns how many sessions were ended. */
  watch(): Promise<number>;
  close(): Promise<void>;
}

const clerkTables = { refusals: refusalsTable };

/** The clerk's worker: lifts and watchdog. */
export async function clerkHere({ target, lookup }: Contender): Promise<Clerk> {
  const dataSource = await openDatabase(target, { poolSize: 2 });
  const journal = newJournal(dataSource, 'clerk', lookup, clerkTables);
  return {
    due: async () => {
      const rows: { subject: Buffer; epoch: number; uuid: string }[] = await dataSource.query(
        `SELECT subject, subject_epoch AS epoch, requested_by AS uuid FROM refusals WHERE state = 'lift-pending'`,
      );
      return rows.map(({ subject: bytes, epoch, uuid }) => ({
        ...{ key: uuidToId('ent', uuid), subject: { epoch, bytes } },
      }));
    },
    lift: (due, iin) => journal.submit(liftAct(due, iin)),
    watch: async () => {
      const rows: unknown[] = await dataSource.query('SELECT FROM end_stuck_backends()');
      return rows.length;
    },
    close: async () => {
      await journal.stop();
      await dataSource.destroy();
    },
  };
}

function liftAct({ key, subject }: DueLift, iin: string): Act<typeof clerkTables, object, Told> {
  return {
    look: { refusals: [subject] },
    decide: (seen) => {
      const before = seen.find('refusals', subjectText(subject));
      const isIt = before?.requestedBy !== undefined && uuidToId('ent', before.requestedBy) === key;
      const moves = isIt ? carryOut(before, 'known-good', key, seen.at) : [];
      if (moves.length === 0) return { entries: [], answer: () => ({ refusedAs: 'outdated' }) };
      return {
        entries: draftsOf(moves, subject, iin, {}),
        rows: (made) => ({ refusals: [refusalAfter(before, subject, moves, made)] }),
        answer: (_receipts, made) => toldOf(moves, made),
      };
    },
  };
}
