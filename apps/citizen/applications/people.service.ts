/**
 * Who a citizen is to the registry: the row of `people` that opens. Another role may have added one that does not, and by
 * that no citizen is kept from placing: a good one is added beside it, with an alarm. A wrong identity key mends nothing.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { metrics } from '#libs/platform/metrics.js';
import { IDENTITY_KEY, LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { Problem } from '#libs/problem/problem.js';
import type { Iin } from '#libs/subject/iin.js';
import { addPerson, identityChecks } from '#libs/subject/people.store.js';
import {
  firstThatOpens,
  identityKeyChecks,
  newPerson,
  openPerson,
  type OpenPerson,
  type Person,
} from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import { peopleOf } from './people.store.js';

/** Injection token of the logger. */
export const CITIZEN_LOG = Symbol('CITIZEN_LOG');

/** Should stay at zero: a row was made up or bent, and `tool fsck` names it. */
const badPeople = new Counter({
  name: 'tyiym_citizen_bad_people_total',
  help: 'Rows of people that do not open to their person; a good one was added beside each.',
  registers: [metrics],
});

@Injectable()
export class PeopleService {
  constructor(
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(IDENTITY_KEY) private readonly identity: SealingKey,
    @Inject(CITIZEN_LOG) private readonly log: Pick<Logger, 'warn'>,
  ) {}

  /**
   * The person of this IIN; a row is made for one never seen, and beside rows that do not open.
   * @throws Problem `registry-unavailable` with another identity key than the registry's
   */
  async openOrAdd(tx: EntityManager, iin: Iin): Promise<OpenPerson> {
    const opened = await this.openOrMend(tx, iin);
    if (opened !== undefined) return opened;
    const [newest] = subjectsOf(this.keys, iin);
    assert(newest !== undefined);
    return this.add(tx, iin, newest, undefined);
  }

  /** The same without adding somebody never seen. @returns undefined for nobody known */
  async openOrMend(tx: EntityManager, iin: Iin): Promise<OpenPerson | undefined> {
    const subjects = subjectsOf(this.keys, iin);
    const rows = await peopleOf(tx, subjects);
    const belongs = (found: Iin): boolean => found === iin;
    let newest: OpenPerson | undefined;
    // In each epoch, because the feed looks a person up under the pseudonym of the refusal.
    for (const subject of subjects) {
      const own = rows.filter((row) => subjectText(row.subject) === subjectText(subject));
      const [first] = own;
      if (first === undefined) continue;
      const opened = firstThatOpens(this.identity, own, belongs) ?? (await this.add(tx, iin, subject, first));
      newest ??= opened;
    }
    return newest;
  }

  /**
   * What a row opens to that something else names by its number.
   * @returns undefined when it does not open to the person of its pseudonym
   * @throws Problem `registry-unavailable` with another identity key than the registry's
   */
  async open(tx: EntityManager, person: Person): Promise<OpenPerson | undefined> {
    const name = subjectText(person.subject);
    const opened = openPerson(this.identity, person, (iin) =>
      subjectsOf(this.keys, iin).some((subject) => subjectText(subject) === name),
    );
    if (opened === undefined) await this.mustHaveOurKey(tx);
    return opened;
  }

  private async add(
    tx: EntityManager,
    iin: Iin,
    subject: SubjectKey,
    beside: Person | undefined,
  ): Promise<OpenPerson> {
    await this.mustHaveOurKey(tx);
    const person = newPerson(this.identity, randomUUID(), subject, iin, randomBytes);
    const isAdded = await addPerson(tx, { ...person, ...(beside && { besideId: beside.personId }) });
    if (beside !== undefined && isAdded) {
      badPeople.inc();
      const { personId } = beside;
      this.log.warn({ personId }, 'a row of people does not open; a good one was added beside it');
    }
    const belongs = (found: Iin): boolean => found === iin;
    // A lender may have reported a loan of theirs in the same moment, and then that row is the one that was first.
    const rows = isAdded ? [person] : await peopleOf(tx, [subject]);
    const opened = firstThatOpens(this.identity, rows, belongs);
    if (opened === undefined) throw new Problem('registry-unavailable');
    return opened;
  }

  /** @throws Problem `registry-unavailable`: thirteen million people would be "mended" with a wrong key. */
  private async mustHaveOurKey(tx: EntityManager): Promise<void> {
    const live = await identityChecks(tx);
    for (const [id, check] of Object.entries(identityKeyChecks(this.identity)))
      if (live[id] !== check)
        throw new Problem('registry-unavailable', { cause: new Error('another identity key') });
  }
}
