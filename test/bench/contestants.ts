/** What is measured, one line each in the order of the table, and what one turn of it is. */
import type { Job, Round } from './job.js';
import { placedOverHttp, withPlacings } from './placings.js';
import type { Stage } from './stage.js';
import { tilesTurns } from './tiles.js';

export interface Contestant {
  /** What `--only` chooses by. */
  readonly name: string;
  readonly connections: number;
  /** Where a turn takes long to prepare and others warm up the same processes. */
  readonly warmUpMs?: number;
  /** @param best the median of checks per second of this name's rounds so far, by name and connections */
  turn(stage: Stage, ms: number, best: Best): Promise<Round>;
}

/** What a contestant has reached so far, 0 before its first turn. */
export type Best = (name: string, connections: number) => number;

const host = '127.0.0.1';
/** The connections of the reference's pool, and of the database by itself. */
const poolSize = 16;
/** The open loop and the comparison with the database are at the number that the figures are about. */
const middle = 64;
/** Checks a call. */
const batchSizes = [1, 100, 1000, 10_000];
/** Before anything is known of DPoP: enough for the first turn on a fast machine. */
const firstProofsPerSecond = 6000;

/** Everybody, in the order of the table. */
export function contestants(connections: readonly number[]): readonly Contestant[] {
  const each = (make: (count: number) => Contestant): Contestant[] => connections.map(make);
  const open = connections.includes(middle) ? middle : (connections[0] ?? middle);
  return [
    ...each((count) => http('bare', count, bareJob)),
    ...each((count) => http('typeorm', count, referenceJob)),
    straight('pg', 'plain'),
    straight('pg-one', 'one'),
    ...each((count) => http('mtls', count, mutualTlsJob)),
    {
      ...{ name: 'open', connections: open },
      turn: async (stage, ms, best) => {
        // Half of its own maximum; by itself, without a closed loop before it, a modest rate.
        const perSecond = Math.max(Math.round(best('mtls', open) / 2), 200);
        return stage.hammer.run({ ...(await mutualTlsJob(stage, open, ms)), perSecond });
      },
    },
    {
      ...{ name: 'fsck', connections: open },
      turn: async (stage, ms) => {
        const job = await mutualTlsJob(stage, open, ms);
        const stopReading = stage.readWhole();
        const round = await stage.hammer.run(job);
        await stopReading();
        return round;
      },
    },
    {
      ...{ name: 'two', connections: open },
      turn: async (stage, ms) => {
        const second = await stage.secondLender();
        const job = await mutualTlsJob(stage, open, ms);
        const watched = { ...job.watched, node: [...job.watched.node, second.pid] };
        return stage.hammer.run({ ...job, watched, ports: [...job.ports, second.port] });
      },
    },
    {
      ...{ name: 'placings', connections: open, warmUpMs: 1000 },
      turn: async (stage, ms) => withPlacings(stage, ms, await mutualTlsJob(stage, open, ms)),
    },
    {
      ...{ name: 'placing-http', connections: poolSize },
      turn: (stage, ms, best) => {
        const { tls: _tls, ...job } = common(stage, poolSize, ms, stage.citizens());
        return placedOverHttp(stage, job, best('placing-http', poolSize));
      },
    },
    ...tilesTurns(open, mutualTlsJob),
    ...batchSizes.map(batches),
    ...each((count) => ({ name: 'dpop', connections: count, turn: dpopTurn(count) })),
  ];
}

/** Calls of so many checks each, from a few connections, as a lender's nightly queue would come. */
function batches(batch: number): Contestant {
  // More items at once than the writer's queue holds would be told to come later.
  const connections = batch < 10_000 ? 4 : 1;
  return {
    ...{ name: `batch-${String(batch)}`, connections },
    turn: async (stage, ms) => stage.hammer.run({ ...(await mutualTlsJob(stage, connections, ms)), batch }),
  };
}

type MakeJob = (stage: Stage, connections: number, ms: number) => Promise<Job>;

function http(name: string, connections: number, job: MakeJob): Contestant {
  return {
    ...{ name, connections },
    turn: async (stage, ms) => stage.hammer.run(await job(stage, connections, ms)),
  };
}

function straight(name: string, how: 'plain' | 'one'): Contestant {
  return {
    ...{ name, connections: poolSize },
    turn: (stage, ms) => {
      const watched = { node: [stage.straight.pid], postmaster: stage.sandbox.postmaster() };
      return stage.straight.run({ how, connections: poolSize, ms, database: stage.database, watched });
    },
  };
}

async function bareJob(stage: Stage, connections: number, ms: number): Promise<Job> {
  return { ...common(stage, connections, ms, [stage.bare.pid]), asks: 'bare', ports: [stage.bare.port] };
}

async function referenceJob(stage: Stage, connections: number, ms: number): Promise<Job> {
  const { pid, port } = stage.reference;
  // Its own table knows the sandbox's people and no loaded ones.
  const people = { ...stage.people, refused: 0 };
  const job = common(stage, connections, ms, [pid]);
  return {
    ...job,
    asks: 'reference',
    ports: [port],
    people,
    verify: { ...job.verify, jwks: stage.keys.reference },
  };
}

export async function mutualTlsJob(stage: Stage, connections: number, ms: number): Promise<Job> {
  const token = await stage.token('certificate');
  return {
    ...common(stage, connections, ms, stage.lenders()),
    asks: 'check',
    ports: [Number(new URL(stage.sandbox.urls.lenderTls).port)],
    headers: { authorization: `Bearer ${token}` },
  };
}

function dpopTurn(connections: number): Contestant['turn'] {
  return async (stage, ms, best) => {
    const token = await stage.token('key');
    const { tls, ...job } = common(stage, connections, ms, stage.lenders());
    const url = `${stage.sandbox.urls.lender}/v1/checks`;
    const perSecond = best('dpop', connections) * 1.5 || firstProofsPerSecond;
    return stage.hammer.run({
      ...job,
      asks: 'check',
      ports: [Number(new URL(url).port)],
      headers: { authorization: `DPoP ${token}` },
      dpop: { keyFile: tls.keyFile, token, url, proofs: Math.ceil((perSecond * ms) / 1000) },
    });
  };
}

function common(stage: Stage, connections: number, ms: number, node: readonly number[]) {
  const { origin, urls } = stage.sandbox.content;
  return {
    ...{ host, connections, ms, tls: stage.tls, people: stage.people, headers: {} },
    verify: { jwks: stage.keys.ours, issuer: urls.log, origin },
    watched: { node, postmaster: stage.sandbox.postmaster() },
  };
}
