/**
 * The refusal of everybody whose refusal an entry ever moved. Nearly all of them were placed once and never touched
 * again, and take a row of fixed width; the others are kept as they are.
 */
import type { SubjectKey } from '#libs/subject/subject.js';
import type { Standing } from './standing.js';
import { Rows, type SubjectNumbers } from './subject-numbers.js';

/** leaf 32 · placed at 8 · entry 8 · hours 4 · what is known 1 · compared 1 */
const [placedAt, entry, hours, known, compared, width] = [32, 40, 48, 52, 53, 54];
/** Nothing · placed once, all of it in the row · anything else, in `moved`. */
const [nothing, placedOnce, other] = [0, 1, 2];

export class Standings {
  private readonly rows = new Rows(width);
  private readonly moved = new Map<number, Standing>();

  constructor(private readonly people: SubjectNumbers) {}

  get(subject: SubjectKey): Standing | undefined {
    const number = this.people.find(subject);
    return number === undefined ? undefined : this.at(number);
  }

  /** Whether a refusal is in force, a pending lift included. */
  isRefused(subject: SubjectKey): boolean {
    const number = this.people.find(subject);
    if (number === undefined) return false;
    const is = this.rows.at(number)[known];
    if (is !== other) return is === placedOnce;
    return this.moved.get(number)?.state !== 'none';
  }

  set(subject: SubjectKey, standing: Standing): void {
    const number = this.people.add(subject);
    const row = this.rows.at(number);
    if (isPlacedOnce(standing)) {
      row[known] = placedOnce;
      standing.movedLeaf.copy(row);
      row.writeDoubleBE(standing.placedAt, placedAt);
      row.writeDoubleBE(standing.entryIndex, entry);
      row.writeUInt32BE(standing.lockHours, hours);
      this.moved.delete(number);
    } else {
      row[known] = other;
      this.moved.set(number, standing);
    }
  }

  /** The standing, which now counts as compared with its row of `refusals`. */
  compare(subject: SubjectKey): Standing | undefined {
    const number = this.people.find(subject);
    if (number === undefined) return undefined;
    this.rows.at(number)[compared] = 1;
    return this.at(number);
  }

  /** Those that were not compared. */
  *left(): Generator<Standing> {
    for (let number = 0; number < this.people.count; number += 1) {
      const standing = this.rows.at(number)[compared] === 0 ? this.at(number) : undefined;
      if (standing !== undefined) yield standing;
    }
  }

  private at(number: number): Standing | undefined {
    const row = this.rows.at(number);
    if (row[known] === nothing) return undefined;
    if (row[known] === other) return this.moved.get(number);
    return {
      subject: this.people.subjectAt(number),
      ...{ state: 'in-force', version: 1, lockHours: row.readUInt32BE(hours) },
      ...{ placedAt: row.readDoubleBE(placedAt), movedLeaf: Buffer.from(row.subarray(0, 32)) },
      entryIndex: row.readDoubleBE(entry),
    };
  }
}

/** The members of a standing that was placed once, and no more. */
const membersOfOne = 7;

function isPlacedOnce(standing: Standing): standing is Standing & { readonly placedAt: number } {
  const { state, version, lockHours, movedLeaf } = standing;
  return (
    state === 'in-force' &&
    version === 1 &&
    standing.placedAt !== undefined &&
    movedLeaf.length === 32 &&
    Number.isInteger(lockHours) &&
    lockHours >= 0 &&
    lockHours < 2 ** 32 &&
    Object.keys(standing).length === membersOfOne
  );
}
