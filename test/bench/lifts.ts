/**
 * `npm run bench -- --lifts N`: from the hour of a lift to the commit that carries it out. Each of N people places without
 * a lock, so that the hour of the lift is the instant of its request; both instants are those of entries, and the bench
 * reads them from the Journal. One lift is under way at a time: what is measured is the way and not the queue.
 */
import { createHistogram } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { eventually } from '../support/eventually.js';
import { newPerson, Party, type Members, type Person } from '../support/sandbox-calls.js';
import { asOwner } from '../support/sandbox-database.js';
import { Sandbox } from '../support/sandbox.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { cpuNow } from './cpu.js';
import { benchHome } from './home.js';

/** Lifts that do not count, while the engine compiles. */
const warmUp = 20;
const liftedWithinMs = 60_000;

const { values } = parseArgs({ options: { lifts: { type: 'string', default: '200' } } });
const count = Number(values.lifts);
const home = await benchHome(undefined);
const sandbox = await Sandbox.start(home.place);
try {
  const people: Person[] = [];
  const portal = await Party.of(sandbox, 'egov-portal');
  for (let number = 0; number < warmUp + count; number += 1) {
    const person = await newPerson(sandbox, iinOfPerson(number));
    await signed(portal, person, { kind: 'place', lockHours: 0 });
    people.push(person);
  }
  await carriedOut(portal, people.slice(0, warmUp));
  const clerk = { node: [sandbox.processOf('clerk-worker')?.pid ?? 0], postmaster: sandbox.postmaster() };
  const before = cpuNow(clerk);
  const took = await carriedOut(portal, people.slice(warmUp));
  const after = cpuNow(clerk);
  const histogram = createHistogram({ lowest: 1, highest: 600_000, figures: 3 });
  for (const ms of took) histogram.record(Math.max(1, Math.round(ms)));
  const each = (seconds: number): string => ((seconds * 1000) / count).toFixed(1);
  console.log(
    `${String(count)} lifts: p50 ${String(histogram.percentile(50))} ms, p99 ${String(histogram.percentile(99))} ms, longest ${String(histogram.max)} ms; processor time each: worker ${each(after.node - before.node)} ms, PostgreSQL ${each(after.postgres - before.postgres)} ms`,
  );
} finally {
  await sandbox.stop();
  home.leave();
}

/** Lifts one after another. @returns for each the milliseconds from its request to its lift, as their entries say. */
function carriedOut(portal: Party, people: readonly Person[]): Promise<readonly number[]> {
  return asOwner(sandbox, async (client) => {
    const { rows } = await client.query<{ size: string }>('SELECT size FROM journal_head');
    for (const person of people) await signed(portal, person, { kind: 'lift' });
    return eventually(
      'every lift is carried out',
      async () => {
        const lifts = await client.query<{ ms: number }>(
          `SELECT (extract(epoch FROM l.at - r.at) * 1000)::float8 AS ms
           FROM entries r JOIN entries l ON l.subject = r.subject AND l.kind = 'refusal.lifted'
           WHERE r.kind = 'lift.requested' AND r.index >= $1`,
          [rows[0]?.size],
        );
        return lifts.rows.map(({ ms }) => ms);
      },
      ({ length }) => length === people.length,
      liftedWithinMs,
    );
  });
}

/** @throws when the act was not accepted */
async function signed(portal: Party, person: Person, wish: Members): Promise<void> {
  const { status, text } = await portal.apply(person, wish);
  if (status !== 200) throw new Error(`an act was answered ${String(status)}: ${text}`);
}
