/**
 * The pages behind the `type` of a problem: what happened and what to do, in plain words, without a script, a picture
 * or a font from anywhere.
 */
import { problemKinds, type ProblemCode } from '#libs/problem/catalogue.js';
import { problemText, type ProblemLanguage } from '#libs/problem/problem-text.js';
import { escaped, page } from '../page.js';

interface Words {
  readonly all: string;
  readonly lead: string;
  readonly status: string;
  readonly code: string;
  readonly again: string;
  /** @param seconds of `Retry-After` */
  after(seconds: number): string;
  readonly later: string;
  readonly never: string;
}

const words: Readonly<Record<ProblemLanguage, Words>> = {
  kk: {
    all: 'Барлық мәселелер',
    lead: 'Тізілім сұрауға жауап бере алмаса, төмендегі кодтардың бірін қайтарады. Кодтың мағынасы ешқашан өзгермейді.',
    status: 'HTTP күйі',
    code: 'Код',
    again: 'Қайталау',
    after: (seconds) => `${seconds} секундтан кейін көмектесуі мүмкін`,
    later: 'кейінірек көмектесуі мүмкін; көмектеспесе, хабарлаңыз',
    never: 'өздігінен көмектеспейді',
  },
  ru: {
    all: 'Все ошибки',
    lead: 'Когда реестр не может исполнить запрос, он отвечает одним из этих кодов. Значение кода никогда не меняется.',
    status: 'Статус HTTP',
    code: 'Код',
    again: 'Повтор',
    after: (seconds) => `может помочь через ${seconds} с`,
    later: 'может помочь позже; если нет, сообщите нам',
    never: 'сам по себе не поможет',
  },
  en: {
    all: 'All problems',
    lead: 'When the registry cannot do what it was asked, it answers with one of these codes. A code never changes its meaning.',
    status: 'HTTP status',
    code: 'Code',
    again: 'Trying again',
    after: (seconds) => `may help after ${seconds} s`,
    later: 'may help later; report it if it does not',
    never: 'does not help by itself',
  },
};

/** The page of one code. */
export function problemPage(code: ProblemCode, language: ProblemLanguage): string {
  const { title, detail } = problemText(code, language);
  const { status, retryAfterS } = problemKinds[code] as { status: number; retryAfterS?: number };
  const say = words[language];
  const unsaid = status >= 500 ? say.later : say.never;
  const again = retryAfterS === undefined ? unsaid : say.after(retryAfterS);
  return page(
    { language, path: `/problems/${code}`, title },
    `<h1>${escaped(title)}</h1>
<p>${prose(detail)}</p>
<dl>
<dt>${say.code}</dt><dd><code>${code}</code></dd>
<dt>${say.status}</dt><dd>${status}</dd>
<dt>${say.again}</dt><dd>${escaped(again)}</dd>
</dl>
<p><a href="/problems?lang=${language}">${say.all}</a></p>`,
  );
}

/** The page of all codes, in the order of their status. */
export function problemList(language: ProblemLanguage): string {
  const say = words[language];
  const items = (Object.keys(problemKinds) as ProblemCode[]).map((code) => {
    const { title } = problemText(code, language);
    return `<li><h2><a href="/problems/${code}?lang=${language}">${escaped(title)}</a></h2>
<p>${problemKinds[code].status} · <code>${code}</code></p></li>`;
  });
  return page(
    { language, path: '/problems', title: say.all },
    `<h1>${say.all}</h1>
<p>${escaped(say.lead)}</p>
<ul class="list">
${items.join('\n')}
</ul>`,
  );
}

/** Text with its backticks as code. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}
