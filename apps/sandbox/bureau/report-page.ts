/** The credit report a bureau shows, with the mark in the words of the state, in Kazakh, Russian and English. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Mark, Position } from './book.js';

const languages = ['kk', 'ru', 'en'] as const;
type Language = (typeof languages)[number];
const languageNames: Readonly<Record<Language, string>> = { kk: 'Қазақша', ru: 'Русский', en: 'English' };

const words = {
  kk: {
    title: 'Кредиттік есеп',
    iin: 'ЖСН',
    show: 'Көрсету',
    none: 'Банктік қарыздар мен микрокредиттерді алудан ерікті түрде бас тарту жоқ',
    mark: (when: string) =>
      `Банктік қарыздар мен микрокредиттерді алудан ерікті түрде бас тарту қолданыста, ${when} бастап`,
    asOf: (when: string) => `${when} жағдай бойынша`,
    unknown: 'Тізіліммен әлі салыстырылмаған',
    wrong: 'ЖСН он екі цифрдан тұрады',
  },
  ru: {
    title: 'Кредитный отчёт',
    iin: 'ИИН',
    show: 'Показать',
    none: 'Добровольного отказа от получения банковских займов, микрокредитов нет',
    mark: (when: string) =>
      `Действует добровольный отказ от получения банковских займов, микрокредитов с ${when}`,
    asOf: (when: string) => `на момент ${when}`,
    unknown: 'Ещё не сверено с реестром',
    wrong: 'ИИН состоит из двенадцати цифр',
  },
  en: {
    title: 'Credit report',
    iin: 'IIN',
    show: 'Show',
    none: 'No voluntary refusal of bank loans and microcredits',
    mark: (when: string) => `A voluntary refusal of bank loans and microcredits is in force, since ${when}`,
    asOf: (when: string) => `as of ${when}`,
    unknown: 'Not yet compared with the registry',
    wrong: 'An IIN has twelve digits',
  },
} as const;

export interface ReportSource {
  readonly names: Readonly<Record<Language, string>>;
  markOf(iin: string): Promise<Mark | undefined>;
  position(): Promise<Position>;
}

/** Serves `/`, `/{lang}` with a form, `POST /{lang}/report` and `/readyz`. The number is never in an address. */
export async function serveReports(
  source: ReportSource,
  listen: { host: string; port: number },
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(source, request, response).catch(() => {
      response.writeHead(503, { 'Content-Type': 'text/plain' }).end('unavailable\n');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(listen.port, listen.host, resolve);
  });
  return server;
}

async function answer(
  source: ReportSource,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [pathname = '/'] = (request.url ?? '/').split('?');
  if (pathname === '/readyz') {
    await source.position();
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":"ready"}');
    return;
  }
  if (pathname === '/') return void response.writeHead(302, { Location: '/kk' }).end();
  const [, name, act, ...rest] = pathname.split('/');
  const language = languages.find((each) => each === name);
  const isReport = act === 'report' && request.method === 'POST';
  if (language === undefined || rest.length > 0 || (act !== undefined && !isReport))
    return void response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found\n');
  send(
    response,
    language,
    source.names,
    isReport ? await report(source, language, await iinOf(request)) : '',
  );
}

async function report(source: ReportSource, language: Language, iin: string | undefined): Promise<string> {
  const text = words[language];
  if (iin === undefined) return `<p role="alert">${text.wrong}</p>`;
  const [mark, { verifiedAt }] = await Promise.all([source.markOf(iin), source.position()]);
  const when = instantIn(language);
  // Items are applied in their order, so a mark that is newer than the last comparison is itself as of its own instant.
  const at = [verifiedAt, mark?.placedAt ?? null].flatMap((instant) => instant?.getTime() ?? []);
  const asOf = verifiedAt === null ? text.unknown : text.asOf(when(new Date(Math.max(...at))));
  const sentence = mark === undefined ? text.none : text.mark(when(mark.placedAt));
  return `<section${mark === undefined ? '' : ' class="mark"'}><p><strong>${sentence}</strong></p><p>${asOf}</p></section>`;
}

/** The date and the minute as people in Kazakhstan read them. */
function instantIn(language: Language): (at: Date) => string {
  const locale = { kk: 'kk-KZ', ru: 'ru-KZ', en: 'en-GB' }[language];
  const format = new Intl.DateTimeFormat(locale, {
    dateStyle: 'long',
    timeStyle: 'medium',
    timeZone: 'Asia/Almaty',
  });
  return (at) => format.format(at);
}

async function iinOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > 1000) return undefined;
    chunks.push(chunk);
  }
  const [iin = '', ...others] = new URLSearchParams(Buffer.concat(chunks).toString()).getAll('iin');
  return others.length === 0 && /^\d{12}$/.test(iin.trim()) ? iin.trim() : undefined;
}

function send(
  response: ServerResponse,
  language: Language,
  names: ReportSource['names'],
  content: string,
): void {
  const text = words[language];
  const links = languages.map((each) =>
    each === language
      ? `<span aria-current="page">${languageNames[each]}</span>`
      : `<a href="/${each}" lang="${each}" hreflang="${each}">${languageNames[each]}</a>`,
  );
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    'Cache-Control': 'no-store',
  }).end(`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text.title} – ${names[language]}</title><style>${style}</style></head>
<body><header><strong>${names[language]}</strong><nav>${links.join('')}</nav></header><main><h1>${text.title}</h1>
<form method="post" action="/${language}/report"><label for="iin">${text.iin}</label><div>
<input id="iin" name="iin" inputmode="numeric" autocomplete="off" maxlength="12" required>
<button>${text.show}</button></div></form>${content}</main></body></html>`);
}

const style = `:root{--ink:#1f1a29;--quiet:#5d5668;--brand:#3d2a54;--line:#d9d4e0;--alarm:#a61b1b}*{box-sizing:border-box}
body{margin:0;font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--ink);background:#fff;overflow-wrap:break-word}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;justify-content:space-between;padding:.875rem max(1.25rem,calc(50% - 20.75rem));background:var(--brand);color:#fff}
nav{display:flex;flex-wrap:wrap;gap:1rem}header a{color:#fff;text-underline-offset:.15em}nav span{opacity:.75}
main{max-width:44rem;margin:0 auto;padding:1.75rem 1.25rem 3rem}h1{font-size:1.625rem;line-height:1.25;margin:0 0 1.25rem}
label{display:block;margin-bottom:.25rem;font-weight:600}form div{display:flex;flex-wrap:wrap;gap:.5rem}
input,button{font:inherit;padding:.5rem .75rem;border:1px solid var(--quiet);border-radius:6px}
input{width:14rem;max-width:100%;font-variant-numeric:tabular-nums;letter-spacing:.06em}
button{background:var(--brand);border-color:var(--brand);color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #8a6fb3;outline-offset:2px}
section,[role=alert]{margin:1.75rem 0 0;padding:1rem 1.25rem;border:1px solid var(--line);border-left-width:6px;border-radius:6px}
section p{margin:0}section p+p{margin-top:.375rem;color:var(--quiet);font-size:.9375rem}
.mark{border-color:var(--alarm);background:#fdf3f3}`;
