/** Placings and lifts under way to both bureaus, while whoever takes part is killed; and whether all of it arrived, once. */
import { bookDigest, bookState, bureauNames, inBook, type BookState } from './bureau-books.js';
import { eventually } from './eventually.js';
import { FeedWriter } from './feed-writer.js';
import { asOwner } from './sandbox-database.js';
import type { Sandbox } from './sandbox.js';

/** Each is started again by the sandbox; more often than it does that for one of them nobody is killed. */
const victims = ['gkb', 'bureau', 'pkb', 'clerk-worker'] as const;
const killsOfEach = 15;

/** What the registry holds for one bureau. */
interface Stream {
  readonly bureau: string;
  readonly head: number;
  readonly sealed: number;
  readonly acked: number;
  readonly inForce: number;
  readonly buckets: string;
  /** Items in it, and how many of them the bureau stamped. */
  readonly items: number;
  readonly stamps: number;
}

/**
 * Writes so many items about a fifth as many people, and kills somebody after each part of them.
 * @returns how often somebody was killed
 */
export async function writeAmongKills(
  sandbox: Sandbox,
  { items, kills, first = 0 }: { readonly items: number; readonly kills: number; readonly first?: number },
): Promise<number> {
  const writer = await FeedWriter.open(sandbox, Math.ceil(items / 5), first);
  const every = Math.ceil(items / (Math.min(kills, killsOfEach * victims.length) + 1));
  let killed = 0;
  try {
    await writer.write(items, (written) => {
      if (written % every !== 0) return;
      const victim = sandbox.processOf(victims[killed % victims.length] ?? 'gkb');
      if (victim === undefined) return;
      process.kill(victim.pid, 'SIGKILL');
      killed += 1;
    });
  } finally {
    await writer.close();
  }
  return killed;
}

/** Returns when both bureaus have applied and stamped everything. */
export async function everythingArrived(sandbox: Sandbox, withinMs: number): Promise<void> {
  for (const bureau of bureauNames)
    await eventually(
      `${bureau} has stamped everything`,
      async () => {
        const stream = (await streamsOf(sandbox)).find((one) => one.bureau === bureau);
        return { stream, book: await inBook(sandbox, bureau, bookState) };
      },
      ({ stream, book }) =>
        stream !== undefined &&
        book.seq === stream.head &&
        stream.acked === stream.head &&
        book.unstamped === 0,
      withinMs,
    );
}

/** What contradicts between the registry and the books; empty when every item is there, once, and both agree. */
export async function differences(sandbox: Sandbox): Promise<readonly string[]> {
  const found: string[] = [];
  for (const stream of await streamsOf(sandbox)) {
    const { bureau, head, sealed, acked, items, stamps } = stream;
    const name = bureauNames.find((one) => one === bureau);
    if (name === undefined) throw new Error(bureau);
    const { book, digest } = await inBook(sandbox, name, async (client) => ({
      book: await bookState(client),
      digest: await bookDigest(client),
    }));
    const counts = { ...{ sealed, acked, items, stamps }, ...numbersOf(book) };
    for (const [what, value] of Object.entries(counts))
      if (value !== head) found.push(`${bureau}: ${what} ${String(value)} of ${String(head)}`);
    if (book.first !== 1) found.push(`${bureau}: begins at ${String(book.first)}`);
    if (digest.inForce !== stream.inForce)
      found.push(`${bureau}: ${String(digest.inForce)} in force, ${String(stream.inForce)} by the registry`);
    if (digest.buckets !== stream.buckets) found.push(`${bureau}: the digests differ`);
  }
  return found;
}

function numbersOf({ seq, applied, distinct, last }: BookState): Readonly<Record<string, number | null>> {
  return { position: seq, applied, distinct, last };
}

async function streamsOf(sandbox: Sandbox): Promise<readonly Stream[]> {
  return asOwner(sandbox, async (client) => {
    const { rows } = await client.query<Stream>(
      `SELECT s.client_id AS bureau, h.feed_seq::int AS head, s.sealed_seq::int AS sealed, s.acked_seq::int AS acked,
         s.in_force::int AS "inForce",
         (SELECT encode(string_agg(coalesce(b.value, decode(repeat('00', 32), 'hex')), '' ORDER BY n), 'hex')
          FROM generate_series(0, 255) AS n LEFT JOIN stream_buckets b ON b.stream_id = s.stream_id AND b.bucket = n) AS buckets,
         (SELECT count(*)::int FROM sealed_items i WHERE i.stream_id = s.stream_id) AS items,
         (SELECT count(DISTINCT t.seq)::int FROM stamps t WHERE t.client_id = s.client_id AND t.state = 'stamped') AS stamps
       FROM streams s CROSS JOIN journal_head h ORDER BY 1`,
    );
    return rows;
  });
}
