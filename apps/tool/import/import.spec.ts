import { describe, expect, it } from '@jest/globals';
import { differenceOf, inheritedLine, notCarriedOut, stricter, type SaidLine } from './merge.js';
import { readSourceLine, sourceOfHeader, type SourceName } from './sources.js';

const iin = '061313294730';
const now = { at: Date.parse('2026-03-01T20:30:00Z'), day: '2026-03-02' };

describe('a header', () => {
  it('names its source, and nothing else does', () => {
    expect(sourceOfHeader(['egov_application', 'iin', 'placed_at', 'lifted_at'])).toBe('egov');
    expect(sourceOfHeader(['gkb_record', 'iin', 'marked_on', 'removed_on'])).toBe('gkb');
    expect(sourceOfHeader(['pkb_record', 'iin', 'marked_on', 'removed_on'])).toBe('pkb');
    expect(sourceOfHeader(['iin', 'egov_application', 'placed_at', 'lifted_at'])).toBeUndefined();
    expect(sourceOfHeader(['egov_application', 'iin', 'placed_at'])).toBeUndefined();
  });
});

describe('a line', () => {
  it.each([
    ['too few columns', 'egov', ['E-1', iin, '2025-01-01T00:00:00Z'], 'columns-wrong'],
    ['too many columns', 'gkb', ['G-1', iin, '2025-01-01', '', ''], 'columns-wrong'],
    ['a wrong control digit', 'gkb', ['G-1', '061313294731', '2025-01-01', ''], 'iin-malformed'],
    ['a number with a space', 'gkb', ['G-1', ` ${iin}`, '2025-01-01', ''], 'iin-malformed'],
    ['nobody’s number', 'gkb', ['G-1', '000000000000', '2025-01-01', ''], 'iin-malformed'],
    ['no reference', 'gkb', ['', iin, '2025-01-01', ''], 'reference-malformed'],
    ['a reference in quotes with a space', 'gkb', ['"G 1"', iin, '2025-01-01', ''], 'reference-malformed'],
    ['a reference with the number', 'gkb', [`G-${iin}`, iin, '2025-01-01', ''], 'reference-holds-iin'],
    ['a day that does not exist', 'gkb', ['G-1', iin, '2025-02-30', ''], 'date-malformed'],
    ['a day spelled otherwise', 'gkb', ['G-1', iin, '01.02.2025', ''], 'date-malformed'],
    ['an instant from a bureau', 'gkb', ['G-1', iin, '2025-01-01T00:00:00Z', ''], 'date-malformed'],
    ['a day from eGov', 'egov', ['E-1', iin, '2025-01-01', ''], 'date-malformed'],
    ['an instant without its zone', 'egov', ['E-1', iin, '2025-01-01T00:00:00', ''], 'date-malformed'],
    [
      'an instant on a day that does not exist',
      'egov',
      ['E-1', iin, '2025-02-30T00:00:00Z', ''],
      'date-malformed',
    ],
    ['a lift that is no date', 'gkb', ['G-1', iin, '2025-01-01', 'yes'], 'date-malformed'],
    ['a day to come', 'gkb', ['G-1', iin, '2026-03-03', ''], 'date-in-future'],
    ['an instant to come', 'egov', ['E-1', iin, '2026-03-01T20:30:01Z', ''], 'date-in-future'],
    ['a lift to come', 'gkb', ['G-1', iin, '2025-01-01', '2026-03-03'], 'date-in-future'],
    ['a lift before its placing', 'gkb', ['G-1', iin, '2025-01-02', '2025-01-01'], 'dates-out-of-order'],
  ] as const)('is left out for %s', (_, source, fields, fault) => {
    expect(readSourceLine(source, fields, now)).toBe(fault);
  });

  it.each([
    ['2025-03-01T00:00:00Z', '2025-03-01T00:00:00.000Z'],
    ['2025-03-01T00:00:00-00:00', '2025-03-01T00:00:00.000Z'],
    ['2025-03-01T00:00:00+14:00', '2025-02-28T10:00:00.000Z'],
    ['2025-03-01T00:00:00-12:00', '2025-03-01T12:00:00.000Z'],
    ['2025-03-01T23:59:59.999999999Z', '2025-03-01T23:59:59.999Z'],
    ['2000-01-01T00:00:00+06:00', '1999-12-31T18:00:00.000Z'],
  ])('of eGov says %s as the registry spells it', (given, placed) => {
    expect(readSourceLine('egov', ['E-1', iin, given, ''], now)).toMatchObject({ placed });
  });

  it.each([
    ...['2025-03-01T00:00:00+14:01', '2025-03-01T00:00:00+16:00', '2025-03-01T00:00:00-12:01'],
    ...['2025-03-01T00:00:00+99:00', '2025-03-01T00:00:00+05:60', '2025-03-01T00:00:00+0500'],
    ...['2025-03-01T24:00:00Z', '2025-03-01T23:59:60Z', '2025-03-01T00:00:00.Z', '2025-03-01T00:00Z'],
    ...['2025-03-01T00:00:00.0000000001Z', '2025-03-01 00:00:00Z', '2025-03-01t00:00:00z'],
    ...['0000-01-01T00:00:00Z', '1999-12-31T00:00:00Z', '10000-01-01T00:00:00Z', '+02025-03-01T00:00:00Z'],
    ...['infinity', '-infinity', 'now', 'today', 'epoch', '2025-060T00:00:00Z', '2025-W10-1', ''],
    ...['\\N', '2025-03-01T00:00:00Z\r', '2025-03-01T00:00:00Z\0', '２025-03-01T00:00:00Z'],
    ...['2025-03-01T00:00:00Z BC', '2025-03-01T00:00:00 Asia/Almaty', '2100-02-29T00:00:00Z'],
  ])('of eGov is left out for the date %j', (date) => {
    expect(readSourceLine('egov', ['E-1', iin, date, ''], now)).toBe('date-malformed');
    if (date !== '')
      expect(readSourceLine('egov', ['E-1', iin, '2025-01-01T00:00:00Z', date], now)).toBe('date-malformed');
  });

  it.each(['infinity', 'today', '2025-3-1', '20250301', '0001-01-01', '2025-03-01 ', '10000-01-01', '\\N'])(
    'of a bureau is left out for the day %j',
    (date) => expect(readSourceLine('gkb', ['G-1', iin, date, ''], now)).toBe('date-malformed'),
  );

  it.each(['a\0b', 'a\tb', 'a\rb', '\ufeffa', 'ё', 'a b', 'x'.repeat(65)])(
    'is left out for the reference %j',
    (ref) => expect(readSourceLine('gkb', [ref, iin, '2025-01-01', ''], now)).toBe('reference-malformed'),
  );

  it('is read as it is spelled', () => {
    expect(readSourceLine('egov', ['E-1', iin, '2025-03-01T23:10:00.5+05:00', ''], now)).toEqual({
      ...{ iin, sourceRef: 'E-1', placed: '2025-03-01T18:10:00.500Z' },
    });
    expect(readSourceLine('pkb', ['P\\1', iin, '2026-03-02', '2026-03-02'], now)).toEqual({
      ...{ iin, sourceRef: 'P\\1', placed: '2026-03-02', lifted: '2026-03-02' },
    });
  });
});

function line(source: SourceName, changes: Partial<SaidLine> = {}): SaidLine {
  const placedOn = changes.placedOn ?? '2025-03-01';
  return {
    ...{ source, line: 2, sourceRef: `${source}-1`, isInForce: true, placedOn },
    placedAt: Date.parse(`${placedOn}T00:00:00+05:00`),
    ...changes,
  };
}
const said = (...lines: readonly SaidLine[]) => new Map(lines.map((each) => [each.source, each]));

describe('what the sources say of one person', () => {
  const all = ['egov', 'gkb', 'pkb'] as const;
  const lifted = { isInForce: false };

  it('is in force if any of them says so, since the earliest that does', () => {
    expect(inheritedLine(said(line('egov', lifted), line('gkb', lifted)))).toBeUndefined();
    const marked = line('pkb', { placedOn: '2025-02-27' });
    expect(
      inheritedLine(said(line('egov', { ...lifted, placedOn: '2024-10-01' }), line('gkb'), marked)),
    ).toBe(marked);
  });

  it.each([
    ['nothing when all agree', said(line('egov'), line('gkb'), line('pkb')), undefined],
    ['nothing when it was lifted everywhere', said(line('egov', lifted), line('gkb', lifted)), undefined],
    ['a source that lacks it', said(line('egov'), line('gkb')), ['missing']],
    ['a source that still has it', said(line('egov', lifted), line('gkb'), line('pkb', lifted)), ['state']],
    ['other days', said(line('egov'), line('gkb'), line('pkb', { placedOn: '2025-03-02' })), ['day']],
    [
      'everything',
      said(line('egov', lifted), line('gkb'), line('pkb', { placedOn: '2025-03-02' })),
      ['state', 'day'],
    ],
  ])('differs by %s', (_, sayings, differs) => {
    expect(differenceOf(sayings, all)?.differs).toEqual(differs);
  });

  it('is compared over the sources that were given, and shown by reference alone', () => {
    expect(differenceOf(said(line('egov')), ['egov'])).toBeUndefined();
    expect(differenceOf(said(line('egov')), ['egov', 'pkb'])).toEqual({
      differs: ['missing'],
      said: { egov: { sourceRef: 'egov-1', line: 2, state: 'in-force', placedOn: '2025-03-01' }, pkb: null },
    });
  });

  it('twice by one source counts as the line that protects more', () => {
    const [first, second] = [line('egov', lifted), line('egov', { line: 3, placedOn: '2025-04-01' })];
    expect(stricter(first, second)).toBe(second);
    expect(stricter(second, line('egov'))).toMatchObject({ placedOn: '2025-03-01' });
  });

  it('is not carried out where the registry has taken over otherwise before, and names that', () => {
    const before = line('egov').placedAt;
    const all = ['egov', 'gkb'] as const;
    expect(notCarriedOut(said(line('egov'), line('gkb', lifted)), all, before)).toBeUndefined();
    expect(notCarriedOut(said(line('egov', lifted), line('gkb', lifted)), all, before)).toMatchObject({
      differs: ['state'],
      said: { egov: { state: 'lifted' }, gkb: { sourceRef: 'gkb-1' } },
      here: { placedAt: '2025-02-28T19:00:00.000Z' },
    });
    expect(
      notCarriedOut(said(line('egov'), line('gkb', { placedOn: '2025-02-01' })), all, before)?.differs,
    ).toEqual(['instant']);
  });
});
