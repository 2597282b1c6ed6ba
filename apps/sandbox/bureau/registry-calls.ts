/**
 * The registry as a bureau reaches it: over mutual TLS, with tokens bound to its certificate (RFC 8705). Written from
 * the contract alone; nothing here is the registry's own code.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { importPKCS8, SignJWT, type CryptoKey } from 'jose';
import { Agent, fetch, type Response } from 'undici';

export interface RegistryAddress {
  readonly issuer: string;
  /** Token endpoint over mutual TLS. */
  readonly tokenUrl: string;
  /** Audience of tokens, and `iss` of SETs. */
  readonly resource: string;
  /** The bureaus' app over mutual TLS. */
  readonly base: string;
  readonly jwksUrl: string;
  readonly tlsCaFile: string;
}

export interface Credentials {
  readonly clientId: string;
  readonly kid: string;
  readonly keyFile: string;
  readonly certFile: string;
}

/** An answer that is none of 2xx; `code` as the problem names it. */
class CallFailed extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

const timeoutMs = 40_000;

export class RegistryCalls {
  private token: { readonly text: string; readonly until: number } | undefined;
  private readonly agent: Agent;

  private constructor(
    private readonly address: RegistryAddress,
    private readonly own: Credentials,
    private readonly key: CryptoKey,
  ) {
    const [key_, cert, ca] = [own.keyFile, own.certFile, address.tlsCaFile].map((file) => readFileSync(file));
    this.agent = new Agent({
      connect: { key: key_, cert, ca },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  static async of(address: RegistryAddress, own: Credentials): Promise<RegistryCalls> {
    return new RegistryCalls(address, own, await importPKCS8(readFileSync(own.keyFile, 'utf8'), 'ES256'));
  }

  /** The JSON of a 2xx answer and its headers. @throws CallFailed */
  async json<T>(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<{ body: T; headers: Response['headers'] }> {
    const response = await this.send(method, path, body);
    const text = await response.text();
    return { body: (text === '' ? undefined : JSON.parse(text)) as T, headers: response.headers };
  }

  /** The answer itself, for what is read line by line. @throws CallFailed */
  async send(method: 'GET' | 'POST', path: string, body?: object): Promise<Response> {
    const headers = {
      Authorization: `Bearer ${await this.accessToken()}`,
      ...(body && { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() }),
    };
    const response = await fetch(`${this.address.base}${path}`, {
      ...{ method, headers, dispatcher: this.agent },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    if (response.status === 401) this.token = undefined;
    const problem = (await response.json().catch(() => ({}))) as { readonly code?: unknown };
    throw new CallFailed(response.status, String(problem.code));
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async accessToken(): Promise<string> {
    if (this.token !== undefined && this.token.until > Date.now()) return this.token.text;
    const { clientId, kid } = this.own;
    const now = Math.floor(Date.now() / 1000);
    const assertion = await new SignJWT({
      jti: randomUUID(),
      iss: clientId,
      sub: clientId,
      aud: this.address.issuer,
      iat: now,
      exp: now + 60,
    })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(this.key);
    const response = await fetch(this.address.tokenUrl, {
      method: 'POST',
      dispatcher: this.agent,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        resource: this.address.resource,
        scope: 'feed stamps loans',
      }).toString(),
    });
    const answer = (await response.json()) as {
      readonly access_token?: string;
      readonly expires_in?: number;
    };
    if (answer.access_token === undefined) throw new CallFailed(response.status, 'no token');
    // Half a minute early, so that none expires on its way.
    this.token = { text: answer.access_token, until: Date.now() + ((answer.expires_in ?? 60) - 30) * 1000 };
    return answer.access_token;
  }
}
