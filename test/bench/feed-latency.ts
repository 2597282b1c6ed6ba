/**
 * From the moment a signed placing is sent to the moment its second stamp is decided, by the clock of the machine, which
 * is that of a fresh sandbox's registry, too.
 */
import { createHistogram } from 'node:perf_hooks';
import { eventually } from '../support/eventually.js';
import { newPerson, Party, signatureOf } from '../support/sandbox-calls.js';
import { asOwner } from '../support/sandbox-database.js';
import type { Sandbox } from '../support/sandbox.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';

/** Milliseconds. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const bureaus = 2;
const stampedWithinMs = 60_000;

/** @param people so many, from the `first` on whom nobody has met */
export async function latencies(
  sandbox: Sandbox,
  { count, first }: { readonly count: number; readonly first: number },
): Promise<Latency> {
  const portal = await Party.of(sandbox, 'egov-portal');
  const sentAt = new Map<string, number>();
  for (let number = first; number < first + count; number += 1) {
    const person = await newPerson(sandbox, iinOfPerson(number));
    const opened = await portal.open(person, { kind: 'place', lockHours: 0 });
    const cms = await signatureOf(person, opened);
    const at = Date.now();
    const { status, body } = await portal.sign(String(opened.body['applicationId']), cms);
    if (status !== 200) throw new Error(`a placing was answered ${String(status)}`);
    const { entry } = body['receipt'] as { readonly entry: string };
    sentAt.set((JSON.parse(entry) as { readonly id: string }).id, at);
  }
  const histogram = createHistogram({ lowest: 1, highest: 600_000, figures: 3 });
  for (const { id, at } of await allStamped(sandbox, [...sentAt.keys()]))
    histogram.record(Math.max(1, at - (sentAt.get(id) ?? 0)));
  return { count, p50: histogram.percentile(50), p99: histogram.percentile(99), max: histogram.max };
}

/** When the last bureau stamped each of these entries. */
async function allStamped(
  sandbox: Sandbox,
  ids: readonly string[],
): Promise<readonly { readonly id: string; readonly at: number }[]> {
  return asOwner(sandbox, (client) =>
    eventually(
      'both bureaus stamp everything',
      async () => {
        const { rows } = await client.query<{ id: string; at: number }>(
          `SELECT e.entry::jsonb ->> 'id' AS id, (extract(epoch FROM max(t.at)) * 1000)::float8 AS at
           FROM stamps t JOIN feed f ON f.seq = t.seq JOIN entries e ON e.index = f.entry_index
           WHERE t.state = 'stamped' AND e.entry::jsonb ->> 'id' = ANY ($1::text[])
           GROUP BY 1 HAVING count(DISTINCT t.client_id) = $2`,
          [ids, bureaus],
        );
        return rows;
      },
      ({ length }) => length === ids.length,
      stampedWithinMs,
    ),
  );
}
