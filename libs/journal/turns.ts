/**
 * What waits for the writer, party by party: each gives one of its acts in turn, so that the backlog of one delays the
 * others by one act of it and not by all. Adding and taking cost the same however much waits.
 */

/** The acts of one party, oldest first; those before `next` are taken. */
interface Backlog<T> {
  readonly party: string;
  items: T[];
  next: number;
}

export class Turns<T> {
  private readonly backlogs = new Map<string, Backlog<T>>();
  /** In the order of their turns; each has something that waits. */
  private readonly order: Backlog<T>[] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** How many acts of this party wait. */
  sizeOf(party: string): number {
    const backlog = this.backlogs.get(party);
    return backlog === undefined ? 0 : backlog.items.length - backlog.next;
  }

  add(party: string, item: T): void {
    this.count += 1;
    const known = this.backlogs.get(party);
    if (known !== undefined) return void known.items.push(item);
    const backlog = { party, items: [item], next: 0 };
    this.backlogs.set(party, backlog);
    this.order.push(backlog);
  }

  /** The next `count`, one of each party in turn, each party's in their order. */
  take(count: number): T[] {
    const taken: T[] = [];
    while (taken.length < count) {
      const backlog = this.order.shift();
      if (backlog === undefined) break;
      // Of a party that waits alone all are the next ones.
      const until = this.order.length === 0 ? backlog.next + count - taken.length : backlog.next + 1;
      for (; backlog.next < Math.min(until, backlog.items.length); backlog.next += 1) {
        const item = backlog.items[backlog.next];
        if (item !== undefined) taken.push(item);
      }
      if (backlog.next === backlog.items.length) this.backlogs.delete(backlog.party);
      else this.order.push(this.trimmed(backlog));
    }
    this.count -= taken.length;
    return taken;
  }

  /** Lets go of what was taken, once it is the larger part: each act is moved once on the average. */
  private trimmed(backlog: Backlog<T>): Backlog<T> {
    if (backlog.next * 2 < backlog.items.length) return backlog;
    backlog.items = backlog.items.slice(backlog.next);
    backlog.next = 0;
    return backlog;
  }
}
