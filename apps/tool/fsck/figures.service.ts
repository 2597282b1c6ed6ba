/** The public figures counted again from the entries: so many of an hour, rounded to tens. */
import type { EntityManager } from 'typeorm';
import { watchdogId } from '#libs/party/party.js';
import type { EntryRow } from './entry-rows.js';
import { figuresAfter } from './figures.store.js';
import type { Finding } from './finding.js';
import { compareRow } from './projections.js';

const hourMs = 3_600_000;
const nameOfKind: Readonly<Record<string, string>> = {
  'check.made': 'checks',
  'refusal.placed': 'refusals-placed',
  'refusal.lifted': 'refusals-lifted',
};

/** Measured and not counted: no entry says how long an answer took, nor that the watchdog got none. */
const measured: ReadonlySet<string> = new Set([
  'checks-p50-ms',
  'checks-p99-ms',
  'probes',
  'probes-answered',
]);

/** Fed with every entry; what an erased person did still counts. */
export class FiguresReplay {
  private readonly counts = new Map<string, number>();

  see({ kind, at, party }: Pick<EntryRow, 'kind' | 'at' | 'party'>): void {
    const name = nameOfKind[kind];
    if (name === undefined || (kind === 'check.made' && party === watchdogId)) return;
    const hour = `${name} ${Math.floor(at / hourMs)}`;
    this.counts.set(hour, (this.counts.get(hour) ?? 0) + 1);
  }

  /** Every figure that was written, of hours that were over. */
  async compare(tx: EntityManager, limit: number): Promise<readonly Finding[]> {
    const found: Finding[] = [];
    let after = { name: '', hour: 0 };
    for (;;) {
      const page = await figuresAfter(tx, after, limit);
      for (const { name, hour, value } of page) {
        if (measured.has(name)) continue;
        const row = `${name} ${new Date(hour).toISOString()}`;
        const isKnown = Object.values(nameOfKind).includes(name) && hour % hourMs === 0;
        const count = this.counts.get(`${name} ${hour / hourMs}`) ?? 0;
        const expected = isKnown ? { value: Math.round(count / 10) * 10 } : undefined;
        found.push(...compareRow('figures', row, expected, { value }));
      }
      const last = page.at(-1);
      if (last === undefined) return found;
      after = last;
    }
  }
}
