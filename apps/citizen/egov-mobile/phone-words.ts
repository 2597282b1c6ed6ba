/** What the phone shows: one short sentence in the language it asks for, from the catalogue of problems. */
import type { ProblemCode } from '#libs/problem/catalogue.js';
import type { Problem } from '#libs/problem/problem.js';
import { problemText } from '#libs/problem/problem-text.js';
import type { Language } from '../applications/application.js';

/** On a phone there is one thing that is "not permitted": a QR code that was used, is old or was never ours. */
const deadLink: Readonly<Record<Language, string>> = {
  kk: 'Сілтеме жарамсыз немесе пайдаланылып қойған. Өтінішті қайтадан ашыңыз.',
  ru: 'Ссылка недействительна или уже использована. Откройте заявление заново.',
  en: 'The link is not valid or has been used. Open the application again.',
};

/** The sentence for a problem. */
export function phoneMessage(code: ProblemCode, language: Language): string {
  return code === 'not-permitted' ? deadLink[language] : problemText(code, language).title;
}

/**
 * What goes wrong, as the phone knows it: 403 and `{message}` in its language, whatever the fault. Its protocol has no other
 * status than 200 and 403, and only of these it shows the message.
 */
export function phoneRefusal(
  { code }: Pick<Problem, 'code'>,
  headers: { readonly 'accept-language'?: string | undefined },
): { readonly status: 403; readonly body: { readonly message: string } } {
  return {
    status: 403,
    body: { message: phoneMessage(code, phoneLanguage(headers['accept-language'])) },
  };
}

/** The sentence when the signature counted. */
export const phoneThanks: Readonly<Record<Language, string>> = {
  kk: 'Қолтаңба қабылданды.',
  ru: 'Подпись принята.',
  en: 'The signature is accepted.',
};

/** The first language of an `Accept-Language` header that we speak; Russian when it names none. */
export function phoneLanguage(header: string | undefined): Language {
  const first = /\b(kk|kz|ru|en)\b/i.exec(header ?? '')?.[1]?.toLowerCase();
  if (first === 'kk' || first === 'kz') return 'kk';
  return first === 'en' ? 'en' : 'ru';
}
