import { describe, expect, it } from '@jest/globals';
import { readCanonical } from '#libs/journal/canonical.js';
import type { Iin } from '#libs/subject/iin.js';
import type { Ask, Language } from './application.js';
import { documentOf, type DocumentParts } from './document.js';
import { statementOf } from './statement.js';

const parts: DocumentParts = {
  applicationId: 'app_01kjs0000000000000000000000',
  ask: { kind: 'lift', lockHours: 24, placeAgainAfterHours: 72 },
  iin: '061313294730' as Iin,
  nonce: Buffer.alloc(32, 7),
  openedAt: Date.UTC(2026, 2, 1, 9),
  expiresAt: Date.UTC(2026, 2, 1, 9, 15),
  channel: 'egov-portal',
  language: 'ru',
  waitHours: 24,
};

describe('a document', () => {
  it('is canonical, says the whole act, and holds nothing else', () => {
    const { statement, ...members } = readCanonical(documentOf(parts).toString('utf8')) ?? {};
    expect(members).toEqual({
      v: 1,
      applicationId: 'app_01kjs0000000000000000000000',
      kind: 'lift',
      iin: '061313294730',
      lockHours: 24,
      placeAgainAfterHours: 72,
      nonce: Buffer.alloc(32, 7).toString('base64url'),
      openedAt: '2026-03-01T09:00:00.000Z',
      expiresAt: '2026-03-01T09:15:00.000Z',
      channel: 'egov-portal',
    });
    expect(statement).toBe(statementOf(parts.ask, 'ru', 24));
  });

  it('leaves out the return that was not asked for', () => {
    const text = documentOf({ ...parts, ask: { kind: 'place', lockHours: 0 } }).toString('utf8');
    expect(readCanonical(text)).not.toHaveProperty('placeAgainAfterHours');
  });
});

describe('a statement', () => {
  const lift: Ask = { kind: 'lift', lockHours: 24 };
  const place: Ask = { kind: 'place', lockHours: 24 };
  const acts: [Language, string, string][] = [
    ['kk', 'БАС ТАРТУДЫ БЕЛГІЛЕУ.', 'БАС ТАРТУДЫ АЛЫП ТАСТАУ.'],
    ['ru', 'УСТАНОВИТЬ ОТКАЗ.', 'СНЯТЬ ОТКАЗ.'],
    ['en', 'PLACE THE REFUSAL.', 'LIFT THE REFUSAL.'],
  ];
  it.each(acts)('in %s begins with the act in capitals', (language, placing, lifting) => {
    expect(statementOf(place, language, 24).startsWith(`${placing} `)).toBe(true);
    expect(statementOf(lift, language, 24).startsWith(`${lifting} `)).toBe(true);
  });

  const warnings: [Language, string][] = [
    ['kk', 'мұны ешқашан телефон арқылы сұрамайды'],
    ['ru', 'никогда не просит об этом по телефону'],
    ['en', 'ever asks for this by phone'],
  ];
  it.each(warnings)(
    'in %s says of a lift, and only there, that no official asks for it by phone',
    (language, words) => {
      expect(statementOf(lift, language, 24)).toContain(words);
      expect(statementOf(place, language, 24)).not.toContain(words);
    },
  );

  const worthless: [Language, string][] = [
    ['kk', 'телефоныңызды ұстап отырған кез келген адам бірден алып тастай алады'],
    ['ru', 'снимет сразу любой, у кого в руках ваш телефон'],
    ['en', 'Anybody who holds your phone can lift the refusal at once'],
  ];
  it.each(worthless)('in %s says plainly what a lock of 0 hours is worth', (language, words) => {
    expect(statementOf({ kind: 'place', lockHours: 0 }, language, 0)).toContain(words);
    expect(statementOf(place, language, 24)).not.toContain(words);
  });

  const hours: [Language, number, string][] = [
    ['kk', 24, '24 сағат'],
    ['ru', 12, '12 часов'],
    ['ru', 24, '24 часа'],
    ['ru', 168, '168 часов'],
    ['en', 72, '72 hours'],
  ];
  it.each(hours)('in %s counts %i hours as a person would', (language, count, words) => {
    const again = { kind: 'lift', lockHours: count, placeAgainAfterHours: count } as const;
    expect(statementOf({ kind: 'place', lockHours: count }, language, 0)).toContain(words);
    expect(statementOf(again, language, count).split(words)).toHaveLength(3);
  });

  it('of a lift names the wait of the law where that is longer than the lock', () => {
    expect(statementOf(lift, 'ru', 48)).toContain('через 48 часов после подписания');
    expect(statementOf({ kind: 'lift', lockHours: 0 }, 'ru', 0)).toContain('Отказ будет снят сразу.');
  });
});
