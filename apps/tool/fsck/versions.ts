/**
 * Refusal versions, by the letter: they rise by one with three kinds and with nothing else, each of which names the leaf
 * of the one before. A hidden or invented change shows as a break in this chain.
 */
import { countsVersion } from '#libs/journal/entry.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import { Rows, type SubjectNumbers } from './subject-numbers.js';

/** leaf hash of the newest entry that counted 32 · version 4, 0 for nobody's */
const [leafLength, width] = [32, 36];

export class VersionReplay {
  private readonly rows = new Rows(width);

  constructor(private readonly people: SubjectNumbers) {}

  see({ row, kind, members }: ReadEntry): readonly Finding[] {
    if (row.subject === undefined) return [];
    const counts = countsVersion(kind);
    const number = counts ? this.people.add(row.subject) : this.people.find(row.subject);
    const before = number === undefined ? undefined : this.rows.at(number);
    const last = before?.readUInt32BE(leafLength) ?? 0;
    const version = last + (counts ? 1 : 0);
    const found: Finding[] = [];
    if (members['version'] !== version)
      found.push({
        code: 'version-differs',
        index: row.index,
        what: `states another version than ${version}`,
      });
    const prev = counts && last > 0 ? before?.toString('base64url', 0, leafLength) : undefined;
    if (members['prev'] !== prev)
      found.push({
        code: 'version-differs',
        index: row.index,
        what: 'prev is not the leaf that counted before',
      });
    if (counts && before !== undefined) {
      row.leafHash.copy(before);
      before.writeUInt32BE(version, leafLength);
    }
    return found;
  }
}
