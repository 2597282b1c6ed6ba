import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, readInstant } from './instant.js';

describe('an instant', () => {
  it('has one spelling', () => {
    expect(formatInstant(Date.UTC(2026, 10, 23, 9, 30, 0, 5))).toBe('2026-11-23T09:30:00.005Z');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (at) => {
        expect(readInstant(formatInstant(at))).toBe(at);
      }),
    );
  });

  it.each([
    undefined,
    1764000000000,
    '',
    '2026-11-23',
    '2026-11-23T09:30:00Z',
    '2026-11-23T09:30:00.0050Z',
    '2026-11-23T09:30:00.005z',
    '2026-11-23t09:30:00.005Z',
    '2026-11-23 09:30:00.005Z',
    '2026-11-23T14:30:00.005+05:00',
    '2026-11-23T09:30:00.005',
    '2026-11-23T09:30:00.005Z ',
    '2026-02-29T09:30:00.005Z',
    '2026-11-31T09:30:00.005Z',
    '2026-13-01T09:30:00.005Z',
    '2026-11-23T24:00:00.000Z',
    '2026-11-23T09:30:60.005Z',
    '+002026-11-23T09:30:00.005Z',
  ])('is not spelled %p', (text) => {
    expect(readInstant(text)).toBeUndefined();
  });
});
