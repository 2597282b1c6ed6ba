/**
 * A party as a machine client: gets tokens from the authorization server (FAPI 2.0, `private_key_jwt`) and proves that
 * they are its own, by DPoP or by its certificate.
 */
import { createHash, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { exportJWK, importPKCS8, importSPKI, SignJWT, type CryptoKey } from 'jose';
import * as oauth from 'openid-client';
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import type { Clock } from '../clock.js';

/** Where tokens are given, and whose servers are believed. */
export interface TokenPlace {
  readonly issuer: string;
  /** `accessTls`: the issuer's address for mutual TLS. */
  readonly urls: Readonly<Record<string, string>>;
  /** Authority of the servers; those of the machine when absent. */
  readonly tlsCaFile?: string;
}

/** Who asks: what it was admitted with. */
export interface PartyCredential {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The one audience of its tokens. */
  readonly resource: string;
  readonly kid: string;
  /** PKCS#8 PEM, EC P-256: assertions, proofs and the certificate are all by this key. */
  readonly keyFile: string;
  /** For tokens bound to a certificate only. */
  readonly certFile?: string;
}

/** The two header lines of one proven request. */
export interface ProvenHeaders {
  readonly Authorization: string;
  readonly DPoP: string;
}

const patienceMs = 10_000;

export class PartyClient {
  private token: { readonly text: string; readonly expiresAt: number } | undefined;
  private readonly nonces = new Map<string, string>();
  private readonly tls: { readonly ca?: Buffer };
  private readonly agent: Agent;

  private constructor(
    private readonly place: TokenPlace,
    private readonly party: PartyCredential,
    private readonly keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey },
    private readonly settings: { readonly clock: Clock; readonly timeoutMs: number },
  ) {
    this.tls = place.tlsCaFile === undefined ? {} : { ca: readFileSync(place.tlsCaFile) };
    // Each call on a connection of its own: one that rested is closed by its server in the moment it is used again.
    this.agent = new Agent({ connect: this.tls, pipelining: 0 });
  }

  /**
   * @param timeoutMs that one request may take
   * @throws Error when the key file cannot be read
   */
  static async of(
    place: TokenPlace,
    party: PartyCredential,
    clock: Clock,
    timeoutMs = patienceMs,
  ): Promise<PartyClient> {
    const pem = readFileSync(party.keyFile, 'utf8');
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
    const keys = {
      privateKey: await importPKCS8(pem, 'ES256'),
      publicKey: await importSPKI(spki, 'ES256', { extractable: true }),
    };
    return new PartyClient(place, party, keys, { clock, timeoutMs });
  }

  /** A token bound to the party's key; the one at hand while it is good for another half minute. */
  async dpopToken(): Promise<string> {
    if (this.token !== undefined && this.settings.clock() < this.token.expiresAt - 30_000)
      return this.token.text;
    const server = this.server(`${this.place.issuer}/token`, this.agent);
    const DPoP = oauth.getDPoPHandle(server, this.keys);
    const granted = await oauth.clientCredentialsGrant(server, this.ask(), { DPoP });
    this.token = {
      text: granted.access_token,
      expiresAt: this.settings.clock() + (granted.expires_in ?? 0) * 1000,
    };
    return granted.access_token;
  }

  /** A token bound to the party's certificate, for the mutual-TLS listeners. */
  async certificateToken(): Promise<string> {
    const { keyFile, certFile } = this.party;
    if (certFile === undefined) throw new Error('this party has no certificate');
    const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
    const agent = new Agent({ connect: { ...this.tls, key, cert } });
    try {
      const server = this.server(`${this.place.urls['accessTls'] ?? ''}/token`, agent);
      return (await oauth.clientCredentialsGrant(server, this.ask())).access_token;
    } finally {
      await agent.close();
    }
  }

  /** Headers for exactly one request; fetches a nonce first when none of that server is known. */
  async prove(method: string, url: string): Promise<ProvenHeaders> {
    const { origin, pathname } = new URL(url);
    const token = await this.dpopToken();
    const nonce = this.nonces.get(origin) ?? (await this.freshNonce(origin));
    const proof = await new SignJWT({
      jti: randomUUID(),
      htm: method,
      htu: `${origin}${pathname}`,
      iat: Math.floor(this.settings.clock() / 1000),
      ath: createHash('sha256').update(token).digest('base64url'),
      nonce,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(this.keys.publicKey) })
      .sign(this.keys.privateKey);
    return { Authorization: `DPoP ${token}`, DPoP: proof };
  }

  /** Calls an app as this party; an outdated nonce is replaced once. */
  async call(
    method: string,
    url: string,
    options: Pick<RequestInit, 'headers' | 'body'> = {},
  ): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const proven = await this.prove(method, url);
      const headers = { ...(options.headers as Record<string, string> | undefined), ...proven };
      const response = await this.fetch(url, { ...options, method, headers });
      if (response.status !== 401 || !isNonceOutdated(response) || attempt === 2) return response;
      await response.body?.cancel();
    }
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.agent.destroy();
  }

  /** Any answer of an app carries a nonce; this one is about nobody. */
  private async freshNonce(origin: string): Promise<string | undefined> {
    const response = await this.fetch(`${origin}/livez`, {});
    await response.body?.cancel();
    return this.nonces.get(origin);
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(this.settings.timeoutMs);
    const response = await fetch(url, { ...init, signal, dispatcher: this.agent });
    const nonce = response.headers.get('DPoP-Nonce');
    if (nonce !== null) this.nonces.set(new URL(url).origin, nonce);
    return response;
  }

  private ask(): Record<string, string> {
    return { resource: this.party.resource, scope: this.party.scopes.join(' ') };
  }

  private server(tokenEndpoint: string, dispatcher: Agent): oauth.Configuration {
    const { clientId, kid } = this.party;
    const server = new oauth.Configuration(
      { issuer: this.place.issuer, token_endpoint: tokenEndpoint },
      clientId,
      undefined,
      oauth.PrivateKeyJwt({ key: this.keys.privateKey, kid }),
    );
    server.timeout = this.settings.timeoutMs / 1000;
    // The sandbox listens on the loopback address, where plain HTTP leaves nothing open.
    oauth.allowInsecureRequests(server);
    server[oauth.customFetch] = async (url, options) =>
      (await fetch(url, { ...options, dispatcher } as RequestInit)) as unknown as globalThis.Response;
    return server;
  }
}

function isNonceOutdated(response: Response): boolean {
  return response.headers.get('WWW-Authenticate')?.includes('use_dpop_nonce') ?? false;
}
