/** The duty of the feed: sealed within milliseconds of the commit, at the bell of the database or a second later. */
import { Counter } from 'prom-client';
import type { Bell } from '#libs/platform/bell.js';
import { metrics } from '#libs/platform/metrics.js';
import type { SealingService } from './feed/sealing.service.js';
import type { Duty } from './loop.worker.js';

const sealedItems = new Counter({
  name: 'tyiym_clerk_sealed_items_total',
  help: 'Items of the feed sealed, over all streams.',
  registers: [metrics],
});

/** Should rise with erased people alone. */
export const withheldItems = new Counter({
  name: 'tyiym_clerk_withheld_items_total',
  help: 'Items of the feed sealed without a person, because nobody is known under their pseudonym.',
  labelNames: ['bureau'],
  registers: [metrics],
});

/** Should never rise: the password of the worker's role is in other hands. */
export const strangeKeys = new Counter({
  name: 'tyiym_clerk_strange_day_keys_total',
  help: 'Rows of day keys found that this registry did not write; a good one is written after each.',
  labelNames: ['bureau'],
  registers: [metrics],
});

/** How long a lost bell may delay an item. */
const lookAgainMs = 1000;

export function feedDuty(sealing: Pick<SealingService, 'sealNews'>, bell: Bell): Duty {
  let seen = -1;
  return {
    name: 'feed',
    everyMs: 0,
    act: async (signal) => {
      await bell.after(seen, lookAgainMs, signal);
      seen = bell.count;
      for (let sealed = -1; sealed !== 0 && !signal.aborted;) {
        sealed = await sealing.sealNews();
        sealedItems.inc(sealed);
      }
    },
  };
}
