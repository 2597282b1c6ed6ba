/**
 * What making tiles costs, and how long entries wait for them. The same load runs with the signer at work (`tiles`) and
 * with the signer standing still (`no-tiles`), which catches up before the next turn; `arriving` sends 5 000 entries a
 * second. A line beside the table says for how long the oldest entry of each checkpoint of those turns had waited.
 * `log-fsck` measures how fast an outsider hashes a log: entries a second of `tool fsck --log`, over HTTP.
 */
import { eventually } from '../support/eventually.js';
import { PublishedLog } from '../support/published-log.js';
import { asOwner } from '../support/sandbox-database.js';
import type { Job, Round } from './job.js';
import type { Stage } from './stage.js';

interface Turn {
  readonly name: string;
  readonly connections: number;
  turn(stage: Stage, ms: number): Promise<Round>;
}

type MakeJob = (stage: Stage, connections: number, ms: number) => Promise<Job>;

/** Five calls of a thousand items each second, from as few connections as a lender's queue has. */
const arriving = { batch: 1000, perSecond: 5, connections: 4 };
/** A catch-up hashes what a turn left behind, at ten times the speed at which it came. */
const caughtUpWithinMs = 60_000;
/** Enough for some seconds of hashing. */
const entriesPerMs = 200;

export function tilesTurns(connections: number, check: MakeJob): readonly Turn[] {
  return [
    {
      ...{ name: 'tiles', connections },
      turn: watched('tiles', async (stage, ms) => stage.hammer.run(await check(stage, connections, ms))),
    },
    {
      ...{ name: 'no-tiles', connections },
      turn: async (stage, ms) => {
        const job = await check(stage, connections, ms);
        const signer = stage.sandbox.processOf('clerk-signer');
        if (signer === undefined) throw new Error('the sandbox has no signer');
        process.kill(signer.pid, 'SIGSTOP');
        try {
          return await stage.hammer.run(job);
        } finally {
          process.kill(signer.pid, 'SIGCONT');
          await caughtUp(stage);
        }
      },
    },
    {
      ...{ name: 'arriving', connections: arriving.connections },
      turn: watched('arriving', async (stage, ms) =>
        stage.hammer.run({ ...(await check(stage, arriving.connections, ms)), ...arriving }),
      ),
    },
    { name: 'log-fsck', connections: 1, turn: hashed },
  ];
}

/** Says after each turn what the lag of all turns so far was. */
function watched(name: string, run: Turn['turn']): Turn['turn'] {
  const lags: number[] = [];
  return async (stage, ms) => {
    await caughtUp(stage);
    const from = await publishedSize(stage);
    const round = await run(stage, ms);
    await caughtUp(stage);
    lags.push(...(await lagsSince(stage, from)));
    const sorted = lags.toSorted((a, b) => a - b);
    const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
    process.stderr.write(
      `\n${name}: ${lags.length} checkpoints, publication lag p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`,
    );
    return round;
  };
}

/** Resolves when everything that was committed before is published. */
async function caughtUp(stage: Stage): Promise<void> {
  const [head] = await rowsOf(stage, 'SELECT size FROM journal_head');
  const size = head ?? 0;
  await eventually(
    'the signer has caught up',
    () => publishedSize(stage),
    (at) => at >= size,
    caughtUpWithinMs,
  );
}

async function publishedSize(stage: Stage): Promise<number> {
  const [size] = await rowsOf(
    stage,
    'SELECT coalesce(max(size), 0) AS size FROM checkpoints WHERE published_at IS NOT NULL',
  );
  return size ?? 0;
}

function lagsSince(stage: Stage, size: number): Promise<readonly number[]> {
  return rowsOf(
    stage,
    `SELECT lag_ms AS size FROM checkpoints WHERE published_at IS NOT NULL AND size > ${String(size)}`,
  );
}

function rowsOf({ sandbox }: Stage, sql: string): Promise<readonly number[]> {
  return asOwner(sandbox, async (client) => {
    const { rows } = await client.query<{ size: string | number }>(sql);
    return rows.map(({ size }) => Number(size));
  });
}

/** A log of nobody, hashed by the tool as an outsider would; the bench serves it. */
async function hashed({ sandbox }: Stage, ms: number): Promise<Round> {
  const log = new PublishedLog().growTo(ms * entriesPerMs);
  log.publish();
  const base = await log.listen();
  try {
    const { code, out, err } = await sandbox.tool([
      ...['fsck', '--json', '--log', base, '--log-key', log.key.vkey, '--quorum', '0'],
    ]);
    if (code !== 0) throw new Error(`the log is not what it should be: ${out}${err}`);
    const { seconds } = JSON.parse(out) as { readonly seconds: number };
    return {
      ...{ answered: log.size, seconds, p50: 0, p99: 0, max: 0, verified: log.size, faults: {} },
      cpu: { node: 0, postgres: 0, client: 0 },
    };
  } finally {
    await log.close();
  }
}
