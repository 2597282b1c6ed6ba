/**
 * The writer under bad luck, as one table: what broke, whether what was under way was persisted, and whether those who
 * waited are answered, told to come again, or told nothing. In each row nothing answered is lost, nothing contradicts,
 * others go on meanwhile, and nobody has to help. Rows are played a few at a time, each in a database of its own,
 * because silence is long and costs nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Break } from '../support/breaking-proxy.js';
import { ownCluster, type OwnCluster } from '../support/own-cluster.js';
import { play, type Fault, type FaultScene, type Played } from '../support/fault-scene.js';

type Persisted = 'persisted' | 'not persisted' | 'either';
/** Those who waited: answered without a word, sent away with a 503, or left without any answer by a killed process. */
type Waiting = 'answered' | 'sent away' | 'unanswered' | 'answered or sent away';
type Row = readonly [what: string, fault: Fault, persisted: Persisted, waiting: Waiting];
/** Rows that kill a server, which only they have. */
const killers = new Set<Fault>();

const lock = 'FOR UPDATE';
const look = 'journal.look';
const append = 'journal.append';
const commit = 'COMMIT';
const sent = 'before it is sent';
const answered = 'before its answer';

type Moment = readonly [Break['statement'], Break['when'], Persisted];

/** Lock and look leave together, as do append and COMMIT; of those the server may do one and find nobody for the other. */
const moments: readonly Moment[] = [
  [lock, sent, 'not persisted'],
  [lock, answered, 'not persisted'],
  [look, answered, 'not persisted'],
  [append, sent, 'not persisted'],
  [append, answered, 'either'],
  [commit, answered, 'either'],
];

const lines: readonly Row[] = (['hangs up', 'falls silent'] as const).flatMap((how) =>
  moments.map(([statement, when, persisted]): Row => {
    return [
      `the line ${how} at ${statement}, ${when}`,
      { at: { statement, when, how } },
      persisted,
      'answered',
    ];
  }),
);

/** What a process is killed or frozen after; before the next statement is sent it is no different. */
const processes: readonly Row[] = moments
  .filter(([, when]) => when === answered)
  .flatMap(([statement, when, persisted]): Row[] => {
    const where = `at ${statement}, ${when}`;
    const killed: Fault = { at: { statement, when, how: 'hangs up' }, signal: 'SIGKILL' };
    const frozen: Fault = { at: { statement, when, how: 'goes on' }, signal: 'SIGSTOP' };
    return [
      [`the app is killed ${where}`, killed, persisted, 'unanswered'],
      [`the app is frozen ${where}, and wakes`, frozen, persisted, 'answered'],
    ];
  });

const sql =
  (text: string) =>
  ({ database }: FaultScene): Promise<unknown> =>
    database.superuser.query(text);
const failing = (sqlstate: string, timing: string): Pick<Fault, 'harm' | 'heal'> => ({
  harm: sql(`CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'failing' USING ERRCODE = '${sqlstate}'; END $$;
     CREATE ${timing} ON heads ${timing.startsWith('CONSTRAINT') ? 'DEFERRABLE INITIALLY DEFERRED' : ''}
       FOR EACH ROW EXECUTE FUNCTION failing()`),
  heal: sql('DROP FUNCTION failing() CASCADE'),
});
const atAppend = 'TRIGGER failing BEFORE INSERT';
const atCommit = 'CONSTRAINT TRIGGER failing AFTER INSERT';
const withoutPartition = (table: string): Fault => {
  const part = `format('${table}_%s', to_char(registry_now() AT TIME ZONE 'UTC', 'YYYYMMDD'))`;
  const alter = (verb: string, how: string): string =>
    `DO $$ BEGIN EXECUTE format('ALTER TABLE ${table} ${verb} PARTITION %I %s', ${part}, ${how}); END $$`;
  return {
    harm: sql(`CREATE TABLE bounds AS SELECT pg_get_expr(relpartbound, oid) AS text FROM pg_class
      WHERE relname = ${part}; ${alter('DETACH', `''`)}`),
    heal: sql(`${alter('ATTACH', '(SELECT text FROM bounds)')}; DROP TABLE bounds`),
  };
};
/** Not even the owner may lower it. */
const stepRegistryTime = (ms: number) =>
  sql(`BEGIN; SET LOCAL session_replication_role = replica;
       UPDATE journal_head SET clock_offset_ms = clock_offset_ms + ${ms}; COMMIT`);
const hourMs = 3_600_000;

const faultsOfTheDatabase: readonly Row[] = (
  [
    ['the disk is full at the append', failing('53100', atAppend)],
    ['the disk is full at COMMIT', failing('53100', atCommit)],
    ['the server stands by', failing('25006', atAppend)],
    ['every append is a deadlock', failing('40P01', atAppend)],
    ['a unique violation stays', failing('23505', atAppend)],
    ['today has no partition for keys', withoutPartition('idempotency_keys')],
    ['today has no partition for checks', withoutPartition('checks')],
    [
      'the right to append is gone',
      {
        harm: sql('REVOKE INSERT ON heads FROM tyiym_lender'),
        heal: sql('GRANT INSERT ON heads TO tyiym_lender'),
      },
    ],
    [
      'nobody answers at the address of the database',
      {
        harm: async ({ line, database }: FaultScene) => {
          line.swallow(true);
          await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
            AND usename = 'tyiym_lender'`)({ database } as FaultScene);
        },
        heal: ({ line }: FaultScene) => Promise.resolve(line.swallow(false)),
      },
    ],
    [
      'the time of the registry steps back an hour',
      {
        before: sql('SELECT advance_clock(1)'),
        harm: stepRegistryTime(-hourMs),
        heal: stepRegistryTime(hourMs),
      },
    ],
    // Until the last entry is a second old time stands still instead, which is within what is allowed.
    ['the clock of the app steps back an hour', { clockOffByMs: -hourMs, harm: sql('SELECT pg_sleep(1.1)') }],
    ['the clock of the app leaps an hour ahead', { clockOffByMs: hourMs }],
  ] as const
).map(([what, fault]): Row => [what, fault, 'not persisted', 'sent away']);

const clocks: readonly Row[] = [
  ['the clock of the app steps back by less than a second', { clockOffByMs: -600 }, 'either', 'answered'],
];

let cluster: OwnCluster;

/** A server that loses one of its sessions to kill −9 starts again by itself; one that is killed by its supervisor. */
const servers: readonly Row[] = moments
  .filter(([statement, when]) => when === answered && statement !== look && statement !== lock)
  .flatMap(([statement, when, persisted]): Row[] => {
    const at = { statement, when, how: 'hangs up' } as const;
    const server = { kill: () => cluster.kill(), startAgain: () => cluster.startAgain() };
    let session = 0;
    const findSession = async ({ database }: FaultScene): Promise<void> => {
      const { rows } = await database.owner.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      session = rows[0]?.pid ?? 0;
    };
    const all: Fault = { at, strike: server.kill, heal: server.startAgain };
    const one: Fault = { at, before: findSession, strike: () => process.kill(session, 'SIGKILL') };
    killers.add(all).add(one);
    return [
      [`PostgreSQL is killed at ${statement}, ${when}`, all, persisted, 'answered or sent away'],
      [`a session of PostgreSQL is killed at ${statement}, ${when}`, one, persisted, 'answered or sent away'],
    ];
  });

const rows = [...lines, ...processes, ...faultsOfTheDatabase, ...clocks, ...servers].map(
  ([what, fault, persisted, waiting]) => ({ what, fault, persisted, waiting }),
);

/** So many play at once: most of them only wait. */
const atOnce = 8;
const played = new Map<object, Promise<Played>>();

beforeAll(async () => {
  cluster = await ownCluster();
  const lanes = Array.from({ length: atOnce }, () => Promise.resolve<unknown>(undefined));
  rows.forEach((row, place) => {
    // Who shares a server cannot do without it at the same time.
    const lane = killers.has(row.fault) ? 0 : place % atOnce;
    const server = lane === 0 ? cluster : undefined;
    const result = (lanes[lane] ?? Promise.resolve()).then(() => play(row.fault, server));
    lanes[lane] = result.catch(() => undefined);
    played.set(row, result);
  });
}, 60_000);
afterAll(async () => {
  await Promise.allSettled(played.values());
  await cluster.close();
}, 60_000);

describe('nothing answered is lost and nothing contradicts', () => {
  it.each(rows)(
    'when $what ($persisted): those who waited are $waiting',
    async (row) => {
      const { answered: count, waited, wasPersisted, goesOn, faults } = (await played.get(row)) as Played;
      expect(faults).toEqual([]);
      if (row.waiting !== 'answered or sent away')
        expect(count).toBe(row.waiting === 'answered' ? waited : 0);
      if (row.persisted !== 'either') expect(wasPersisted).toBe(row.persisted === 'persisted');
      expect(goesOn).toBe(true);
    },
    60_000,
  );
});
