/**
 * Makes the notices that a refusal was placed. It follows the feed, which the database writes in the append of every
 * placing and return: so no placing is ever lost, none costs the append a job, and notices and position commit together.
 */
import type { DataSource, EntityManager } from 'typeorm';
import { newUuid } from '#libs/journal/id.js';
import type { Rules } from '#libs/refusal/rules.js';
import { isValueOf } from '#libs/regime/rule-values.js';
import { valueAt } from '#libs/regime/regime.js';
import { firstThatOpens } from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import { applicationsInFlight } from './notices.js';
import {
  clearChecksBefore,
  hasNews,
  insertNotices,
  lockPosition,
  movePosition,
  reportedLoans,
  sealedPeopleOf,
  stretchAfter,
  type FeedItem,
  type NewNotice,
  type Placed,
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
    const made = await insertNotices(tx, await this.noticesOf(tx, stretch.placings));
    await movePosition(tx, stretch.to);
    return made;
  }

  private async noticesOf(tx: EntityManager, placings: readonly FeedItem[]): Promise<readonly NewNotice[]> {
    const { regime } = this.settings.rules();
    const windows = regime.flatMap(({ name, value }) =>
      name === 'noticeWindow' && isValueOf(name, value) ? [value] : [],
    );
    const placed: Placed[] = [];
    for (const placing of placings)
      if (placing.subject !== undefined)
        placed.push({ placing, subjects: await this.subjectsAlsoOf(tx, placing.subject) });
    if (placed.length === 0) return [];
    const first = Math.min(...placed.map(({ placing }) => placing.at));
    const checks = await clearChecksBefore(tx, placed, first - Math.max(0, ...windows) * dayMs);
    const notices: NewNotice[] = [];
    for (const { placing, subjects } of placed) {
      const { entryIndex, at } = placing;
      const asked = checks.get(entryIndex);
      if (asked === undefined) continue;
      const loans = await reportedLoans(tx, subjects, entryIndex);
      const daysOf = (lender: string): number => valueAt(regime, 'noticeWindow', at, lender);
      for (const { lender, loanRef, checkUuid } of applicationsInFlight(at, asked, loans, daysOf))
        notices.push({ uuid: newUuid(at), lender, placing, loanRef, checkUuid });
    }
    return notices;
  }

  /** His pseudonyms in every live epoch: an older check stands under an older one. */
  private async subjectsAlsoOf(tx: EntityManager, subject: SubjectKey): Promise<readonly SubjectKey[]> {
    const { identity, lookup } = this.settings.keys;
    if (lookup.size === 1) return [subject];
    const name = subjectText(subject);
    const opened = firstThatOpens(identity, await sealedPeopleOf(tx, subject), (iin) =>
      subjectsOf(lookup, iin).some((each) => subjectText(each) === name),
    );
    return opened === undefined ? [subject] : subjectsOf(lookup, opened.iin);
  }
}
