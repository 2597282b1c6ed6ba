import { expect, it } from '@jest/globals';
import { statusOf } from './refusal-status.js';

const at = Date.UTC(2026, 2, 1, 9);

it('a person who never refused has version 0 and nothing else', () => {
  expect(statusOf(undefined)).toEqual({ state: 'none', version: 0, stamps: [] });
});

it('a pending lift shows when it was asked, when it lifts and when the refusal is back', () => {
  const hour = 3_600_000;
  const pending = {
    ...{ state: 'lift-pending' as const, version: 1, lockHours: 24, placedAt: at, liftRequestedAt: at + 1 },
    ...{ liftsAt: at + 24 * hour, placeAgainAfterHours: 24, placedAgainAt: at + 48 * hour },
    ...{ requestedBy: 'x', requestIndex: 7 },
  };
  expect(statusOf(pending)).toEqual({
    state: 'lift-pending',
    placedAt: '2026-03-01T09:00:00.000Z',
    lockHours: 24,
    liftRequestedAt: '2026-03-01T09:00:00.001Z',
    liftsAt: '2026-03-02T09:00:00.000Z',
    placedAgainAt: '2026-03-03T09:00:00.000Z',
    version: 1,
    stamps: [],
  });
});

it('a lifted refusal shows no lock, because none is in force', () => {
  const lifted = { state: 'none' as const, version: 2, lockHours: 24, placedAgainAt: at };
  expect(statusOf(lifted)).toEqual({
    ...{ state: 'none', version: 2, stamps: [], placedAgainAt: '2026-03-01T09:00:00.000Z' },
  });
});
