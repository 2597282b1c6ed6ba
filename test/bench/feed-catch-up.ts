/** Both bureaus stand still while the feed goes on, then catch up at once; how fast, and in how much memory. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { bookProgress, bureauNames, inBook, type BureauName } from '../support/bureau-books.js';
import { eventually } from '../support/eventually.js';
import { FeedWriter } from '../support/feed-writer.js';
import { cpuNow } from './cpu.js';
import { asOwner } from '../support/sandbox-database.js';
import type { Sandbox } from '../support/sandbox.js';

export interface CaughtUp {
  readonly bureaus: readonly {
    readonly bureau: BureauName;
    /** Applied and durable in its own books. */
    readonly perSecond: number;
    readonly stampedPerSecond: number;
  }[];
  readonly memory: readonly { readonly at: string; readonly mb: Readonly<Record<string, number>> }[];
  /** Microseconds of processor time an item of each bureau, until both have stamped everything. */
  readonly cpu: Readonly<Record<string, number>>;
}

const lookEveryMs = 250;
const watched = [...bureauNames, 'bureau', 'clerk-worker'] as const;
const quarters = [0.25, 0.5, 0.75, 1];

/** @param items of half as many people @param first whom of those who do not exist nobody has met */
export async function catchUp(sandbox: Sandbox, items: number, first: number): Promise<CaughtUp> {
  const writer = await FeedWriter.open(sandbox, Math.ceil(items / 2), first);
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const bureau of bureauNames) process.kill(sandbox.processOf(bureau)?.pid ?? 0, name);
  };
  signal('SIGSTOP');
  try {
    const writingSince = performance.now();
    await writer.write(items);
    console.log(`written at ${rate(items, writingSince)} a second`);
    await sealed(sandbox);
    console.log(`written and sealed for both bureaus at ${rate(items, writingSince)} a second`);
  } finally {
    await writer.close();
  }
  const before = Object.fromEntries(
    await Promise.all(
      bureauNames.map(async (name) => [name, (await inBook(sandbox, name, bookProgress)).seq]),
    ),
  ) as Record<BureauName, number>;
  const cpuBefore = cpuOf(sandbox);
  const memory: { at: string; mb: Record<string, number> }[] = [];
  signal('SIGCONT');
  const startedAt = performance.now();
  const bureaus = await Promise.all(
    bureauNames.map(async (bureau) =>
      inBook(sandbox, bureau, async (client) => {
        let [appliedAfter, quarter] = [0, 0];
        for (;;) {
          const { seq, unstamped } = await bookProgress(client);
          const applied = seq - before[bureau];
          const stamped = applied - unstamped;
          const seconds = (performance.now() - startedAt) / 1000;
          if (appliedAfter === 0 && applied >= items) appliedAfter = seconds;
          while (quarter < quarters.length && applied >= items * (quarters[quarter] ?? 1)) {
            memory.push({ at: `${String(25 * (quarter + 1))} % of ${bureau}`, mb: residentMb(sandbox) });
            quarter += 1;
          }
          if (stamped >= items)
            return { bureau, perSecond: items / appliedAfter, stampedPerSecond: items / seconds };
          await wait(lookEveryMs);
        }
      }),
    ),
  );
  const cpu = Object.entries(cpuOf(sandbox)).map(([name, seconds]) => {
    const used = seconds - (cpuBefore[name] ?? 0);
    return [name, (used * 1e6) / (items * bureauNames.length)];
  });
  return { bureaus, memory, cpu: Object.fromEntries(cpu) as Record<string, number> };
}

/** Seconds so far, by process. */
function cpuOf(sandbox: Sandbox): Record<string, number> {
  const nodes = watched.map((name) => [name, cpuNow({ node: [sandbox.processOf(name)?.pid ?? 0] }).node]);
  const { postgres } = cpuNow({ node: [], postmaster: sandbox.postmaster() });
  return { ...(Object.fromEntries(nodes) as Record<string, number>), postgres };
}

function rate(count: number, startedAt: number): string {
  return ((count * 1000) / (performance.now() - startedAt)).toFixed(0);
}

async function sealed(sandbox: Sandbox): Promise<void> {
  await asOwner(sandbox, (client) =>
    eventually(
      'everything is sealed',
      async () => {
        const { rows } = await client.query<{ behind: string }>(
          'SELECT max(h.feed_seq - s.sealed_seq) AS behind FROM streams s CROSS JOIN journal_head h',
        );
        return Number(rows[0]?.behind);
      },
      (behind) => behind === 0,
      300_000,
    ),
  );
}

function residentMb(sandbox: Sandbox): Record<string, number> {
  return Object.fromEntries(
    watched.map((name) => {
      const status = readFileSync(`/proc/${String(sandbox.processOf(name)?.pid)}/status`, 'utf8');
      return [name, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024];
    }),
  );
}
