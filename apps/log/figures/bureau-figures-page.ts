/** The bureaus' part of the page of figures, with its words. */
import type { ProblemLanguage } from '#libs/problem/problem-text.js';
import { escaped } from '../page.js';
import type { BureauFigures } from './bureau-figures.js';

/** How the page writes numbers and times. */
interface Shower {
  number(value: number): string;
  ms(value: number | null): string;
  span(ms: number): string;
  time(instant: string): string;
}

interface BureauWords {
  readonly title: string;
  readonly lead: string;
  readonly behind: string;
  readonly oldest: string;
  readonly p50: string;
  readonly p99: string;
  readonly compared: string;
  readonly agrees: string;
  readonly differs: string;
  readonly never: string;
  readonly upToDate: string;
  alarm(bureau: string): string;
}

const words: Readonly<Record<ProblemLanguage, BureauWords>> = {
  kk: {
    title: 'Кредиттік тарихтағы белгілер',
    lead: 'Бас тарту белгіленгеннен не алынғаннан бастап кредиттік бюро оны кредиттік тарихқа жазғанға дейін, соңғы сағатта.',
    behind: 'Әлі қабылданбаған',
    oldest: 'Ең ескісі күтуде',
    p50: 'Жартысы, көп дегенде',
    p99: '100-дің 99-ы, көп дегенде',
    compared: 'Салыстыру',
    agrees: 'сәйкес',
    differs: 'сәйкес емес',
    never: 'әлі салыстырылмаған',
    upToDate: 'жоқ',
    alarm: (bureau) => `${bureau} деректері тізілімге сәйкес емес.`,
  },
  ru: {
    title: 'Отметки в кредитных историях',
    lead: 'Сколько проходит от установления или снятия отказа до отметки кредитного бюро, за последний час.',
    behind: 'Ещё не принято',
    oldest: 'Самое старое ждёт',
    p50: 'Половина не дольше чем за',
    p99: '99 из 100 не дольше чем за',
    compared: 'Сверка',
    agrees: 'сходится',
    differs: 'расходится',
    never: 'ещё не было',
    upToDate: 'нет',
    alarm: (bureau) => `Данные расходятся с реестром: ${bureau}.`,
  },
  en: {
    title: 'Stamps on the credit history',
    lead: 'From a placing or a lift to the stamp of the credit bureau, last hour.',
    behind: 'Not yet taken',
    oldest: 'The oldest waits',
    p50: 'Half within',
    p99: '99 of 100 within',
    compared: 'Comparison',
    agrees: 'agrees',
    differs: 'differs',
    never: 'not yet',
    upToDate: 'none',
    alarm: (bureau) => `What ${bureau} holds differs from the registry.`,
  },
};

/** Empty when there is no bureau. */
export function bureausPart(
  bureaus: readonly BureauFigures[],
  language: ProblemLanguage,
  show: Shower,
): string {
  if (bureaus.length === 0) return '';
  const say = words[language];
  const alarms = bureaus
    .filter(({ agrees }) => agrees === false)
    .map(({ names }) => `<p class="alarm">${escaped(say.alarm(names[language]))}</p>`);
  return `<h2>${say.title}</h2>
${alarms.join('\n')}
<p>${say.lead}</p>
${bureaus.map((one) => partOf(one, language, show)).join('\n')}`;
}

function partOf(one: BureauFigures, language: ProblemLanguage, show: Shower): string {
  const say = words[language];
  const { names, behind, oldestMs, stampP50Ms, stampP99Ms, comparedAt, agrees } = one;
  const compared =
    comparedAt === null
      ? say.never
      : `${agrees === true ? say.agrees : say.differs}, ${show.time(comparedAt)}`;
  const rows = [
    [say.p50, show.ms(stampP50Ms)],
    [say.p99, show.ms(stampP99Ms)],
    [say.behind, behind === 0 ? say.upToDate : show.number(behind)],
    ...(behind === 0 ? [] : [[say.oldest, show.span(oldestMs)]]),
    [say.compared, compared],
  ];
  return `<h3>${escaped(names[language])}</h3>
<dl class="figures">
${rows.map(([term, value]) => `<dt>${term ?? ''}</dt><dd>${value ?? ''}</dd>`).join('\n')}
</dl>`;
}
