/**
 * Looks at what each lender asked in the hours and days that are over, and leaves `harvesting.suspected` where it is odd:
 * at most one a lender and window, whoever looks and how often, because the alarm is looked up under the head's lock.
 * The entry holds the figures it rests on and nobody's name.
 */
import type { EntityManager } from 'typeorm';
import type { Act } from '#libs/journal/act.js';
import { formatInstant } from '#libs/journal/instant.js';
import { watchdogId, type Party } from '#libs/party/party.js';
import type { Rules } from '#libs/refusal/rules.js';
import { valueOrBuiltIn } from '#libs/regime/defaults.js';
import { alarmName, type alarmsTable, type AlarmWant } from './alarms.store.js';
import { askingIn, endedWindows, type Window } from './askings.store.js';
import { suspicionOf, type Asking, type Suspicion } from './harvesting.js';

/** What an alarm writes. */
export type AlarmTables = { readonly harvesting_alarms: typeof alarmsTable };

export interface HarvestingSettings {
  readonly tx: EntityManager;
  readonly journal: {
    rules(): Rules;
    submit<A>(act: Act<AlarmTables, Rules, A>): Promise<A>;
  };
}

/** An alarm that was raised just now, for the operator's log. */
export interface Alarm extends Window, Asking, Suspicion {}

export class HarvestingService {
  /** Windows this process has judged; their figures hardly change any more. */
  private readonly judged = new Set<string>();

  constructor(private readonly settings: HarvestingSettings) {}

  /** Judges the windows that ended since the last time. @returns the alarms this process raised. */
  async look(): Promise<readonly Alarm[]> {
    const windows = await endedWindows(this.settings.tx);
    const names = windows.map(({ span, begins }) => `${span} ${begins}`);
    for (const name of this.judged) if (!names.includes(name)) this.judged.delete(name);
    const alarms: Alarm[] = [];
    for (const [place, window] of windows.entries()) {
      const name = names[place] ?? '';
      if (this.judged.has(name)) continue;
      alarms.push(...(await this.judge(window)));
      this.judged.add(name);
    }
    return alarms;
  }

  private async judge(window: Window): Promise<readonly Alarm[]> {
    const { tx, journal } = this.settings;
    const { parties, regime } = journal.rules();
    const lenders = [...parties.values()].filter(
      // The watchdog asks about one person all day and lends nothing: it is suspicious by trade, and nobody's peer.
      ({ kind, clientId }) => (kind === 'bank' || kind === 'mfo') && clientId !== watchdogId,
    );
    const askings: Asking[] = [];
    for (const { clientId: lender, kind } of lenders)
      askings.push({ lender, kind, ...(await askingIn(tx, lender, window)) });
    const alarms: Alarm[] = [];
    for (const [place, party] of lenders.entries()) {
      const asking = askings[place];
      const rule = valueOrBuiltIn(regime, 'harvesting', window.ends, party.clientId);
      const suspicion = asking && suspicionOf(asking, askings, rule, window.span);
      if (asking === undefined || suspicion === undefined) continue;
      const { span, begins, ends } = window;
      const { checks, people, followed, repeats } = asking;
      const figures = { to: formatInstant(ends), checks, people, followed, repeats, ...suspicion, rule };
      const isNew = await journal.submit(alarmAct(party, { lender: party.clientId, span, begins }, figures));
      if (isNew) alarms.push({ ...window, ...asking, ...suspicion });
    }
    return alarms;
  }
}

/**
 * An alarm, once a lender and window. It answers whether there was no such alarm yet.
 * @param figures what it rests on, beside the window's beginning
 */
export function alarmAct(party: Party, want: AlarmWant, figures: object): Act<AlarmTables, Rules, boolean> {
  const body = { lender: party.bin, span: want.span, from: formatInstant(want.begins), ...figures };
  return {
    look: { harvesting_alarms: [want] },
    decide: (seen) => {
      if (seen.find('harvesting_alarms', alarmName(want)) !== undefined)
        return { entries: [], answer: () => false };
      return {
        entries: [{ kind: 'harvesting.suspected', party: party.clientId, body }],
        rows: ([entry]) => ({
          harvesting_alarms: entry === undefined ? [] : [{ ...want, entryIndex: entry.index }],
        }),
        answer: () => true,
      };
    },
  };
}
