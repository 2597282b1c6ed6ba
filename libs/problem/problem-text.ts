/** The words of a problem in the three languages of the registry. */
import { problemTextsKk } from './catalogue-kk.js';
import { problemTextsRu } from './catalogue-ru.js';
import { problemKinds, type ProblemCode, type ProblemText } from './catalogue.js';

export const languages = ['kk', 'ru', 'en'] as const;
export type ProblemLanguage = (typeof languages)[number];

const texts: Readonly<Record<ProblemLanguage, Readonly<Record<ProblemCode, ProblemText>>>> = {
  kk: problemTextsKk,
  ru: problemTextsRu,
  en: problemKinds,
};

/** Title and detail of a code. */
export function problemText(code: ProblemCode, language: ProblemLanguage): ProblemText {
  return texts[language][code];
}
