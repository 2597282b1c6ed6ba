/**
 * Row and entries of a refusal cannot be left apart: every move of the machine passes the database, alone and in batches,
 * and a row that differs in any one column from what its entries say is refused, whichever role writes it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uuidToId } from '#libs/journal/id.js';
import { Problem } from '#libs/problem/problem.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { parseIin, type Iin } from '#libs/subject/iin.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { auditAfterEach } from '../support/auditor.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';
import {
  refusalWriters,
  type Doing,
  type Forgery,
  type RefusalWriters,
  type Spoiled,
  type Writer,
} from '../support/refusal-writers.js';

const keys = newLookupKeys();
let database: TestDatabase;
let writers: RefusalWriters;
let people = 0;

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  writers = await refusalWriters(database, keys);
}, 60_000);
// No keys are published here and nobody signed, so there are only the tree and the hunt.
auditAfterEach(() => ({ database }));
afterAll(async () => {
  await writers.close();
  await database.drop();
});

const somebody = (): Iin => parseIin(iinOfPerson(people++));
const hours = (count: number): Promise<unknown> =>
  database.superuser.query('SELECT advance_clock($1)', [count]);
const hourMs = 3_600_000;

/** Ways to each state from which a move is tried; a number is so many hours of waiting. */
type Step = Doing | number;
const placed: Step = { do: 'place', lockHours: 0 };
const locked: Step = { do: 'place', lockHours: 12 };
const asked: Step = { do: 'lift', placeAgainAfterHours: 24 };

async function go(iin: Iin, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (typeof step === 'number') await hours(step);
    else expect(await writers.act(iin, step)).toMatchObject({ entryIndex: expect.any(Number) });
  }
}

const edges: readonly (readonly [what: string, before: readonly Step[], move: Doing])[] = [
  ['an inherited refusal', [], { do: 'inherit', placedAt: Date.UTC(2024, 1, 1) }],
  ['a first placing', [], { do: 'place', lockHours: 12 }],
  ['a lock that grows', [locked], { do: 'place', lockHours: 24 }],
  ['a lift of an inherited refusal', [{ do: 'inherit', placedAt: 0 }], { do: 'lift' }],
  ['a lift', [locked], { do: 'lift' }],
  ['a lift with a return', [locked], asked],
  ['a placing that calls a lift off', [locked, asked], { do: 'place', lockHours: 12 }],
  ['a placing that calls a lift off with a longer lock', [locked, asked], { do: 'place', lockHours: 24 }],
  ['a lift called off', [locked, asked], { do: 'cancel' }],
  ['a lift called off because of the certificate', [placed, asked], { do: 'revoked' }],
  ['a lift carried out', [placed, { do: 'lift' }], { do: 'carry out' }],
  ['a lift carried out that names a return', [placed, asked], { do: 'carry out' }],
  ['a return', [placed, asked, { do: 'carry out' }, 24], { do: 'return' }],
  ['a placing before the return', [locked, asked, 12, { do: 'carry out' }], { do: 'place', lockHours: 0 }],
  ['a second placing with a shorter lock', [locked, { do: 'lift' }, 12, { do: 'carry out' }], placed],
];

/** A row that is wrong in one column. Absent members become present and present ones absent or other. */
const spoils: readonly (readonly [column: string, spoil: (row: Refusal) => Spoiled])[] = [
  ['subject', ({ subject }) => ({ subject: { ...subject, bytes: Buffer.alloc(32, 7) } })],
  ['subject_epoch', ({ subject }) => ({ subject: { ...subject, epoch: 2 } })],
  ['state', ({ state }) => ({ state: state === 'none' ? 'in-force' : 'none' })],
  ['version', ({ version }) => ({ version: version + 1 })],
  ['lock_hours, less', ({ lockHours }) => ({ lockHours: lockHours > 0 ? 0 : 1 })],
  ['lock_hours, more', ({ lockHours }) => ({ lockHours: lockHours + 1 })],
  ['placed_at', ({ placedAt }) => ({ placedAt: (placedAt ?? 0) + 1 })],
  ['lift_requested_at', ({ liftRequestedAt }) => ({ liftRequestedAt: (liftRequestedAt ?? 0) + 1 })],
  ['lifts_at, sooner', ({ liftsAt, placedAt }) => ({ liftsAt: (liftsAt ?? placedAt ?? 1) - 1 })],
  ['lifts_at, later', ({ liftsAt }) => ({ liftsAt: (liftsAt ?? 0) + hourMs })],
  ['place_again_after_hours', (row) => ({ placeAgainAfterHours: (row.placeAgainAfterHours ?? 0) + 1 })],
  ['placed_again_at', ({ placedAgainAt }) => ({ placedAgainAt: (placedAgainAt ?? 0) + 1 })],
  ['requested_by', () => ({ requestedBy: '00000000-0000-7000-8000-000000000001' })],
  ['request_index', ({ requestIndex }) => ({ requestIndex: (requestIndex ?? 0) + 1 })],
  ['moved_leaf', () => ({ movedLeaf: Buffer.alloc(32) })],
  ['entry_index', ({ entryIndex }) => ({ entryIndex: entryIndex - 1 })],
];

const refused = { code: 'registry-unavailable', cause: { code: '23000' } };

describe.each(edges)('%s', (_what, before, move) => {
  it('passes as it is, and in no column otherwise', async () => {
    const iin = somebody();
    await go(iin, before);
    for (const [column, spoil] of spoils) {
      const outcome = await writers.act(iin, move, spoil).then(
        () => 'was written',
        (error: { cause?: { code?: unknown } }) => error.cause?.code,
      );
      expect([column, outcome]).toEqual([column, '23000']);
    }
    expect(await writers.act(iin, move)).toMatchObject({ entryIndex: expect.any(Number) });
  }, 60_000);
});

/** What a role with its password and no key of a citizen would leave, with a row that says the same. */
const none: Spoiled = {
  ...{ placedAt: undefined, liftRequestedAt: undefined, liftsAt: undefined, placeAgainAfterHours: undefined },
  ...{ placedAgainAt: undefined, requestedBy: undefined, requestIndex: undefined },
};
const prev = ({ movedLeaf }: Refusal) => ({ prev: movedLeaf.toString('base64url') });
const by = ({ requestedBy = '' }: Refusal) => ({ requestedBy: uuidToId('ent', requestedBy) });
const anothers = { requestedBy: uuidToId('ent', '00000000-0000-7000-8000-000000000001') };
const placing = (body: (before: Refusal) => object, lockHours: number, version: number): Forgery => ({
  ...{ kind: 'refusal.placed', version, body: (before) => ({ lockHours, ...body(before) }) },
  row: (_, at, { leafHash }) => ({
    ...none,
    state: 'in-force',
    lockHours,
    placedAt: at,
    movedLeaf: leafHash,
  }),
});
const lifting = (body: (before: Refusal) => object): Forgery => ({
  ...{ kind: 'refusal.lifted', version: 2, body: (before) => ({ ...body(before) }) },
  row: (before, at, { leafHash }) => ({
    ...{ state: 'none', placedAt: undefined, liftRequestedAt: undefined, liftsAt: undefined },
    ...{ movedLeaf: leafHash, placedAgainAt: before?.placeAgainAfterHours && at + 24 * hourMs },
  }),
});
const asking = (lockHours: number): Forgery => ({
  ...{ kind: 'lift.requested', version: 1, body: { lockHours } },
  row: (_, at, { uuid, index }) => ({
    ...{
      ...none,
      placedAt: _?.placedAt,
      state: 'lift-pending',
      liftRequestedAt: at,
      liftsAt: at + 12 * hourMs,
    },
    ...{ requestedBy: uuid, requestIndex: index },
  }),
});
const back: readonly Step[] = [locked, asked, 12, { do: 'carry out' }];
const forgeries: readonly (readonly [
  what: string,
  before: readonly Step[],
  writer: Writer,
  forgery: Forgery,
])[] = [
  ['a second placing with a longer lock', [locked], 'citizen', placing(prev, 24, 2)],
  ['a placing of a later version', back, 'citizen', placing(prev, 24, 5)],
  ['a placing after another leaf', [...back], 'citizen', placing(() => ({ prev: 'x' }), 24, 3)],
  [
    'a return too early, otherwise right',
    back,
    'clerk',
    placing((row) => ({ ...prev(row), ...by(row) }), 12, 3),
  ],
  ['a return with less lock', [...back, 24], 'clerk', placing((row) => ({ ...prev(row), ...by(row) }), 0, 3)],
  [
    'a return of another lift',
    [...back, 24],
    'clerk',
    placing((row) => ({ ...prev(row), ...anothers }), 12, 3),
  ],
  [
    'a lift too early, otherwise right',
    [locked, asked],
    'clerk',
    lifting((row) => ({ ...prev(row), ...by(row) })),
  ],
  ['a lift of another request', [placed, asked], 'clerk', lifting((row) => ({ ...prev(row), ...anothers }))],
  ['a lift after another leaf', [placed, asked], 'clerk', lifting((row) => ({ prev: 'x', ...by(row) }))],
  ['a request that names less lock', [locked], 'citizen', asking(0)],
  ['a second request', [locked, asked, 1], 'citizen', asking(12)],
  [
    ...(['a lock that grows while a lift is pending', [locked, asked], 'citizen'] as const),
    { kind: 'refusal.lock-grown', version: 1, body: { lockHours: 24 }, row: () => ({ lockHours: 24 }) },
  ],
  [
    ...(['a lift called off that nobody asked for', [locked], 'citizen'] as const),
    { kind: 'lift.cancelled', version: 1, body: {}, row: () => ({}) },
  ],
  [
    ...(['another request called off', [locked, asked], 'clerk'] as const),
    {
      kind: 'lift.cancelled',
      version: 1,
      body: anothers,
      row: (row) => ({ ...none, placedAt: row?.placedAt, state: 'in-force' }),
    },
  ],
  [
    'a lock that shrinks',
    [{ do: 'place', lockHours: 24 }],
    'citizen',
    { kind: 'refusal.lock-grown', version: 1, body: { lockHours: 0 }, row: () => ({ lockHours: 0 }) },
  ],
  [
    'a lift that names no lock and is due at once',
    [{ do: 'place', lockHours: 24 }],
    'citizen',
    {
      ...{ kind: 'lift.requested', version: 1, body: { lockHours: 0 } },
      row: (_, at, { uuid, index }) => ({
        ...{
          state: 'lift-pending',
          liftRequestedAt: at,
          liftsAt: at,
          requestedBy: uuid,
          requestIndex: index,
        },
      }),
    },
  ],
  [
    'a second placing over one in force, with a shorter lock',
    [{ do: 'place', lockHours: 24 }],
    'citizen',
    {
      ...{ kind: 'refusal.placed', version: 2, body: { lockHours: 0 } },
      row: (_, at, { leafHash }) => ({ lockHours: 0, placedAt: at, movedLeaf: leafHash }),
    },
  ],
  [
    'a lift that was not asked for',
    [placed],
    'clerk',
    {
      ...{ kind: 'refusal.lifted', version: 2, body: {} },
      row: (_, __, { leafHash }) => ({ state: 'none', placedAt: undefined, movedLeaf: leafHash }),
    },
  ],
  [
    'a lift before its hour',
    [locked, { do: 'lift' }],
    'clerk',
    {
      ...{ kind: 'refusal.lifted', version: 2, body: {} },
      row: (_, __, { leafHash }) => ({
        ...{ state: 'none', placedAt: undefined, liftRequestedAt: undefined, liftsAt: undefined },
        movedLeaf: leafHash,
      }),
    },
  ],
  [
    'a placing by the clerk that no lift asked for',
    [],
    'clerk',
    {
      ...{ kind: 'refusal.placed', version: 1, body: { lockHours: 168 } },
      row: (_, at, { leafHash }) => ({
        state: 'in-force',
        lockHours: 168,
        placedAt: at,
        movedLeaf: leafHash,
      }),
    },
  ],
  [
    'a return before its hour',
    [placed, asked, { do: 'carry out' }],
    'clerk',
    {
      ...{ kind: 'refusal.placed', version: 3, body: { lockHours: 0, requestedBy: 'ent_x' } },
      row: (_, at, { leafHash }) => ({
        ...{ state: 'in-force', placedAt: at, movedLeaf: leafHash, placeAgainAfterHours: undefined },
        ...{ placedAgainAt: undefined, requestedBy: undefined, requestIndex: undefined },
      }),
    },
  ],
  [
    'a refusal inherited over one that stands',
    [{ do: 'place', lockHours: 24 }],
    'tool',
    {
      ...{
        kind: 'refusal.inherited',
        version: 2,
        body: { lockHours: 0, placedAt: '2024-01-01T00:00:00.000Z' },
      },
      row: (_, __, { leafHash }) => ({ lockHours: 0, placedAt: Date.UTC(2024, 0, 1), movedLeaf: leafHash }),
    },
  ],
];

it.each(forgeries)('%s is refused although entry and row agree', async (_what, before, writer, forgery) => {
  const iin = somebody();
  await go(iin, before);
  await expect(writers.forge(writer, iin, forgery)).rejects.toMatchObject(refused);
});

describe('an entry', () => {
  it('that places or lifts comes with its row', async () => {
    await expect(
      writers.act(somebody(), { do: 'place', lockHours: 0 }, (row) => ({
        entryIndex: row.entryIndex,
        subject: other,
      })),
    ).rejects.toMatchObject(refused);
  });
});
const other = { epoch: 1, bytes: Buffer.alloc(32, 9) };

describe('a batch', () => {
  it('moves a person several times, and the others although one act of it is refused', async () => {
    const [many, wrong] = [somebody(), somebody()];
    const others = Array.from({ length: 40 }, somebody);
    const all = await Promise.allSettled([
      writers.act(many, { do: 'place', lockHours: 12 }),
      writers.act(many, { do: 'lift', placeAgainAfterHours: 24 }),
      writers.act(many, { do: 'place', lockHours: 24 }),
      ...others.slice(0, 20).map((iin) => writers.act(iin, { do: 'place', lockHours: 0 })),
      writers.act(wrong, { do: 'place', lockHours: 24 }, () => ({ lockHours: 0 })),
      ...others.slice(20).map((iin) => writers.act(iin, { do: 'place', lockHours: 0 })),
    ]);
    expect(all.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
    expect(all[23]).toMatchObject({ status: 'rejected', reason: refused });
  });

  it('of many parts moves a person in each of them', async () => {
    const iin = somebody();
    const others = Array.from({ length: 100 }, somebody);
    const [first, ...rest] = others.map((each) => writers.act(each, { do: 'place', lockHours: 0 }));
    const own = [
      writers.act(iin, { do: 'place', lockHours: 0 }),
      ...others.slice(0, 60).map((each) => writers.act(each, { do: 'lift' })),
      writers.act(iin, { do: 'lift' }),
    ];
    await Promise.all([first, ...rest, ...own]);
    expect(await writers.act(iin, { do: 'carry out' })).toMatchObject({ state: 'none', version: 2 });
  });
});

const doings: fc.Arbitrary<Doing | 'wait'> = fc.oneof(
  fc.record({ do: fc.constant('place' as const), lockHours: fc.constantFrom(0, 12, 24) }),
  fc.record(
    { do: fc.constant('lift' as const), placeAgainAfterHours: fc.constantFrom(24, 72) },
    { requiredKeys: ['do'] },
  ),
  fc.record({
    do: fc.constantFrom('cancel', 'carry out', 'carry out', 'revoked', 'return'),
  }) as fc.Arbitrary<Doing>,
  fc.constant('wait' as const),
);

it('whatever people and the clerk do in whatever order, no honest row is refused', async () => {
  const histories = fc.array(fc.tuple(fc.nat(5), doings), { minLength: 60, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const crowd = Array.from({ length: 6 }, somebody);
      for (const round of chunks(history, 6)) {
        if (round.some(([, doing]) => doing === 'wait')) await hours(12);
        const moves = round.flatMap(([who, doing]) => {
          const iin = crowd[who];
          return doing === 'wait' || iin === undefined ? [] : [writers.act(iin, doing)];
        });
        for (const outcome of await Promise.allSettled(moves))
          if (outcome.status === 'rejected') {
            expect(outcome.reason).toBeInstanceOf(Problem);
            expect((outcome.reason as Problem).code).not.toBe('registry-unavailable');
          }
      }
    }),
    { numRuns: 10 },
  );
}, 120_000);

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, place) =>
    all.slice(place * size, (place + 1) * size),
  );
}
