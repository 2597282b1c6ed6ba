/**
 * Your certificate on every connection, and tokens bound to it: OAuth 2.0 client credentials with `private_key_jwt`
 * (FAPI 2.0, RFC 8705). A token that somebody steals is worth nothing without your key.
 */
import { importPKCS8 } from 'jose';
import * as oauth from 'openid-client';
import { Agent, fetch, type RequestInit } from 'undici';
import { defaults, type Access } from './lender-client.js';

export interface Credentials {
  /** Whom your assertions are addressed to: the authorization server's name. */
  readonly issuer: string;
  /** Its token endpoint on the mutual-TLS address. */
  readonly tokenUrl: string;
  /** The lender app's public base URL without a final slash: the audience of your tokens. */
  readonly resource: string;
  readonly clientId: string;
  readonly kid: string;
  /** PEM: your key (PKCS#8, EC P-256), your registered certificate, and the authority of the registry's servers. */
  readonly key: string;
  readonly cert: string;
  readonly ca?: string;
}

interface Granted {
  readonly text: string;
  readonly until: number;
}

const connections = 8;
const renewBeforeMs = 30_000;

/** @returns what a LenderClient connects with; `close()` when you end. @throws Error when the key cannot be read */
export async function mutualTls(of: Credentials): Promise<Access & { close(): Promise<void> }> {
  const { key, cert, ca } = of;
  const timeout = defaults.timeoutMs;
  const agent = new Agent({ connections, connect: { key, cert, timeout, ...(ca !== undefined && { ca }) } });
  const server = new oauth.Configuration(
    { issuer: of.issuer, token_endpoint: of.tokenUrl },
    of.clientId,
    undefined,
    oauth.PrivateKeyJwt({ key: await importPKCS8(key, 'ES256'), kid: of.kid }),
  );
  server.timeout = timeout / 1000;
  server[oauth.customFetch] = async (url, options) =>
    (await fetch(url, { ...options, dispatcher: agent } as RequestInit)) as unknown as globalThis.Response;

  const grant = async (): Promise<Granted> => {
    const askedAt = Date.now();
    const ask = { resource: of.resource, scope: 'checks' };
    const { access_token: text, expires_in: lives = 0 } = await oauth.clientCredentialsGrant(server, ask);
    return { text, until: askedAt + lives * 1000 - renewBeforeMs };
  };
  let atHand: Granted | undefined;
  let asking: Promise<Granted> | undefined;
  return {
    dispatcher: agent,
    /** The one at hand while it is good; those who need another at once share one grant. */
    async token() {
      if (atHand !== undefined && Date.now() < atHand.until) return atHand.text;
      asking ??= grant().finally(() => (asking = undefined));
      atHand = await asking;
      return atHand.text;
    },
    forget: () => (atHand = undefined),
    close: () => agent.close(),
  };
}
