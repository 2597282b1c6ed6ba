/**
 * What waits for the writer, in two lanes: a person stands behind each single act, a queue of open applications behind
 * the bulk. Singles go first, but a quarter of every batch is the bulk's while it waits, so that neither starves.
 */

/** Which lane an act waits in. */
export type Lane = 'single' | 'bulk';

export class Lanes<T> {
  private readonly waiting: Readonly<Record<Lane, T[]>> = { single: [], bulk: [] };

  /** @param most how many may wait in each lane; beyond it whoever comes is told so at once. */
  constructor(private readonly most: Readonly<Record<Lane, number>>) {}

  get size(): number {
    return this.waiting.single.length + this.waiting.bulk.length;
  }

  /** Whether this lane takes one more. */
  hasRoom(lane: Lane): boolean {
    return this.waiting[lane].length < this.most[lane];
  }

  add(lane: Lane, item: T): void {
    this.waiting[lane].push(item);
  }

  /** The next batch of at most `count`, singles in front, each lane in its order of arrival. */
  take(count: number): T[] {
    const { single, bulk } = this.waiting;
    const reserved = Math.min(bulk.length, Math.floor(count / 4));
    const first = single.splice(0, count - reserved);
    return first.concat(bulk.splice(0, count - first.length));
  }
}
