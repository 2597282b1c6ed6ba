/**
 * Makes the notices that a refusal was placed. It follows the feed, which the database writes in the append of every
 * placing and return: so no placing is ever lost, none costs the append a job, and notices and position commit together.
 */
import type { DataSource, EntityManager } from 'typeorm';
import { newUuid } from '#libs/journal/id.js';
import type { Rules } from '#libs/refusal/rules.js';
import { isValueOf } from '#libs/regime/rule-values.js';
import { valueAt } from '#libs/regime/regime.js';
import { iinOf, keyOf } from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import { applicationsInFlight } from './notices.js';
import {
  clearChecks,
  hasNews,
  insertNotices,
  lockPosition,
  movePosition,
  reportedLoans,
  sealedPersonOf,
  stretchAfter,
  type FeedItem,
  type NewNotice,
} from './notices.store.js';

export interface NoticeSettings {
  readonly dataSource: DataSource;
  readonly keys: { readonly identity: SealingKey; readonly lookup: LookupKeys };
  rules(): Rules;
}

/** Few enough that a stretch full of placings stays far below the time that a transaction may take. */
const stretchLength = 500;
const dayMs = 86_400_000;

export class NoticesService {
  constructor(private readonly settings: NoticeSettings) {}

  /** Deals with everything the feed has; how many notices were made. Two at once share the work. */
  async make(signal?: AbortSignal): Promise<number> {
    const { dataSource } = this.settings;
    let made = 0;
    while (signal?.aborted !== true && (await hasNews(dataSource.manager)))
      made += await dataSource.transaction((tx) => this.makePage(tx));
    return made;
  }

  private async makePage(tx: EntityManager): Promise<number> {
    const stretch = await stretchAfter(tx, await lockPosition(tx), stretchLength);
    if (stretch === undefined) return 0;
    const notices: NewNotice[] = [];
    for (const placing of stretch.placings)
      if (placing.subject !== undefined)
        notices.push(...(await this.noticesOf(tx, placing, placing.subject)));
    const made = await insertNotices(tx, notices);
    await movePosition(tx, stretch.to);
    return made;
  }

  private async noticesOf(
    tx: EntityManager,
    placing: FeedItem,
    subject: SubjectKey,
  ): Promise<readonly NewNotice[]> {
    const { regime } = this.settings.rules();
    const windows = regime.flatMap(({ name, value }) =>
      name === 'noticeWindow' && isValueOf(name, value) ? [value] : [],
    );
    const from = placing.at - Math.max(0, ...windows) * dayMs;
    const { entryIndex, at } = placing;
    const subjects = await this.subjectsAlsoOf(tx, subject);
    const checks = await clearChecks(tx, subjects, { from, to: at, entryIndex });
    if (checks.length === 0) return [];
    const loans = await reportedLoans(tx, subjects, entryIndex);
    const daysOf = (lender: string): number => valueAt(regime, 'noticeWindow', at, lender);
    return applicationsInFlight(at, checks, loans, daysOf).map(({ lender, loanRef, checkUuid }) => ({
      ...{ uuid: newUuid(at), lender, placing, loanRef, checkUuid },
    }));
  }

  /** His pseudonyms in every live epoch: an older check stands under an older one. */
  private async subjectsAlsoOf(tx: EntityManager, subject: SubjectKey): Promise<readonly SubjectKey[]> {
    const { identity, lookup } = this.settings.keys;
    if (lookup.size === 1) return [subject];
    const person = await sealedPersonOf(tx, subject);
    if (person === undefined) return [subject];
    const sealed = { ...person, subject };
    return subjectsOf(lookup, iinOf(keyOf(identity, sealed), sealed));
  }
}
