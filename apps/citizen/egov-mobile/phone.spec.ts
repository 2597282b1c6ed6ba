import { describe, expect, it } from '@jest/globals';
import { problemKinds, type ProblemCode } from '#libs/problem/catalogue.js';
import { defaultPhoneLaunchUrl, phoneLinks } from './phone-links.js';
import { phoneLanguage, phoneMessage } from './phone-words.js';
import { signatureIn } from './phone.js';

const signed = (documents: unknown): unknown => ({
  signMethod: 'CMS_WITH_DATA',
  version: 1,
  documentsToSign: documents,
});
const one = { id: 1, nameRu: 'x', meta: [], document: { file: { mime: '', data: 'MAA=' } } };

describe('what a phone brings back', () => {
  it.each([
    ['nothing', undefined],
    ['a text', 'MAA='],
    ['no documents', {}],
    ['an empty list', signed([])],
    ['two documents', signed([one, one])],
    ['another document', signed([{ ...one, id: 2 }])],
    ['no file', signed([{ ...one, document: {} }])],
    ['a number for a file', signed([{ ...one, document: { file: { data: 7 } } }])],
    [
      'an inherited file',
      signed([{ ...one, document: Object.create({ file: { data: 'MAA=' } }) as object }]),
    ],
  ])('is no signature when it is %s', (_what, body) => {
    expect(signatureIn(body)).toBeUndefined();
  });

  it('is the CMS in the one document it was given', () => {
    expect(signatureIn(signed([one]))).toBe('MAA=');
  });
});

describe('a QR code and a link', () => {
  it('lead to the same address', () => {
    const addresses = { publicBase: 'https://citizen.test', launchUrl: defaultPhoneLaunchUrl };
    const { qr, link } = phoneLinks(addresses, 'secret');
    expect(qr).toBe('mobileSign:https://citizen.test/egov-mobile/secret');
    expect(link).toBe('https://m.egov.kz/mobileSign/?link=https%3A%2F%2Fcitizen.test%2Fegov-mobile%2Fsecret');
    const elsewhere = phoneLinks(
      { ...addresses, launchUrl: 'https://m.egov.kz/businessSign/' },
      'secret',
    ).link;
    expect(elsewhere).toBe(
      'https://m.egov.kz/businessSign/?link=https%3A%2F%2Fcitizen.test%2Fegov-mobile%2Fsecret',
    );
  });
});

describe('what a phone is told', () => {
  it('is in the first language it names that we speak, else in Russian', () => {
    const headers = [undefined, '', 'de', 'kk-KZ,ru;q=0.9', 'kz', 'en-US,kk', 'fr, ru', 'EN'];
    expect(headers.map(phoneLanguage)).toEqual(['ru', 'ru', 'ru', 'kk', 'kk', 'en', 'ru', 'en']);
  });

  it('is a sentence of its own for each problem in each language', () => {
    const codes = Object.keys(problemKinds) as ProblemCode[];
    for (const language of ['kk', 'ru', 'en'] as const)
      expect(new Set(codes.map((code) => phoneMessage(code, language))).size).toBe(codes.length);
  });
});
