/** What a phone shows: who scans what, the documents with everything they say, and what the registry answered. */
import type { FastifyReply } from 'fastify';
import { html, type Markup, sendPage } from '../outside/page.js';
import type { Person } from '../outside/people.js';
import type { PhoneSession } from './phone-sessions.js';
import type { Sent } from './phone.js';
import type { ShownDocument } from './shown-document.js';

/** The form to begin with. */
export function sendStart(reply: FastifyReply, people: readonly Person[]): FastifyReply {
  const options = people.map(({ name }) => html`<option>${name}</option>`);
  return sendPage(
    reply,
    'A phone',
    html`<p>
        Plays eGov Mobile: opens the code of an application, shows the document, and signs it with the
        person’s key.
      </p>
      <form method="post" action="/phone/open">
        <label for="citizen">Whose phone</label>
        <select id="citizen" name="citizen" required>
          ${options}
        </select>
        <label for="qr">Text of the QR code</label>
        <textarea
          id="qr"
          name="qr"
          required
          maxlength="2048"
          spellcheck="false"
          autocomplete="off"
          placeholder="mobileSign:http…"
        ></textarea>
        <button>Open</button>
      </form>`,
  );
}

/** The documents, and the button that signs them. */
export function sendDocuments(
  reply: FastifyReply,
  { id, person, invitation }: PhoneSession,
  documents: readonly ShownDocument[],
): FastifyReply {
  const { organisation, description, expiryDate } = invitation;
  return sendPage(
    reply,
    'To be signed',
    html`<dl>
        ${row('Whose phone', person.name)}
        ${row('Who asks', `${organisation.nameEn}, BIN ${organisation.bin}`)} ${row('What for', description)}
        ${row('The code is good until', expiryDate)}
      </dl>
      ${documents.map(documentSection)}
      <form method="post" action="/phone/sign">
        <input type="hidden" name="session" value="${id}" />
        <button>Sign as ${person.name}</button>
      </form>
      <p><a href="/phone">Do not sign</a></p>`,
  );
}

/** What the registry said. */
export function sendResult(reply: FastifyReply, { status, message }: Sent): FastifyReply {
  const result =
    status === 200
      ? html`<p role="status">The registry took it: ${message}</p>`
      : html`<p role="alert">The registry did not take it (${status}): ${message}</p>`;
  return sendPage(
    reply,
    'Sent',
    html`${result}
      <p><a href="/phone">Another code</a></p>`,
  );
}

function documentSection({ nameEn, nameKz, nameRu, meta, document }: ShownDocument): Markup {
  return html`<section>
    <h2>${nameEn}</h2>
    <p><span lang="kk">${nameKz}</span><br /><span lang="ru">${nameRu}</span></p>
    <dl>${(meta ?? []).map(({ name, value }) => row(name, value))}</dl>
    <h2>The document itself</h2>
    <dl>${membersOf(document).map(([name, value]) => row(name, value))}</dl>
  </section>`;
}

/** Its language is not known here, hence the empty one. */
function row(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd lang="">${value}</dd>
  </div>`;
}

/** The statement first, because it is what is signed; of the rest nothing is hidden. */
function membersOf(document: unknown): [string, string][] {
  if (typeof document !== 'object' || document === null) return [['content', 'not JSON: it cannot be shown']];
  const members = Object.entries(document).map(([name, value]): [string, string] => [name, textOf(value)]);
  return members.sort(([a], [b]) => Number(b === 'statement') - Number(a === 'statement'));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
