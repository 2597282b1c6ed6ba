/**
 * The one look of all pages of the outside world: plain HTML without script, readable at 320 px. `html` escapes what is
 * put into it, so a text from the registry or a form stays a text.
 */
import type { FastifyReply } from 'fastify';

/** Markup that is safe to send: made by `html` and by nothing else. */
export class Markup {
  constructor(readonly source: string) {}
}

type Insert = string | number | Markup | readonly Markup[] | undefined;

/** Markup with texts escaped; undefined inserts nothing. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return new Markup(parts.map((part, i) => part + sourceOf(inserts[i])).join(''));
}

/** Sends a whole page; its title is also its heading. */
export function sendPage(reply: FastifyReply, title: string, content: Markup): FastifyReply {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – sandbox</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        <header><a href="/">Sandbox: the outside world</a></header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `;
  // No form-action: signing in ends with a redirect to another origin, which that would block.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('referrer-policy', 'same-origin')
    .send(page.source);
}

const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; overflow-wrap: anywhere; }
header { padding: .75rem 1rem; background: #17324d; }
header a { color: #fff; }
main { max-width: 42rem; padding: 0 1rem 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.15rem; margin-bottom: .25rem; }
a { color: #0b4f8a; }
label, legend { display: block; margin-top: 1rem; font-weight: 600; }
select, textarea, button { font: inherit; width: 100%; max-width: 100%; padding: .5rem; border: 1px solid #555; border-radius: 4px; }
textarea { min-height: 6rem; }
button { margin-top: 1rem; min-height: 2.75rem; background: #17324d; color: #fff; border-color: #17324d; cursor: pointer; }
a:focus-visible, button:focus-visible, select:focus-visible, textarea:focus-visible { outline: 3px solid #c77700; outline-offset: 2px; }
dl { margin: 0; }
dt { margin-top: .5rem; color: #444; font-size: .875rem; }
dd { margin: 0; }
code { font-size: .875rem; }
[role=alert] { border-left: 4px solid #a61b1b; padding: .5rem .75rem; background: #fdf0f0; }
[role=status] { border-left: 4px solid #1b6e3c; padding: .5rem .75rem; background: #eef8f1; }
`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function sourceOf(insert: Insert): string {
  if (insert === undefined) return '';
  if (insert instanceof Markup) return insert.source;
  if (typeof insert === 'object') return insert.map(({ source }) => source).join('\n');
  return String(insert).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
