import { describe, expect, it } from '@jest/globals';
import { languages } from '#libs/problem/problem-text.js';
import { figuresOf, type FigureSources } from './figures.js';
import { figuresPage } from './figures-page.js';

const now = new Date('2026-03-04T10:20:30.000Z');
const at = (hour: number) => new Date(Date.UTC(2026, 2, 4, hour));
const quiet: FigureSources = {
  ...{ now, rows: [], newest: undefined, publication: { p50: null, p99: null, published: 0 } },
  ...{ waitingMs: 0, cosignatures: [], quorum: 0, witnessedAt: null, bureaus: [] },
};
const busy: FigureSources = {
  now,
  rows: [
    { name: 'checks', hour: at(8), value: 120 },
    { name: 'refusals-placed', hour: at(8), value: 10 },
    { name: 'checks', hour: at(9), value: 0 },
    { name: 'probes', hour: at(9), value: 360 },
    { name: 'probes-answered', hour: at(9), value: 359 },
    { name: 'checks-p50-ms', hour: at(9), value: 9 },
    { name: 'checks-p50-ms', hour: at(10), value: 3.1 },
    { name: 'checks-p99-ms', hour: at(10), value: 12.5 },
  ],
  newest: { size: 1_234_567, note: '', signedAt: new Date('2026-03-04T10:20:29.000Z') },
  publication: { p50: 700.4, p99: 1900.6, published: 3000 },
  ...{ waitingMs: 300, quorum: 1, witnessedAt: new Date('2026-03-04T10:20:28.000Z') },
  cosignatures: [{ name: 'witness.example/<w1>', time: 1_772_619_628 }],
  bureaus: [
    {
      ...{ clientId: 'gkb', nameKk: 'МКБ', nameRu: 'ГКБ', nameEn: 'State <bureau>' },
      ...{ behind: 0, oldestMs: 0, p50: 41.6, p99: 180.2, agrees: true },
      postedAt: new Date('2026-03-04T10:20:00.000Z'),
    },
    {
      ...{ clientId: 'pkb', nameKk: 'БКБ', nameRu: 'ПКБ', nameEn: 'First bureau' },
      ...{ behind: 43, oldestMs: 12_345, p50: null, p99: null, agrees: null, postedAt: null },
    },
  ],
};

describe('the figures', () => {
  it('of a registry nobody uses are unknown, not zero', () => {
    expect(figuresOf(quiet)).toEqual({
      at: '2026-03-04T10:20:30.000Z',
      checks: { p50Ms: null, p99Ms: null, uptime: null, watched: 0, hours: [] },
      log: {
        ...{ size: null, signedAt: null, lagP50Ms: null, lagP99Ms: null, waitingMs: 0, cosignatures: [] },
        ...{ quorum: 0, witnessedAt: null, isWithoutQuorum: false },
      },
      bureaus: [],
    });
  });

  it('are the newest of each kind, the uptime of all hours, and the counts of hours that are over', () => {
    const { checks, log } = figuresOf(busy);
    expect(checks).toEqual({
      ...{ p50Ms: 3.1, p99Ms: 12.5, uptime: 359 / 360 },
      watched: expect.closeTo(360 / (24 * 360 + 123), 6),
      hours: [
        {
          ...{ hour: '2026-03-04T08:00:00.000Z', checks: 120, refusalsPlaced: 10, refusalsLifted: null },
          ...{ uptime: null, watched: 0 },
        },
        {
          ...{ hour: '2026-03-04T09:00:00.000Z', checks: 0, refusalsPlaced: null, refusalsLifted: null },
          ...{ uptime: 359 / 360, watched: 1 },
        },
      ],
    });
    expect(log).toMatchObject({ size: 1_234_567, lagP50Ms: 700, lagP99Ms: 1901, isWithoutQuorum: false });
    expect(log.cosignatures).toEqual([{ witness: 'witness.example/<w1>', at: '2026-03-04T10:20:28.000Z' }]);
  });

  it('round up how far a bureau is behind, so that no single placing is told by it', () => {
    expect(figuresOf(busy).bureaus).toEqual([
      {
        ...{ bureau: 'gkb', names: { kk: 'МКБ', ru: 'ГКБ', en: 'State <bureau>' }, behind: 0, oldestMs: 0 },
        ...{ stampP50Ms: 42, stampP99Ms: 181, agrees: true, comparedAt: '2026-03-04T10:20:00.000Z' },
      },
      {
        ...{ bureau: 'pkb', names: { kk: 'БКБ', ru: 'ПКБ', en: 'First bureau' }, behind: 50 },
        ...{ oldestMs: 13_000, stampP50Ms: null, stampP99Ms: null, agrees: null, comparedAt: null },
      },
    ]);
  });

  it('of yesterday are not shown as those of now', () => {
    const old = [{ name: 'checks-p50-ms', hour: at(8), value: 3 }];
    expect(figuresOf({ ...busy, rows: old }).checks.p50Ms).toBeNull();
  });

  it.each([
    ['fourteen minutes', '2026-03-04T10:06:30.000Z', false],
    ['sixteen minutes', '2026-03-04T10:04:30.000Z', true],
    ['ever', null, true],
  ])('say that no quorum cosigned for %s', (_, witnessedAt, expected) => {
    const source = { ...busy, witnessedAt: witnessedAt === null ? null : new Date(witnessedAt) };
    expect(figuresOf(source).log.isWithoutQuorum).toBe(expected);
    expect(figuresOf({ ...source, quorum: 0 }).log.isWithoutQuorum).toBe(false);
  });
});

describe.each(languages)('the page in %s', (language) => {
  it('shows the figures, escapes what witnesses call themselves, and raises no alarm without need', () => {
    const html = figuresPage(figuresOf(busy), language);
    expect(html).toContain(`<html lang="${language}">`);
    expect(html.replace(/\s/gu, '')).toMatch(/1[.,]?234[.,]?567/);
    expect(html).toContain('witness.example/&#60;w1&#62;');
    expect(html).toContain('99.722'.replace('.', language === 'en' ? '.' : ','));
    expect(html).toContain('datetime="2026-03-04T10:20:29.000Z"');
    expect(html).not.toContain('class="alarm"');
    expect(html).not.toMatch(/<script|<img|style="|undefined|NaN|null/);
  });

  it('raises an alarm for a bureau that holds something else', () => {
    const [gkb] = busy.bureaus;
    if (gkb === undefined) throw new Error('no bureau');
    const html = figuresPage(figuresOf({ ...busy, bureaus: [{ ...gkb, agrees: false }] }), language);
    expect(html.match(/class="alarm"/g)).toHaveLength(1);
  });

  it.each([
    [13_000, /13\s(с|s)</u],
    [121_000, /3\s(мин|min)</u],
    [7_200_001, /3\s(сағ|ч|h)</u],
  ])('says how long the oldest waits as people do: %d ms', (oldestMs, expected) => {
    const [, pkb] = busy.bureaus;
    if (pkb === undefined) throw new Error('no bureau');
    expect(figuresPage(figuresOf({ ...busy, bureaus: [{ ...pkb, oldestMs }] }), language)).toMatch(expected);
  });

  it('says in plain words that witnesses are missing and that entries wait', () => {
    const html = figuresPage(figuresOf({ ...busy, witnessedAt: null, waitingMs: 61_000 }), language);
    expect(html.match(/class="alarm"/g)).toHaveLength(2);
    expect(html).toContain('61');
  });

  it('says of an hour that was half asked about that it was, and of one nobody asked about nothing', () => {
    const rows = [
      { name: 'checks', hour: at(8), value: 0 },
      { name: 'checks', hour: at(9), value: 0 },
      { name: 'probes', hour: at(9), value: 180 },
      { name: 'probes-answered', hour: at(9), value: 180 },
    ];
    const html = figuresPage(figuresOf({ ...busy, rows }), language);
    expect(html).toMatch(/<td>100\s?%<br><small>[^<]*50\s?%[^<]*<\/small><\/td>/u);
    expect(html).toMatch(/<td>[–—]<\/td><\/tr>/u);
  });

  it('never calls almost all of them all of them', () => {
    const rows = [
      { name: 'probes', hour: at(9), value: 1_000_000 },
      { name: 'probes-answered', hour: at(9), value: 999_999 },
    ];
    expect(figuresPage(figuresOf({ ...busy, rows }), language)).toMatch(/99[.,]999/);
  });
});
