/**
 * What waits for the writer, in two lanes: a person stands behind each single act, a queue of open applications behind
 * the bulk. In each lane the parties take turns, so that the backlog of one delays nobody else. Singles go first, and
 * while there are any the bulk has a few acts of a batch, because the next single waits for all of it; alone, the bulk
 * has the whole batch. Neither lane starves.
 */
import { Turns } from './turns.js';

/** Which lane an act waits in. */
export type Lane = 'single' | 'bulk';

/** As many batches without a single mean that no person is about. */
const calmBatches = 16;

export class Lanes<T> {
  private readonly waiting: Readonly<Record<Lane, Turns<T>>> = { single: new Turns(), bulk: new Turns() };
  private sinceSingle = calmBatches;

  /**
   * @param most how many may wait in each lane; beyond it whoever comes is told so at once. One party may have half.
   * @param besideSingles acts of the bulk in a batch while there are singles
   */
  constructor(
    private readonly most: Readonly<Record<Lane, number>>,
    private readonly besideSingles: number,
  ) {}

  get size(): number {
    return this.waiting.single.size + this.waiting.bulk.size;
  }

  /** Whether this lane takes one more. */
  hasRoom(lane: Lane): boolean {
    return this.waiting[lane].size < this.most[lane];
  }

  /** Whether this party may have one more in this lane; the process itself may have all. */
  hasRoomFor(lane: Lane, party: string): boolean {
    return party === '' || this.waiting[lane].sizeOf(party) < Math.ceil(this.most[lane] / 2);
  }

  add(lane: Lane, party: string, item: T): void {
    this.waiting[lane].add(party, item);
  }

  /** The next batch of at most `count`, singles in front. */
  take(count: number): T[] {
    const { single, bulk } = this.waiting;
    this.sinceSingle = single.size > 0 ? 0 : this.sinceSingle + 1;
    const most = this.sinceSingle < calmBatches ? this.besideSingles : count;
    const forBulk = Math.min(bulk.size, most, Math.max(Math.floor(count / 4), count - single.size));
    const first = single.take(count - forBulk);
    for (const item of bulk.take(forBulk)) first.push(item);
    return first;
  }

  /** Everything that waits. */
  takeAll(): T[] {
    const { single, bulk } = this.waiting;
    return [...single.take(single.size), ...bulk.take(bulk.size)];
  }
}
