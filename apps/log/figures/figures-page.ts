/** The figures as a page: plain words, no script, readable on a small phone. */
import type { ProblemLanguage } from '#libs/problem/problem-text.js';
import { escaped, page } from '../page.js';
import { bureausPart } from './bureau-figures-page.js';
import type { Figures, HourFigures } from './figures.js';
import { figureWords, type FigureWords } from './figures-words.js';

const waitsTooLongMs = 60_000;
/** An hour that was asked about less is said to be so: a restart of the clerk leaves out a question or two. */
const wellWatched = 0.99;
const locales: Readonly<Record<ProblemLanguage, string>> = { kk: 'kk-KZ', ru: 'ru-KZ', en: 'en-GB' };

export function figuresPage(figures: Figures, language: ProblemLanguage): string {
  const say = figureWords[language];
  const { checks, log } = figures;
  const show = showerOf(language, say);
  const cosigned = log.cosignatures.map(({ witness, at }) => `${escaped(witness)}, ${show.time(at)}`);
  return page(
    { language, path: '/figures', title: say.title },
    `<h1>${say.title}</h1>
${alarmsOf(figures, say)}<p>${say.lead} ${show.time(figures.at)}. <a href="/figures.json">JSON</a></p>
<h2>${say.checks}</h2>
<dl class="figures">
${row(say.p50, show.ms(checks.p50Ms))}
${row(say.p99, show.ms(checks.p99Ms))}
${row(say.uptime, checks.uptime === null ? say.unknown : show.percent(checks.uptime))}
${row(say.watched, show.percent(checks.watched))}
</dl>
<p>${say.watchdog}</p>
<h2>${say.log}</h2>
<dl class="figures">
${row(say.size, log.size === null ? say.unknown : show.number(log.size))}
${row(say.signedAt, log.signedAt === null ? say.unknown : show.time(log.signedAt))}
${row(say.cosigned, cosigned.length === 0 ? say.nobody : cosigned.join('<br>'))}
${row(say.lagP50, show.ms(log.lagP50Ms))}
${row(say.lagP99, show.ms(log.lagP99Ms))}
</dl>
${bureausPart(figures.bureaus, language, show)}
${hoursTable(figures, say, show)}`,
  );
}

function alarmsOf({ log }: Figures, say: FigureWords): string {
  const alarms = [
    ...(log.isWithoutQuorum ? [say.withoutQuorum] : []),
    ...(log.waitingMs > waitsTooLongMs ? [say.waiting(Math.round(log.waitingMs / 1000))] : []),
  ];
  return alarms.map((text) => `<p class="alarm">${escaped(text)}</p>\n`).join('');
}

function hoursTable({ checks: { hours } }: Figures, say: FigureWords, show: Shower): string {
  if (hours.length === 0) return `<h2>${say.hours}</h2>\n<p>${say.noHours}</p>`;
  const cell = (value: number | null): string =>
    `<td>${value === null ? say.unknown : show.number(value)}</td>`;
  const answered = ({ uptime, watched }: Pick<HourFigures, 'uptime' | 'watched'>): string => {
    if (uptime === null) return say.unknown;
    const isPartly = watched < wellWatched;
    return show.percent(uptime) + (isPartly ? `<br><small>${say.partly(show.percent(watched))}</small>` : '');
  };
  const rows = hours
    .toReversed()
    .map(
      ({ hour, checks, refusalsPlaced, refusalsLifted, ...up }) =>
        `<tr><th scope="row">${show.time(hour)}</th>${[checks, refusalsPlaced, refusalsLifted].map(cell).join('')}<td>${answered(up)}</td></tr>`,
    );
  return `<h2>${say.hours}</h2>
<p>${say.roundedTens}</p>
<table>
<thead><tr><th scope="col">${say.hour}</th><th scope="col">${say.checks}</th><th scope="col">${say.placed}</th><th scope="col">${say.lifted}</th><th scope="col">${say.answered}</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}

/** How numbers and times are written in a language; the times of Kazakhstan. */
type Shower = ReturnType<typeof showerOf>;

function showerOf(language: ProblemLanguage, say: FigureWords) {
  const locale = locales[language];
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 3 });
  const time = new Intl.DateTimeFormat(locale, {
    ...{ timeZone: 'Asia/Almaty', hourCycle: 'h23' },
    ...{ day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit' },
  });
  return {
    number: (value: number): string => number.format(value),
    // Never more than was measured: 99.9996 % is not 100 %.
    percent: (value: number): string => percent.format(Math.floor(value * 100_000) / 100_000),
    ms: (value: number | null): string =>
      value === null ? say.unknown : `${number.format(value)} ${say.milliseconds}`,
    span: (ms: number): string => {
      const seconds = ms / 1000;
      if (seconds < 120) return `${number.format(seconds)} ${say.seconds}`;
      const minutes = Math.ceil(seconds / 60);
      return minutes < 120
        ? `${number.format(minutes)} ${say.minutes}`
        : `${number.format(Math.ceil(minutes / 60))} ${say.hoursShort}`;
    },
    time: (instant: string): string =>
      `<time datetime="${instant}">${escaped(time.format(new Date(instant)))}</time>`,
  };
}

function row(term: string, value: string): string {
  return `<dt>${term}</dt><dd>${value}</dd>`;
}
