/**
 * Refusal versions, by the letter: they rise by one with four kinds and with nothing else, each of which names the leaf
 * of the one before. A hidden or invented change shows as a break in this chain.
 */
import { countsVersion } from '#libs/journal/entry.js';
import { subjectText } from '#libs/subject/subject.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';

interface Counted {
  readonly version: number;
  /** Leaf hash of the newest entry that counted, base64url. */
  readonly leaf: string;
}

export class VersionReplay {
  private readonly people = new Map<string, Counted>();

  see({ row, kind, members }: ReadEntry): readonly Finding[] {
    if (row.subject === undefined) return [];
    const name = subjectText(row.subject);
    const before = this.people.get(name);
    const counts = countsVersion(kind);
    const version = (before?.version ?? 0) + (counts ? 1 : 0);
    const found: Finding[] = [];
    if (members['version'] !== version)
      found.push({
        code: 'version-differs',
        index: row.index,
        what: `states another version than ${version}`,
      });
    if (members['prev'] !== (counts ? before?.leaf : undefined))
      found.push({
        code: 'version-differs',
        index: row.index,
        what: 'prev is not the leaf that counted before',
      });
    if (counts) this.people.set(name, { version, leaf: row.leafHash.toString('base64url') });
    return found;
  }
}
