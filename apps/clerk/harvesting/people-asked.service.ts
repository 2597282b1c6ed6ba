/**
 * Counts the different people each lender asks about on a legal day, check by check as they are made, so that asking
 * twice hides nothing. From half its ceiling on `harvesting.suspected` is left, once a lender and day; what is written
 * beyond the ceiling the lender's process reads and refuses. A worker that was restarted reads the day from its beginning;
 * until it has, the rows of before stand, because a count only rises.
 */
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { watchdogId, type Party } from '#libs/party/party.js';
import { valueOrBuiltIn } from '#libs/regime/defaults.js';
import type { PeopleADayRule } from '#libs/regime/rule-values.js';
import { alarmAct, type HarvestingSettings } from './harvesting.service.js';
import { ceilingOf, daysOfLoans, isAlarming, PeopleOfDay } from './people-asked.js';
import {
  checksFrom,
  dropOldCounts,
  firstCheckAt,
  keepCounts,
  legalDayNow,
  loansBefore,
  pageSize,
  type AskedCount,
  type LegalDay,
} from './people-asked.store.js';

/** An alarm that was raised just now, for the operator's log. */
export interface CeilingAlarm extends AskedCount {
  readonly day: string;
}

/** A day as far as it was read. */
interface Reading {
  readonly day: LegalDay;
  /** Where to go on: the first check of the last instant that was read, because others of that instant may follow. */
  next: string;
  readonly people: PeopleOfDay;
  /** Loans of the days before, by lender and how many were looked for. */
  readonly loans: Map<string, number>;
  readonly alarmed: Set<string>;
}

export class PeopleAskedService {
  private reading: Reading | undefined;

  constructor(
    private readonly settings: Omit<HarvestingSettings, 'journal'> & {
      readonly journal: HarvestingSettings['journal'] & { registryNow(): Instant };
    },
  ) {}

  /** Counts what was asked since the last time. @returns the alarms this process raised. */
  async look(): Promise<readonly CeilingAlarm[]> {
    const { tx } = this.settings;
    const day = await legalDayNow(tx);
    const alarms: CeilingAlarm[] = [];
    if (this.reading !== undefined && this.reading.day.begins !== day.begins) {
      // What was asked in the last seconds of a day counts in that day.
      alarms.push(...(await this.goOn(this.reading)));
      this.reading = undefined;
    }
    if (this.reading === undefined) {
      await dropOldCounts(tx, day);
      this.reading = readingOf(day);
    }
    return [...alarms, ...(await this.goOn(this.reading))];
  }

  private async goOn(reading: Reading): Promise<readonly CeilingAlarm[]> {
    await this.read(reading);
    const { tx, journal } = this.settings;
    const { day, alarmed } = reading;
    const at = Math.min(journal.registryNow(), day.ends - 1);
    const counts: (AskedCount & { readonly party: Party; readonly rule: PeopleADayRule })[] = [];
    for (const party of this.lenders()) {
      const people = reading.people.count(party.clientId);
      if (people === 0) continue;
      const rule = valueOrBuiltIn(journal.rules().regime, 'peopleADay', at, party.clientId);
      const ceiling = await this.ceiling(reading, party, rule);
      counts.push({ lender: party.clientId, people, ceiling, party, rule });
    }
    await keepCounts(tx, day, counts);
    const alarms: CeilingAlarm[] = [];
    for (const { lender, people, ceiling, party, rule } of counts) {
      if (!isAlarming(people, ceiling) || alarmed.has(lender)) continue;
      const want = { lender, span: 'today' as const, begins: day.begins };
      const figures = { to: formatInstant(at), people, ceiling, reasons: ['people-a-day'], rule };
      if (await journal.submit(alarmAct(party, want, figures)))
        alarms.push({ lender, people, ceiling, day: day.day });
      alarmed.add(lender);
    }
    return alarms;
  }

  private lenders(): readonly Party[] {
    const { parties } = this.settings.journal.rules();
    // The watchdog asks about one person all day.
    return [...parties.values()].filter(
      ({ kind, clientId }) => (kind === 'bank' || kind === 'mfo') && clientId !== watchdogId,
    );
  }

  private async read(reading: Reading): Promise<void> {
    for (;;) {
      const rows = await checksFrom(this.settings.tx, reading.next, reading.day.ends);
      for (const { lender, person } of rows) reading.people.add(lender, person.readUIntBE(0, 6));
      const last = rows.at(-1);
      if (last === undefined) return;
      if (rows.length < pageSize) {
        reading.next = `${last.checkId.slice(0, 13)}-0000-0000-000000000000`;
        return;
      }
      reading.next = last.checkId;
    }
  }

  private async ceiling(reading: Reading, { clientId, kind }: Party, rule: PeopleADayRule): Promise<number> {
    const ofKind = rule[kind === 'bank' ? 'bank' : 'mfo'];
    // More would only reach what its kind may ask at most.
    const most = Math.ceil((ofKind.most * daysOfLoans) / rule.peoplePerLoan);
    const name = `${clientId} ${most}`;
    const loans =
      reading.loans.get(name) ??
      (await loansBefore(this.settings.tx, {
        ...{ lender: clientId, before: reading.day.begins, days: daysOfLoans, most },
      }));
    reading.loans.set(name, loans);
    return ceilingOf(ofKind, rule.peoplePerLoan, loans);
  }
}

function readingOf(day: LegalDay): Reading {
  const next = firstCheckAt(day.begins);
  return { day, next, people: new PeopleOfDay(), loans: new Map(), alarmed: new Set() };
}
