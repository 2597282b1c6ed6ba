/**
 * The pages behind the `type` of a problem: what happened and what to do, in plain words, without a script, a picture
 * or a font from anywhere. One style sheet stands inside and is allowed by its hash.
 */
import { createHash } from 'node:crypto';
import { problemKinds, type ProblemCode } from '#libs/problem/catalogue.js';
import { languages, problemText, type ProblemLanguage } from '#libs/problem/problem-text.js';

interface Words {
  readonly product: string;
  readonly all: string;
  readonly lead: string;
  readonly status: string;
  readonly code: string;
  readonly again: string;
  /** @param seconds of `Retry-After` */
  after(seconds: number): string;
  readonly later: string;
  readonly never: string;
  readonly languages: string;
}

const words: Readonly<Record<ProblemLanguage, Words>> = {
  kk: {
    product: 'Тыйым',
    all: 'Барлық мәселелер',
    lead: 'Тізілім сұрауға жауап бере алмаса, төмендегі кодтардың бірін қайтарады. Кодтың мағынасы ешқашан өзгермейді.',
    status: 'HTTP күйі',
    code: 'Код',
    again: 'Қайталау',
    after: (seconds) => `${seconds} секундтан кейін көмектесуі мүмкін`,
    later: 'кейінірек көмектесуі мүмкін; көмектеспесе, хабарлаңыз',
    never: 'өздігінен көмектеспейді',
    languages: 'Тілдер',
  },
  ru: {
    product: 'Тыйым',
    all: 'Все ошибки',
    lead: 'Когда реестр не может исполнить запрос, он отвечает одним из этих кодов. Значение кода никогда не меняется.',
    status: 'Статус HTTP',
    code: 'Код',
    again: 'Повтор',
    after: (seconds) => `может помочь через ${seconds} с`,
    later: 'может помочь позже; если нет, сообщите нам',
    never: 'сам по себе не поможет',
    languages: 'Языки',
  },
  en: {
    product: 'Tyiym',
    all: 'All problems',
    lead: 'When the registry cannot do what it was asked, it answers with one of these codes. A code never changes its meaning.',
    status: 'HTTP status',
    code: 'Code',
    again: 'Trying again',
    after: (seconds) => `may help after ${seconds} s`,
    later: 'may help later; report it if it does not',
    never: 'does not help by itself',
    languages: 'Languages',
  },
};

const languageNames: Readonly<Record<ProblemLanguage, string>> = {
  kk: 'Қазақша',
  ru: 'Русский',
  en: 'English',
};

const style = `:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#4d5761;--line:#c9d0d6;--paper:#fff;--link:#0b57a4}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebee;--quiet:#aab4bd;--line:#414a52;--paper:#15181b;--link:#8cc4ff}}
*{box-sizing:border-box}
body{margin:0;padding:0 1.25rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
header,main{max-width:44rem;margin:0 auto}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;justify-content:space-between;padding-top:1.25rem;padding-bottom:.75rem;border-bottom:1px solid var(--line)}
header p{margin:0;font-weight:700}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0;padding:0;list-style:none}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible{outline:3px solid var(--link);outline-offset:2px}
nav [aria-current]{color:var(--ink);text-decoration:none;font-weight:600}
main{padding-top:1.5rem;padding-bottom:3rem}
h1{font-size:1.625rem;line-height:1.25;margin:0 0 1rem}
h2{font-size:1.125rem;line-height:1.35;margin:0}
code{font:.9375em ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",monospace}
dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.375rem 1.25rem;margin:1.5rem 0;padding:1rem 0;border:solid var(--line);border-width:1px 0}
dt{color:var(--quiet)}dd{margin:0;min-width:0}
.list{margin:1.5rem 0 0;padding:0;list-style:none}
.list li{padding:.875rem 0;border-top:1px solid var(--line)}
.list p{margin:.125rem 0 0;color:var(--quiet)}`;

/** Value of `Content-Security-Policy`: nothing may be loaded, run, framed or sent but the one style sheet. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

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

function page(
  { language, path, title }: { language: ProblemLanguage; path: string; title: string },
  main: string,
): string {
  const say = words[language];
  const links = languages.map((each) => {
    const current = each === language ? ' aria-current="true"' : '';
    return `<li><a href="${path}?lang=${each}" hreflang="${each}" lang="${each}"${current}>${languageNames[each]}</a></li>`;
  });
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} – ${say.product}</title>
<style>${style}</style>
</head>
<body>
<header>
<p>${say.product}</p>
<nav aria-label="${say.languages}"><ul>${links.join('')}</ul></nav>
</header>
<main>
${main}
</main>
</body>
</html>
`;
}

/** Text with its backticks as code. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
