/**
 * What the public description of eGov Mobile's QR signing says (docs/counterparts.md has its address), and nothing that our
 * registry or our phone adds: the specs of both hold each to it, so that neither can drift to fit the other.
 */
import assert from 'node:assert';

type Members = Readonly<Record<string, unknown>>;

/** Every answer to a phone: 200, or 403 with a sentence that it shows. */
export function assertPhoneAnswer({ status, body }: { status: number; body: unknown }): void {
  assert(status === 200 || status === 403, `a phone does not know the status ${String(status)}`);
  if (status === 403) texts(body, 'message');
}

/** API №1. */
export function assertInvitation(body: unknown): void {
  texts(body, 'description', 'expiry_date');
  const { expiry_date: expiry, organisation, document } = object(body);
  assert(!Number.isNaN(Date.parse(String(expiry))), 'expiry_date is no instant');
  texts(organisation, 'nameRu', 'nameKz', 'nameEn', 'bin');
  texts(document, 'uri', 'auth_type');
  const { auth_type: authType } = object(document);
  assert(['Token', 'Eds', 'None'].includes(String(authType)), 'an unknown auth_type');
  if (authType === 'Token') texts(document, 'auth_token');
}

/** API №2, in both directions. */
export function assertBundle(body: unknown): void {
  const { signMethod, documentsToSign } = object(body);
  assert(['XML', 'CMS_WITH_DATA', 'CMS_SIGN_ONLY'].includes(String(signMethod)), 'an unknown signMethod');
  assert(Array.isArray(documentsToSign) && documentsToSign.length > 0, 'no documents');
  for (const one of documentsToSign) {
    const { id, meta = [], document } = object(one);
    assert(typeof id === 'number', 'an id that is no number');
    texts(one, 'nameRu', 'nameKz', 'nameEn');
    assert(Array.isArray(meta), 'meta is no list');
    for (const each of meta) texts(each, 'name', 'value');
    if (signMethod === 'XML') texts(one, 'documentXml');
    else texts(object(document)['file'], 'mime', 'data');
  }
}

/** What comes back is what was given, with other `data` in each document and nothing else changed. */
export function assertSignedBundle(given: unknown, returned: unknown): void {
  assertBundle(returned);
  assert.deepStrictEqual(withoutData(returned), withoutData(given));
}

/** Text of a QR code. */
export function assertQr(text: string): void {
  assert.match(text, /^mobileSign:https?:\/\/\S+$/);
}

/** A link for the phone itself: the address of API №1, encoded, is `link`. */
export function assertLink(link: string, api1: string): void {
  assert.strictEqual(link, `https://m.egov.kz/mobileSign/?link=${encodeURIComponent(api1)}`);
}

function withoutData(bundle: unknown): unknown {
  return JSON.parse(JSON.stringify(bundle), (name, value: unknown) => (name === 'data' ? '' : value));
}

function object(value: unknown): Members {
  assert(typeof value === 'object' && value !== null && !Array.isArray(value), 'an object was expected');
  return value as Members;
}

function texts(value: unknown, ...names: readonly string[]): void {
  for (const name of names) {
    const text = object(value)[name];
    assert(typeof text === 'string' && text !== '', `${name} is no text`);
  }
}
