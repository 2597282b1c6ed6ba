/** What the doctor makes of noted rows, by their ages and numbers. */
import { describe, expect, it } from '@jest/globals';
import { diagnoseAlarms, diagnoseConnections, diagnoseLists, diagnoseUnpublished } from './noted.js';

const hourMs = 3_600_000;

describe('alarms of moves', () => {
  const alarm = (days: number) => ({ entryIndex: 7, fault: 'no-document', ageMs: days * 24 * hourMs });
  it.each([
    ['good', 'none', []],
    ['good', '1, none in the last 30 days', [alarm(31)]],
    ['warning', '1 in the last 30 days, the newest 48 h ago of entry 7: no-document', [alarm(2), alarm(31)]],
    ['bad', '2 in the last 30 days, the newest 12 h ago of entry 7: no-document', [alarm(0.5), alarm(2)]],
  ] as const)('are %s: %s', (answer, found, alarms) => {
    expect(diagnoseAlarms(alarms)).toMatchObject({ answer, found });
  });
});

describe('lists of revoked certificates', () => {
  const list = (hours: number) => ({ issuer: 'ab'.repeat(32), ageMs: hours * hourMs });
  it.each([
    ['good', 'none was needed yet', []],
    ['good', 'of 2 issuers, at most 25 h old', [list(1), list(25)]],
    ['warning', 'of issuer abababababab 27 h old', [list(27), list(1)]],
  ] as const)('are %s: %s', (answer, found, lists) => {
    expect(diagnoseLists(lists)).toMatchObject({ answer, found });
  });
});

describe('connections', () => {
  const of = (limit: number, used: number) => ({ role: 'tyiym_log', limit, used });
  it.each([
    ['good', 'tyiym_log uses 7 of 10', of(10, 7)],
    ['warning', 'tyiym_log uses 8 of 10', of(10, 8)],
    ['warning', 'tyiym_log uses 8 and has no limit', of(-1, 8)],
    ['bad', 'tyiym_log uses 10 of 10', of(10, 10)],
  ] as const)('are %s: %s', (answer, found, role) => {
    expect(diagnoseConnections([role])).toMatchObject({ answer, found });
  });
});

describe('what waits to be published', () => {
  it.each([
    ['good', '2 of 9, the oldest waits for 59 s', { published: 7, size: 9, waitingMs: 59_000 }],
    ['warning', '2 of 9, the oldest waits for 61 s', { published: 7, size: 9, waitingMs: 61_000 }],
    ['warning', 'all 9: nothing was published yet', { published: undefined, size: 9, waitingMs: 1 }],
  ] as const)('is %s: %s', (answer, found, end) => {
    expect(diagnoseUnpublished(end)).toMatchObject({ answer, found });
  });
});
