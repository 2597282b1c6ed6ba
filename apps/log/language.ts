/** Which of the three languages a reader gets: the one asked for in the address, else by `Accept-Language`. */
import { languages, type ProblemLanguage } from '#libs/problem/problem-text.js';

/**
 * RFC 9110 §12.5.4, by quality and then by order; regions are ignored (`ru-KZ` is Russian).
 * @param asked `?lang=`; anything but a language of ours is passed over.
 * @returns English when nothing fits, because programs and their authors come without a language.
 */
export function languageOf(asked: unknown, acceptLanguage: string | undefined): ProblemLanguage {
  if (isLanguage(asked)) return asked;
  const ranges = (acceptLanguage ?? '').split(',').map(readRange);
  const wanted = ranges.filter(({ quality }) => quality > 0).toSorted((a, b) => b.quality - a.quality);
  return wanted.map(({ language }) => language).find(isLanguage) ?? 'en';
}

function readRange(range: string): { language: string; quality: number } {
  const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.map((each) => /^q=([01](?:\.\d{0,3})?)$/.exec(each)?.[1]).find(Boolean);
  return { language: tag.split('-')[0] ?? '', quality: Number(quality ?? 1) };
}

function isLanguage(value: unknown): value is ProblemLanguage {
  return languages.some((language) => language === value);
}
