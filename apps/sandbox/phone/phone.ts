/**
 * A citizen's phone, as the public description of eGov Mobile's protocol has it (docs/counterparts.md) and not as the
 * registry does it: opens a QR code or a link, holds the documents for its owner to read, signs them with their key and
 * sends them back. It calls the addresses that are allowed to it and no other, whatever a code or an answer says.
 */
import { Agent, request } from 'undici';
import { signDocument } from '../nca/sign.js';
import { PhoneFailure } from './phone-failure.js';
import { type Bundle, type Invitation, readBundle, readInvitation } from './registry-answers.js';

/** Whose phone it is. */
export interface Holder {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface PhoneOptions {
  /** Public base URL of the citizen app: the one place the phone calls. */
  readonly citizenBase: string;
  /** Registry time in ms, claimed in signatures. */
  readonly registryNow: () => Promise<number>;
  readonly timeoutMs?: number;
}

/** Documents fetched and not yet signed. */
export interface OpenedSession {
  readonly invitation: Invitation;
  readonly bundle: Bundle;
}

/** What the registry said to the signed documents: it took them if the status is 200. */
export interface Sent {
  readonly status: number;
  /** The registry's own words. */
  readonly message: string;
}

interface Call {
  readonly method: 'GET' | 'PUT';
  readonly url: URL;
  readonly token?: string;
  readonly body?: Bundle;
}

const scheme = 'mobileSign:';
const maxAnswerBytes = 1_048_576;

export class Phone {
  private readonly agent: Agent;

  constructor(private readonly options: PhoneOptions) {
    this.agent = new Agent({ maxResponseSize: maxAnswerBytes });
  }

  /**
   * Fetches what is to be signed.
   * @param qr text of the QR code, or the link made for a phone
   * @throws PhoneFailure when the text is no such code, leads elsewhere, or the registry refuses
   */
  async open(qr: string): Promise<OpenedSession> {
    const first = await this.call({ method: 'GET', url: this.allowed(addressIn(qr)) });
    const invitation = readInvitation(accepted(first));
    const second = await this.call({ method: 'GET', ...this.documentsOf(invitation) });
    return { invitation, bundle: readBundle(accepted(second)) };
  }

  /** Signs each document and sends them. @throws PhoneFailure when the registry is silent */
  async sign(holder: Holder, { invitation, bundle }: OpenedSession): Promise<Sent> {
    return this.send(invitation, await signedBy(holder, bundle, await this.options.registryNow()));
  }

  /** Sends a bundle as it is: what a broken phone sends as well. */
  async send(invitation: Invitation, body: Bundle): Promise<Sent> {
    const sent = known(await this.call({ method: 'PUT', ...this.documentsOf(invitation), body }));
    return { status: sent.status, message: sent.status === 200 ? thanksOf(sent) : messageOf(sent) };
  }

  /** API №2, and the token where there is one. */
  private documentsOf({ uri, authToken }: Invitation): Pick<Call, 'url' | 'token'> {
    return { url: this.allowed(uri), ...(authToken !== undefined && { token: authToken }) };
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  /** The address, if it is the citizen app's. */
  private allowed(address: string): URL {
    const base = new URL(`${this.options.citizenBase}/`);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const isOurs = url?.origin === base.origin && url.pathname.startsWith(base.pathname);
    if (url === undefined || !isOurs || url.username !== '' || url.password !== '')
      throw new PhoneFailure('this code does not lead to the registry');
    return url;
  }

  /** Redirects are not followed, because an allowed address could lead to another. */
  private async call({ method, url, token, body }: Call): Promise<{ status: number; answer: unknown }> {
    try {
      const response = await request(url, {
        method,
        dispatcher: this.agent,
        signal: AbortSignal.timeout(this.options.timeoutMs ?? 10_000),
        headers: {
          accept: 'application/json',
          'accept-language': 'en',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      return { status: response.statusCode, answer: parsed(await response.body.text()) };
    } catch (cause) {
      throw new PhoneFailure('the registry does not answer', undefined, { cause });
    }
  }
}

/** Opens, signs and sends in one go. @throws PhoneFailure */
export async function openAndSign(options: PhoneOptions, holder: Holder, qr: string): Promise<Sent> {
  const phone = new Phone(options);
  try {
    return await phone.sign(holder, await phone.open(qr));
  } finally {
    await phone.close();
  }
}

/** The same bundle with each document's data replaced by the holder's CMS over it. @param at ms */
async function signedBy(holder: Holder, bundle: Bundle, at: number): Promise<Bundle> {
  const detached = bundle.signMethod === 'CMS_SIGN_ONLY';
  return withData(bundle, async (document) =>
    (await signDocument({ ...holder, document, at, detached })).toString('base64'),
  );
}

/**
 * The bundle with other data in its documents; every other member goes back as it came, known here or not.
 * @param made from the bytes of a document to the base64 to send
 */
export async function withData(bundle: Bundle, made: (data: Buffer) => Promise<string>): Promise<Bundle> {
  const documentsToSign = bundle.documentsToSign.map(async (one) => {
    const { file } = one.document;
    const data = await made(Buffer.from(file.data, 'base64'));
    return { ...one, document: { ...one.document, file: { ...file, data } } };
  });
  return { ...bundle, documentsToSign: await Promise.all(documentsToSign) };
}

/** A link opens the app wherever it was made for it; the app is then given what stands behind `link=`. */
function addressIn(qr: string): string {
  const text = qr.trim();
  if (text.startsWith(scheme)) return text.slice(scheme.length);
  const link = URL.canParse(text) ? new URL(text) : undefined;
  const address = link?.protocol === 'https:' ? link.searchParams.get('link') : null;
  if (address === null) throw new PhoneFailure('this is no code to sign with');
  return address;
}

interface Reply {
  readonly status: number;
  readonly answer: unknown;
}

function accepted(reply: Reply): unknown {
  if (known(reply).status !== 200) throw new PhoneFailure(messageOf(reply), reply.status);
  return reply.answer;
}

/** The description has two answers: 200, and 403 with a sentence to show. An app can make nothing of any other. */
function known(reply: Reply): Reply {
  if (reply.status !== 200 && reply.status !== 403)
    throw new PhoneFailure(
      `the registry answers ${String(reply.status)}, and a phone knows only 200 and 403`,
    );
  return reply;
}

/** What came with a 200 needs no words: the app has its own. */
function thanksOf({ answer }: Reply): string {
  const { message } = (answer ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : 'success';
}

function messageOf({ answer }: Reply): string {
  const { message } = (answer ?? {}) as { message?: unknown };
  if (typeof message !== 'string' || message === '')
    throw new PhoneFailure('the registry refuses without a message that a phone could show');
  return message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
