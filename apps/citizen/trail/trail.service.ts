/** A person reads his trail: first the reading itself is appended, then what stands there is shown. */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Journal } from '#libs/journal/journal.service.js';
import type { Party } from '#libs/party/party.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { Problem } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import { subjectsOf, type LookupKeys } from '#libs/subject/subject.js';
import { CitizenPresence } from '../session/citizen-presence.service.js';
import { readingAct } from '../session/reading.service.js';
import type { CitizenTables } from '../tables.store.js';
import { cursorOf, readCursor, trailItem, type TrailItem } from './trail.js';
import { entriesAbout } from './trail.store.js';

export interface TrailPage {
  /** Newest first. */
  readonly items: readonly TrailItem[];
  readonly next: string | null;
}

@Injectable()
export class TrailService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Journal) private readonly journal: Journal<CitizenTables, Rules>,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(CitizenPresence) private readonly presence: CitizenPresence,
  ) {}

  /** @throws Problem `request-malformed`, `citizen-assertion-missing`, `citizen-not-present` */
  async read(
    channel: Party,
    assertion: unknown,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<TrailPage> {
    const before = page.after === undefined ? Number.MAX_SAFE_INTEGER : readCursor(page.after);
    if (before === undefined)
      throw new Problem('request-malformed', { errors: [{ pointer: '/after', code: 'cursor-malformed' }] });
    const presence = await this.presence.verify(channel, assertion);
    const { parties } = await this.journal.submit(
      readingAct(presence, this.keys, 'trail', (_refusal, rules) => rules),
    );
    const names = new Map([...parties.values()].map((party) => [party.bin, party.names]));
    const subjects = subjectsOf(this.keys, presence.citizen.iin);
    const rows = await entriesAbout(this.dataSource.manager, subjects, before, page.limit + 1);
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      items: shown.map(({ entry }) => trailItem(entry, (bin) => names.get(bin))),
      next: rows.length > page.limit && last !== undefined ? cursorOf(last.index) : null,
    };
  }
}
