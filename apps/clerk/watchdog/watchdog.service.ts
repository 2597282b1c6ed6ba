/**
 * Asks once in each slot and tells the figures what came of it. What cannot be told while the database is away is kept
 * and told later, because then of all times nothing is answered; what nobody asked stays unknown.
 */
import type { EntityManager } from 'typeorm';
import { countProbes } from './probes.store.js';
import { isAnswer, slotOf, type Probe, type Reply } from './watchdog.js';

/** Older ones are in no figure that is shown. */
const keptForMs = 24 * 3_600_000;

export interface WatchdogSettings {
  readonly tx: EntityManager;
  readonly client: { ask(): Promise<Reply> };
  /** Machine time in milliseconds. */
  clock(): number;
}

export class WatchdogService {
  /** Asked in last, or passed over. */
  private slot: number;
  private untold: readonly Probe[] = [];

  constructor(private readonly settings: WatchdogSettings) {
    // Whom it asks may have been started together with it: it begins with the slot after the next.
    this.slot = slotOf(settings.clock()) + 1;
  }

  /** Asks, unless this slot was asked in already. @param signal once aborted, what came back says nothing. */
  async ask(
    signal?: AbortSignal,
  ): Promise<{ readonly isAnswered: boolean; readonly reply: Reply } | undefined> {
    const at = this.settings.clock();
    if (slotOf(at) <= this.slot) return undefined;
    this.slot = slotOf(at);
    const reply = await this.settings.client.ask();
    if (signal?.aborted === true) return undefined;
    const isAnswered = isAnswer(reply);
    this.untold = [...this.untold.filter((probe) => at - probe.at < keptForMs), { at, isAnswered }];
    return { isAnswered, reply };
  }

  /** Counts what was asked since the last time. @throws when the database is away. */
  async tell(): Promise<void> {
    const told = this.untold;
    if (told.length === 0) return;
    const now = this.settings.clock();
    const probes = told.map(({ at, isAnswered }) => ({ agoMs: now - at, isAnswered }));
    await countProbes(this.settings.tx, probes);
    this.untold = this.untold.filter((probe) => !told.includes(probe));
  }
}
