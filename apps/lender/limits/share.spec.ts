import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { floorOf, shareOf, type Claim, type Sharing } from './share.js';

const sharing = (changes: Partial<Sharing>): Sharing => ({
  ...{ quota: 1000, processes: 2, demand: 0, others: [], isKnown: true },
  ...changes,
});

describe('a share', () => {
  it('is the whole quota for a process that is alone', () => {
    expect(shareOf(sharing({ processes: 1, isKnown: false }))).toBe(1000);
    expect(shareOf(sharing({ processes: 1, demand: 5000 }))).toBe(1000);
  });

  it('is the floor until the others have heard of the process, whatever they seem to leave', () => {
    expect(shareOf(sharing({ demand: 5000, isKnown: false }))).toBe(50);
  });

  it('gives a busy process beside an idle one all but what the idle one is sure of', () => {
    const busy = shareOf(sharing({ demand: 5000, others: [{ demand: 0, held: 50 }] }));
    const idle = shareOf(sharing({ demand: 0, others: [{ demand: 5000, held: busy }] }));
    expect([busy, idle]).toEqual([950, 50]);
  });

  it('splits what nobody asks for evenly, so that either may become busy at once', () => {
    expect(shareOf(sharing({ demand: 100, others: [{ demand: 100, held: 50 }] }))).toBe(500);
  });

  it('is never more than the others leave, however much is asked', () => {
    expect(shareOf(sharing({ demand: 5000, others: [{ demand: 0, held: 900 }] }))).toBe(100);
  });

  it('is at least one check a second, also of a quota smaller than the number of processes', () => {
    const others: Claim[] = [1, 1, 1].map((held) => ({ demand: 9, held }));
    expect(shareOf(sharing({ quota: 2, processes: 4, demand: 9, others }))).toBe(1);
  });
});

/** A process as the others see it, and the share it counts against. */
interface Process {
  readonly id: number;
  knows: number;
  isKnown: boolean;
  claim: Claim | undefined;
}

/** One beat of each process in a fixed order, as a second brings it; the table is what has been claimed. */
class Fleet {
  readonly alive: Process[] = [];
  private readonly dead: { claim: Claim | undefined; beatsLeft: number }[] = [];
  private born = 0;

  constructor(private readonly quota: number) {}

  join(): Process {
    const process = { id: (this.born += 1), knows: 0, isKnown: false, claim: undefined };
    this.alive.push(process);
    return process;
  }

  die(place: number): void {
    const [gone] = this.alive.splice(place % this.alive.length, 1);
    if (gone !== undefined) this.dead.push({ claim: gone.claim, beatsLeft: 3 });
  }

  beat(process: Process, demand: number | undefined): void {
    const listed = this.alive.filter((each) => each === process || each.knows > 0);
    const rows = [...listed.filter((each) => each !== process), ...this.dead];
    const others = rows.flatMap(({ claim }) => (claim === undefined ? [] : [claim]));
    const processes = rows.length + 1;
    process.claim =
      demand === undefined
        ? undefined
        : {
            demand,
            held: shareOf({ quota: this.quota, processes, demand, others, isKnown: process.isKnown }),
          };
    Object.assign(process, { knows: processes, isKnown: true });
  }

  second(): void {
    for (const each of this.dead) each.beatsLeft -= 1;
    this.dead.splice(0, this.dead.length, ...this.dead.filter(({ beatsLeft }) => beatsLeft > 0));
  }

  /** Checks a second that all of them together would answer now. */
  sum(): number {
    return this.alive
      .filter(({ knows }) => knows > 0)
      .reduce((sum, { claim, knows }) => sum + (claim?.held ?? floorOf(this.quota, knows)), 0);
  }
}

describe('shares of many processes', () => {
  const second = fc.record({
    joins: fc.nat(2),
    dies: fc.option(fc.nat(9), { freq: 3, nil: undefined }),
    demands: fc.array(fc.option(fc.nat(3000), { freq: 4, nil: undefined }), { minLength: 8, maxLength: 8 }),
  });

  it('exceed the quota by a tenth at most, while processes join, die, wake and fall silent', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 10_000 }),
        fc.array(second, { maxLength: 12 }),
        (quota, seconds) => {
          const fleet = new Fleet(quota);
          fleet.beat(fleet.join(), undefined);
          for (const { joins, dies, demands } of seconds) {
            if (dies !== undefined && fleet.alive.length > 1) fleet.die(dies);
            for (let count = 0; count < joins && fleet.alive.length < 8; count += 1) fleet.join();
            for (const [place, process] of fleet.alive.entries()) {
              fleet.beat(process, demands[place]);
              expect(fleet.sum()).toBeLessThanOrEqual(quota * 1.1);
            }
            fleet.second();
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('come to the whole quota again within four seconds of a death, and stay within it', () => {
    const fleet = new Fleet(1000);
    for (let count = 0; count < 3; count += 1) fleet.join();
    const seconds = (count: number): void => {
      for (let passed = 0; passed < count; passed += 1) {
        for (const process of fleet.alive) fleet.beat(process, 2000);
        fleet.second();
      }
    };
    seconds(4);
    expect(fleet.sum()).toBeGreaterThanOrEqual(997);
    fleet.die(0);
    expect(fleet.sum()).toBeLessThan(700);
    seconds(4);
    expect(fleet.sum()).toBeGreaterThanOrEqual(997);
    expect(fleet.sum()).toBeLessThanOrEqual(1000);
  });
});
