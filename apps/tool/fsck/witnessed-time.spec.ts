import { describe, expect, it } from '@jest/globals';
import { WitnessedTimes } from './witnessed-time.js';

const noon = Date.parse('2025-11-24T12:00:00.000Z');
type Line =
  readonly ['entry', index: number, second: number] | readonly ['tree', size: number, second: number];
function found(...lines: readonly Line[]): readonly string[] {
  const times = new WitnessedTimes();
  return lines
    .flatMap(([kind, place, second]) => {
      const at = noon + second * 1000;
      return kind === 'entry' ? times.readEntry({ index: place, at }) : times.readTree({ size: place, at });
    })
    .map(({ code, index, what }) => `${code} ${index}: ${what}`);
}

describe('an entry is dated', () => {
  it.each<[string, Line[]]>([
    [
      'between the two times around it',
      [
        ['tree', 1, 0],
        ['entry', 1, 1],
        ['tree', 2, 2],
      ],
    ],
    [
      '10 s beyond them',
      [
        ['tree', 1, 0],
        ['entry', 1, -10],
        ['entry', 2, 12],
        ['tree', 3, 2],
      ],
    ],
    [
      'before anybody looked',
      [
        ['entry', 0, -9_999],
        ['tree', 1, 0],
      ],
    ],
    [
      'after anybody looked',
      [
        ['tree', 1, 0],
        ['entry', 1, 9_999],
      ],
    ],
    [
      'long before the next witness saw it, who was away',
      [
        ['tree', 1, 0],
        ['entry', 1, 1],
        ['tree', 2, 9_999],
      ],
    ],
  ])('%s: that can be', (_, lines) => {
    expect(found(...lines)).toEqual([]);
  });

  it.each<[string, Line[], string]>([
    [
      'back',
      [
        ['tree', 5, 100],
        ['entry', 5, 89],
      ],
      '5: dated more than 10 s before a witness saw the tree of 5 entries',
    ],
    [
      'ahead',
      [
        ['entry', 0, 113],
        ['tree', 1, 102],
      ],
      '0: dated more than 10 s after a witness saw the tree of 1 entries',
    ],
    [
      'ahead, and the next is not',
      [
        ['entry', 0, 113],
        ['entry', 1, 101],
        ['tree', 2, 102],
      ],
      '0: dated more than',
    ],
  ])('%s: that was not the registry’s to choose', (_, lines, finding) => {
    expect(found(...lines)).toEqual([expect.stringContaining(`time-not-witnessed ${finding}`)]);
  });

  it('wrongly for a whole stretch: that is said once, and again in the next', () => {
    const back: Line[] = [
      ['tree', 1, 100],
      ['entry', 1, 1],
      ['entry', 2, 2],
      ['tree', 3, 102],
      ['entry', 3, 3],
    ];
    expect(found(...back)).toHaveLength(2);
  });
});
