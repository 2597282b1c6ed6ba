/**
 * Placings and lifts in a sandbox by the tens of thousands, through the writer as its clerk, without the citizens'
 * signatures that would take the time of everything else: for what happens to the feed behind the commit. Such a
 * registry is none that `fsck` would find whole.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Act } from '#libs/journal/act.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { readSecretFile } from '#libs/platform/config.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { carryOut, place, refusalAfter } from '#libs/refusal/transitions.js';
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
    private readonly journal: Journal<typeof tables, object>,
    private readonly people: readonly Somebody[],
    readonly close: () => Promise<void>,
  ) {}

  /** @param count people nobody has met, from the `first` on */
  static async open(sandbox: Sandbox, count: number, first = 0): Promise<FeedWriter> {
    const keysDir = sandbox.file('keys', 'clerk-worker');
    const lookup = readLookupKeys(keysDir);
    const password = readSecretFile(sandbox.file('secrets', 'tyiym_clerk_worker')).trim();
    const { base } = sandbox.place;
    const dataSource = await openDatabase(
      { host: '127.0.0.1', port: base + 30, name: 'tyiym', user: 'tyiym_clerk_worker', password },
      { poolSize: 4 },
    );
    const { origin, urls } = sandbox.content;
    const journal = newJournal(dataSource, 'clerk', lookup, tables, {
      ...{ origin, iss: urls.log, headKey: readSigningKey(keysDir, 'head.jwk.json') },
    });
    const people = Array.from({ length: count }, (_, number): Somebody => {
      const iin = iinOfPerson(first + number);
      const [subject] = subjectsOf(lookup, iin);
      if (subject === undefined) throw new Error('no lookup key');
      return { iin, subject };
    });
    await makeKnown(sandbox, people);
    return new FeedWriter(journal, people, async () => {
      await journal.stop();
      await dataSource.destroy();
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
        if (who !== undefined) await this.journal.submit(turn(who));
        this.written += 1;
        onWritten?.(this.written);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, this.people.length) }, work));
  }
}

/** Placed if nothing stands in the person's name, lifted if something does. */
function turn({ iin, subject }: Somebody): Act<typeof tables, object, void> {
  return {
    look: { refusals: [subject] },
    decide: (seen) => {
      const before = seen.find('refusals', subjectText(subject));
      const moves =
        before === undefined || before.state === 'none'
          ? place(before, 0, seen.at)
          : carryOut(pending(before, seen.at), 'known-good', 'nobody', seen.at);
      return {
        entries: moves.map(({ kind, version, body }) => ({ kind, person: { subject, iin, version }, body })),
        rows: (made) => ({ refusals: [refusalAfter(before, subject, moves, made)] }),
        answer: () => undefined,
      };
    },
  };
}

function pending(refusal: Refusal, at: number): Refusal {
  return { ...refusal, state: 'lift-pending', liftsAt: at };
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
         SELECT u.*, now() FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[]) AS u
         ON CONFLICT (subject, subject_epoch) DO NOTHING`,
        [
          ...[page.map(({ personId }) => personId), page.map(({ subject }) => subject.epoch)],
          ...[page.map(({ subject }) => subject.bytes), page.map(({ dataKey }) => dataKey)],
          page.map(({ iin }) => iin),
        ],
      );
    }
  });
}
