/**
 * The frame of every page of the log: plain words in three languages, without a script, a picture or a font from
 * anywhere. One style sheet stands inside and is allowed by its hash.
 */
import { createHash } from 'node:crypto';
import { languages, type ProblemLanguage } from '#libs/problem/problem-text.js';

interface Words {
  readonly product: string;
  readonly languages: string;
}

const words: Readonly<Record<ProblemLanguage, Words>> = {
  kk: { product: 'Тыйым', languages: 'Тілдер' },
  ru: { product: 'Тыйым', languages: 'Языки' },
  en: { product: 'Tyiym', languages: 'Languages' },
};

const languageNames: Readonly<Record<ProblemLanguage, string>> = {
  kk: 'Қазақша',
  ru: 'Русский',
  en: 'English',
};

const style = `:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#4d5761;--line:#c9d0d6;--paper:#fff;--link:#0b57a4;--alarm:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebee;--quiet:#aab4bd;--line:#414a52;--paper:#15181b;--link:#8cc4ff;--alarm:#ff8a80}}
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
.list p{margin:.125rem 0 0;color:var(--quiet)}
.alarm{margin:1.5rem 0 0;padding:.75rem 1rem;border:1px solid var(--alarm);border-left-width:.375rem}
h1+.alarm{margin-top:0}
main h2{margin-top:2rem}
h3{font-size:1rem;line-height:1.35;margin:1.5rem 0 0}
.list h2{margin-top:0}
.figures{grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:.625rem 1.25rem;margin-top:.75rem}
.figures dd{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
@media (max-width:30rem){.figures{grid-template-columns:1fr;gap:0}.figures dd{margin-bottom:.75rem;font-weight:600}}
table{width:100%;margin:.75rem 0 0;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.375rem .25rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:bottom}
th{font-weight:400;color:var(--quiet)}
th:first-child{padding-left:0;text-align:left}
tbody th{color:inherit}
@media (max-width:30rem){table{font-size:.75rem}td{overflow-wrap:anywhere}th,td{padding:.375rem .125rem}thead th{overflow-wrap:normal}}`;

/** Value of `Content-Security-Policy`: nothing may be loaded, run, framed or sent but the one style sheet. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A whole page. `main` is HTML already; `path` is where its other languages are. */
export function page(
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

/** Text that cannot be taken for HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
