/** What the doctor makes of rows that the processes leave behind: alarms, lists, connections, what waits to be published. */
import { maxAgeForLiftMs } from '#libs/signature/newest-lists.js';
import { bad, good, warning, type Diagnosis } from './diagnosis.js';

/** A lift or return that entries and signatures contradict. */
export interface NotedAlarm {
  readonly entryIndex: number;
  readonly fault: string;
  readonly ageMs: number;
}

/** The newest list of revoked certificates of one issuer. */
export interface NotedList {
  /** Hexadecimal SHA-256 of the issuer's certificate. */
  readonly issuer: string;
  readonly ageMs: number;
}

export interface RoleConnections {
  readonly role: string;
  /** −1: none. */
  readonly limit: number;
  readonly used: number;
}

/** How far the newest published checkpoint is behind the Journal. */
export interface Unpublished {
  /** Undefined before the first checkpoint. */
  readonly published: number | undefined;
  readonly size: number;
  /** Since the oldest entry that no published checkpoint holds. */
  readonly waitingMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const alarmsForMs = 30 * dayMs;
const fullAt = 0.8;
const waitsForMs = 60_000;

/** Of alarms in the order of time, newest first. */
export function diagnoseAlarms(alarms: readonly NotedAlarm[]): Diagnosis {
  const question = 'move alarms';
  const recent = alarms.filter(({ ageMs }) => ageMs < alarmsForMs);
  const [newest] = recent;
  if (newest === undefined)
    return good(question, alarms.length === 0 ? 'none' : `${alarms.length}, none in the last 30 days`);
  const found = `${recent.length} in the last 30 days, the newest ${hours(newest.ageMs)} h ago of entry ${newest.entryIndex}: ${newest.fault}`;
  const next = 'tool fsck names the row that lies; change the database passwords: docs/operations.md';
  // Alarms are never deleted, so one that was looked into stops being a failure after a day.
  return newest.ageMs < dayMs ? bad(question, found, next) : warning(question, found, next);
}

/** A list too old for a lift says that nobody asked since, or that the authority publishes none. */
export function diagnoseLists(lists: readonly NotedList[]): Diagnosis {
  const question = 'revocation lists';
  const old = lists.filter(({ ageMs }) => ageMs > maxAgeForLiftMs);
  const next =
    'open the authority’s address (crlUrls) from this machine; a lift waits until it gives a newer list';
  if (old.length > 0)
    return warning(
      question,
      old.map(({ issuer, ageMs }) => `of issuer ${issuer.slice(0, 12)} ${hours(ageMs)} h old`).join(', '),
      next,
    );
  const oldest = Math.max(...lists.map(({ ageMs }) => ageMs));
  return good(
    question,
    lists.length === 0 ? 'none was needed yet' : `of ${lists.length} issuers, at most ${hours(oldest)} h old`,
  );
}

/** A role at its limit cannot open a connection more, so its processes answer 503 one after the other. */
export function diagnoseConnections(roles: readonly RoleConnections[]): Diagnosis {
  const question = 'connections';
  const name = ({ role, limit, used }: RoleConnections): string =>
    limit < 0 ? `${role} uses ${used} and has no limit` : `${role} uses ${used} of ${limit}`;
  const limited = roles.filter(({ limit }) => limit >= 0);
  const full = limited.filter(({ used, limit }) => used >= limit);
  const next = 'look in pg_stat_activity who holds them; limits: docs/operations.md, CONNECTION LIMIT';
  if (full.length > 0) return bad(question, full.map(name).join(', '), next);
  const near = roles.filter(({ used, limit }) => limit < 0 || used >= limit * fullAt);
  return near.length > 0
    ? warning(question, near.map(name).join(', '), next)
    : good(question, limited.map(name).join(', '));
}

/** What the database itself says of its publication. */
export function diagnoseUnpublished({ published, size, waitingMs }: Unpublished): Diagnosis {
  const question = 'unpublished entries';
  const next = 'start the signer, and read what it says';
  if (published === undefined) return warning(question, `all ${size}: nothing was published yet`, next);
  const found = `${size - published} of ${size}, the oldest waits for ${Math.round(waitingMs / 1000)} s`;
  return waitingMs > waitsForMs ? warning(question, found, next) : good(question, found);
}

function hours(ms: number): number {
  return Math.floor(ms / hourMs);
}
