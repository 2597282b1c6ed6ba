/**
 * Calls of a running sandbox as the parties and people outside make them, over HTTP only. Every answer is kept, so that
 * a spec can search what others were told.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { importPKCS8 } from 'jose';
import type { Response } from 'undici';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { issuePerson, type Authority } from '../../apps/sandbox/nca/nca.js';
import { signDocument } from '../../apps/sandbox/nca/sign.js';
import { makeCitizenAssertion } from '../../apps/tool/token/citizen-assertion.js';
import { PartyClient } from '#libs/platform/access/party.client.js';
import { partyNamed, type SandboxHome } from '../../apps/tool/token/sandbox-home.js';
import type { Sandbox } from './sandbox.js';

export type Members = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly call: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Members;
}

/** A person with a certificate of the sandbox's authority. */
export interface Person {
  readonly iin: string;
  readonly credential: Credential;
}

interface Call {
  readonly body?: Members;
  /** Idempotency-Key; fresh when not given. */
  readonly key?: string;
}

export class Party {
  readonly answers: Answer[] = [];

  private constructor(
    private readonly home: SandboxHome,
    readonly name: string,
    private readonly client: PartyClient,
  ) {}

  static async of(sandbox: Sandbox, name: string): Promise<Party> {
    const { content } = sandbox;
    const withFiles = <P extends { keyFile: string; certFile: string }>(party: P): P => ({
      ...party,
      keyFile: sandbox.file(party.keyFile),
      certFile: sandbox.file(party.certFile),
    });
    const home = {
      ...content,
      tlsCaFile: sandbox.file(content.tlsCaFile),
      parties: content.parties.map(withFiles),
    };
    return new Party(home, name, await PartyClient.of(home, partyNamed(home, name), () => Date.now()));
  }

  /** One call of the app this party has tokens for. @throws when nobody answers. */
  async call(method: string, path: string, { body, key = randomUUID() }: Call = {}): Promise<Answer> {
    const { resource } = partyNamed(this.home, this.name);
    const sent = body && { body: JSON.stringify(body) };
    const headers = { 'Idempotency-Key': key, ...(body && { 'Content-Type': 'application/json' }) };
    const answer = await answerOf(
      `${method} ${path}`,
      await this.client.call(method, resource + path, { headers, ...sent }),
    );
    this.answers.push(answer);
    return answer;
  }

  /** This channel's word that the citizen is present, for one call. */
  async assertion(iin: string): Promise<string> {
    const { clientId, kid, keyFile, resource: audience } = partyNamed(this.home, this.name);
    const key = await importPKCS8(readFileSync(keyFile, 'utf8'), 'ES256');
    const of = { clientId, kid, audience, iin, method: 'eds', nowS: Math.floor(Date.now() / 1000) };
    return makeCitizenAssertion({ ...of, jti: randomUUID() }, key);
  }

  /** Opens an application for the person. */
  async open({ iin }: Person, wish: Members): Promise<Answer> {
    const body = { citizenAssertion: await this.assertion(iin), language: 'ru', ...wish };
    return this.call('POST', '/v1/applications', { body });
  }

  /** Opens and signs; the answer to the signature, or to the opening when that failed. */
  async apply(person: Person, wish: Members): Promise<Answer> {
    const opened = await this.open(person, wish);
    if (opened.status !== 201) return opened;
    return this.sign(String(opened.body['applicationId']), await signatureOf(person, opened));
  }

  sign(applicationId: string, cms: string): Promise<Answer> {
    return this.call('PUT', `/v1/applications/${applicationId}/signature`, { body: { cms } });
  }
}

/** The person's CMS over the document of an opened application, base64. */
export async function signatureOf({ credential }: Person, { body }: Answer): Promise<string> {
  const document = Buffer.from(String(body['document']), 'base64');
  return (await signDocument({ document, at: Date.now(), ...credential })).toString('base64');
}

/** Somebody with this number whom the sandbox has not met, with a certificate of its authority. */
export async function newPerson(sandbox: Sandbox, iin: string): Promise<Person> {
  const authority = JSON.parse(readFileSync(sandbox.file('nca', 'authority.json'), 'utf8')) as Authority;
  const name = { surname: 'СЫНАҚ', given: 'ӘДІЛ' };
  return {
    iin,
    credential: await issuePerson(authority, { iin, name, keyKind: 'ec', at: Date.now() - 60_000 }),
  };
}

/** A citizen of the sandbox. */
export function citizen(sandbox: Sandbox, name: string): Person {
  const read = (file: string): string => readFileSync(sandbox.file('people', file), 'utf8');
  return {
    iin: sandbox.iinOf(name),
    credential: { keyPem: read(`${name}.key`), certPem: read(`${name}.pem`) },
  };
}

async function answerOf(call: string, response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    ...{ call, status: response.status, text },
    headers: Object.fromEntries(response.headers),
    body: text.startsWith('{') ? (JSON.parse(text) as Members) : {},
  };
}
