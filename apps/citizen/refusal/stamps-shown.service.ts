/** What the bureaus did about the newest placing or lift of a person, for whoever is shown his refusal. */
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Journal } from '#libs/journal/journal.service.js';
import type { Rules } from '#libs/refusal/rules.js';
import { valueAt } from '#libs/regime/regime.js';
import { stampShown } from '#libs/refusal/stamp.js';
import { stampsOf } from '#libs/refusal/stamps.store.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { CitizenTables } from '../tables.store.js';
import { withStamps, type RefusalStatus } from './refusal-status.js';

const minuteMs = 60_000;

@Injectable()
export class StampsShownService {
  constructor(@Inject(Journal) private readonly journal: Journal<CitizenTables, Rules>) {}

  /** The status with one member for each bureau; as it was for somebody of whom no bureau was told. */
  async with(
    tx: EntityManager,
    status: RefusalStatus,
    subject: SubjectKey | undefined,
  ): Promise<RefusalStatus> {
    if (subject === undefined) return status;
    const { now, stamps } = await stampsOf(tx, subject, status.version);
    if (stamps.length === 0) return status;
    const within = valueAt(this.journal.rules().regime, 'bureauStampWithin', now) * minuteMs;
    return withStamps(
      status,
      stamps.map((stamp) => stampShown(stamp, now, within)),
    );
  }
}
