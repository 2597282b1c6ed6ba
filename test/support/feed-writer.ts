/**
 * Placings and lifts in a sandbox by the tens of thousands, through the writers of citizen and clerk, without the citizens'
 * signatures that would take the time of everything else: for what happens to the feed behind the commit. Such a
 * registry is none that `fsck` would find whole.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Act } from '#libs/journal/act.js';
import { uuidToId } from '#libs/journal/id.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { readSecretFile } from '#libs/platform/config.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { carryOut, lift, place, refusalAfter, type Move } from '#libs/refusal/transitions.js';
import type { Iin } from '#libs/subject/iin.js';
import { newPerson, type Person } from '#libs/subject/person.js';
import { subjectsOf, subjectText, type SubjectKey } from '#libs/subject/subject.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { newJournal } from './journals.js';
import { asOwner } from './sandbox-database.js';
import type { Sandbox } from './sandbox.js';

const tables = { refusals: refusalsTable };
/** As many as a batch holds, twice: one waits while the other commits. */
const atOnce = 256;
const peoplePage = 5000;

interface Somebody {
  readonly iin: Iin;
  readonly subject: SubjectKey;
}

export class FeedWriter {
  private written = 0;

  private constructor(
    private readonly citizen: Journal<typeof tables, object>,
    private readonly clerk: Journal<typeof tables, object>,
    private readonly people: readonly Somebody[],
    readonly close: () => Promise<void>,
  ) {}

  /** @param count people nobody has met, from the `first` on */
  static async open(sandbox: Sandbox, count: number, first = 0): Promise<FeedWriter> {
    const lookup = readLookupKeys(sandbox.file('keys', 'clerk-worker'));
    const { base } = sandbox.place;
    const { origin, urls } = sandbox.content;
    const writer = async (app: 'citizen' | 'clerk', keys: string, user: string) => {
      const password = readSecretFile(sandbox.file('secrets', user)).trim();
      const target = { host: '127.0.0.1', port: base + 30, name: 'tyiym', user, password };
      const dataSource = await openDatabase(target, { poolSize: 4 });
      const headKey = readSigningKey(sandbox.file('keys', keys), 'head.jwk.json');
      const given = { origin, iss: urls.log, headKey };
      return { dataSource, journal: newJournal(dataSource, app, lookup, tables, given) };
    };
    const citizen = await writer('citizen', 'citizen', 'tyiym_citizen');
    const clerk = await writer('clerk', 'clerk-worker', 'tyiym_clerk_worker');
    const people = Array.from({ length: count }, (_, number): Somebody => {
      const iin = iinOfPerson(first + number);
      const [subject] = subjectsOf(lookup, iin);
      if (subject === undefined) throw new Error('no lookup key');
      return { iin, subject };
    });
    await makeKnown(sandbox, people);
    return new FeedWriter(citizen.journal, clerk.journal, people, async () => {
      for (const { journal, dataSource } of [citizen, clerk]) {
        await journal.stop();
        await dataSource.destroy();
      }
    });
  }

  /**
   * Places and lifts, one person after another and round after round, until so many more are committed.
   * @param onWritten told how many there are, after each
   */
  async write(count: number, onWritten?: (written: number) => void): Promise<void> {
    const end = this.written + count;
    let next = this.written;
    const work = async (): Promise<void> => {
      while (next < end) {
        const who = this.people[next++ % this.people.length];
        if (who !== undefined) await this.turn(who);
        this.written += 1;
        onWritten?.(this.written);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, this.people.length) }, work));
  }

  /** Placed if nothing stands in the person's name, lifted if something does. */
  private async turn(who: Somebody): Promise<void> {
    if (await this.citizen.submit(moveBy(who, asked))) await this.clerk.submit(moveBy(who, due));
  }
}

/** One move of a person; answers with whether a lift waits for the clerk now. */
function moveBy(
  { iin, subject }: Somebody,
  movesOf: (before: Refusal | undefined, at: number) => readonly Move[],
): Act<typeof tables, object, boolean> {
  return {
    look: { refusals: [subject] },
    decide: (seen) => {
      const before = seen.find('refusals', subjectText(subject));
      const moves = movesOf(before, seen.at);
      return {
        entries: moves.map(({ kind, version, body }) => ({ kind, person: { subject, iin, version }, body })),
        rows: (made) =>
          moves.length === 0 ? {} : { refusals: [refusalAfter(before, subject, moves, made)] },
        answer: () => moves.some(({ kind }) => kind === 'lift.requested'),
      };
    },
  };
}

function asked(before: Refusal | undefined, at: number): readonly Move[] {
  const isOff = before === undefined || before.state === 'none';
  return isOff ? place(before, 0, at) : lift(before, { liftDelayHours: 0 }, at);
}

function due(before: Refusal | undefined, at: number): readonly Move[] {
  const by = before?.requestedBy;
  return by === undefined ? [] : carryOut(before, 'known-good', uuidToId('ent', by), at);
}

/** Rows of `people`, as an opened application would leave them. */
async function makeKnown(sandbox: Sandbox, people: readonly Somebody[]): Promise<void> {
  const identity = readIdentityKey(join(sandbox.file('keys', 'clerk-worker')));
  await asOwner(sandbox, async (client) => {
    for (let from = 0; from < people.length; from += peoplePage) {
      const page = people
        .slice(from, from + peoplePage)
        .map(({ iin, subject }): Person => newPerson(identity, randomUUID(), subject, iin, randomBytes));
      await client.query(
        `INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at)
         SELECT u.*, now() FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[])
           AS u (id, epoch, subject, data_key, iin)
         WHERE NOT EXISTS (SELECT FROM people p WHERE p.subject = u.subject AND p.subject_epoch = u.epoch)`,
        [
          ...[page.map(({ personId }) => personId), page.map(({ subject }) => subject.epoch)],
          ...[page.map(({ subject }) => subject.bytes), page.map(({ dataKey }) => dataKey)],
          page.map(({ iin }) => iin),
        ],
      );
    }
  });
}
