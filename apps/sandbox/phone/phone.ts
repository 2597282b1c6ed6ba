/**
 * A citizen's phone: opens a QR code's address as eGov Mobile does, holds the documents for its owner to read, signs
 * them with his key and sends them back. It calls the citizen app and nobody else, whatever a QR code or an answer says.
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
export interface Opened {
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
const linkOrigin = 'https://mgovsign.page.link';
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
  async open(qr: string): Promise<Opened> {
    const first = await this.call({ method: 'GET', url: this.allowed(addressIn(qr)) });
    const invitation = readInvitation(accepted(first));
    const url = this.allowed(invitation.uri);
    const second = await this.call({ method: 'GET', url, token: invitation.authToken });
    return { invitation, bundle: readBundle(accepted(second)) };
  }

  /** Signs each document (attached CMS) and sends them. @throws PhoneFailure when the registry is silent */
  async sign(holder: Holder, { invitation, bundle }: Opened): Promise<Sent> {
    return this.send(invitation, await signedBy(holder, bundle, await this.options.registryNow()));
  }

  /** Sends a bundle as it is: what a broken phone sends as well. */
  async send({ uri, authToken }: Invitation, body: Bundle): Promise<Sent> {
    const sent = await this.call({ method: 'PUT', url: this.allowed(uri), token: authToken, body });
    return { status: sent.status, message: messageOf(sent) };
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
  return withData(bundle, async (data) =>
    (await signDocument({ ...holder, document: data, at })).toString('base64'),
  );
}

/** The bundle with other data in its documents. @param made from the bytes of a document to the base64 to send */
export async function withData(bundle: Bundle, made: (data: Buffer) => Promise<string>): Promise<Bundle> {
  const documentsToSign = bundle.documentsToSign.map(async (one) => {
    const { mime, data } = one.document.file;
    return { ...one, document: { file: { mime, data: await made(Buffer.from(data, 'base64')) } } };
  });
  return { ...bundle, documentsToSign: await Promise.all(documentsToSign) };
}

function addressIn(qr: string): string {
  const text = qr.trim();
  if (text.startsWith(scheme)) return text.slice(scheme.length);
  const link = URL.canParse(text) ? new URL(text) : undefined;
  const address = link?.origin === linkOrigin ? link.searchParams.get('link') : null;
  if (address === null) throw new PhoneFailure('this is no code to sign with');
  return address;
}

function accepted(reply: { status: number; answer: unknown }): unknown {
  if (reply.status !== 200) throw new PhoneFailure(messageOf(reply), reply.status);
  return reply.answer;
}

function messageOf({ status, answer }: { status: number; answer: unknown }): string {
  const { message } = (answer ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : `the registry answers ${String(status)}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
