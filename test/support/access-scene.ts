/**
 * The authorization server on real listeners over a database of its own, with parties whose keys are in every state,
 * and token requests in which every member can be replaced.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';
import { pino } from 'pino';
import { Agent, fetch, type Response } from 'undici';
import { formatInstant } from '#libs/journal/instant.js';
import { checkConfig, type Config } from '#libs/platform/config.js';
import { createApp, listenTls } from '#libs/platform/http.js';
import { AccessModule } from '../../apps/access/access.module.js';
import { selfSigned, type ClientCertificate } from './certificates.js';
import { testDatabase, type TestDatabase } from './database.js';
import { freePort } from './free-port.js';
import { dpopProof, newKeyPair, type KeyPair } from './machine-client.js';
import { addRawAct } from './raw-act.js';

/** A server's two ways in. */
export interface Place {
  readonly port: number;
  readonly tlsPort: number;
  readonly base: string;
  readonly tlsBase: string;
}

/** How a request travels: plain, or over mutual TLS with this certificate or with none. */
export type Over = ClientCertificate | 'no certificate' | undefined;

export interface Ask {
  readonly by?: KeyPair;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** A ready assertion instead of one made from the three above. */
  readonly assertion?: string;
  /** Members to replace or, when empty, to leave out. */
  readonly form?: Readonly<Record<string, string>>;
  /** No proof at all. */
  readonly withoutProof?: boolean;
  readonly proof?: Readonly<Record<string, unknown>>;
  readonly over?: Over;
  /** A member that comes twice, the same both times. */
  readonly twice?: string;
  /** Headers to replace. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body as it leaves. */
  readonly turned?: (form: string) => string | Buffer;
  /** Another spelling of the address; proofs name the usual one. */
  readonly url?: string;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: { readonly access_token?: string; readonly token_type?: string; readonly error?: string };
  readonly headers: Response['headers'];
}

/** Keys of `bank-alpha`, and of a stranger that `bank-beta` uses. The issuer signs with the first of `issuer`. */
export const keys = {
  issuer: [await newKeyPair(), await newKeyPair()],
  alpha: await newKeyPair(),
  alphaNext: await newKeyPair('PS256'),
  alphaRetired: await newKeyPair(),
  alphaFuture: await newKeyPair(),
  proof: await newKeyPair(),
  stranger: await newKeyPair(),
  gone: await newKeyPair(),
} as const;

export class AccessScene {
  private readonly tlsServers: Server[] = [];
  private readonly apps: NestFastifyApplication[] = [];
  /** Name of the key in the certificate `ours`. */
  certifiedKid = '';

  private constructor(
    private readonly dir: string,
    readonly database: TestDatabase,
    /** The server, and the app whose tokens are asked for; the latter is only an address until it is served. */
    readonly places: { readonly access: Place; readonly app: Place },
    /** `ours` is pinned for bank-alpha, `theirs` for bank-beta. */
    readonly certificates: Readonly<Record<'ours' | 'theirs' | 'server', ClientCertificate>>,
  ) {}

  static async start(): Promise<AccessScene> {
    const now = Date.now();
    const [ours, theirs, server] = await Promise.all([
      selfSigned('bank-alpha', now),
      selfSigned('bank-beta', now),
      selfSigned('server', now),
    ]);
    const places = { access: await newPlace(), app: await newPlace() };
    const dir = mkdtempSync(join(tmpdir(), 'tyiym-access-'));
    const scene = new AccessScene(dir, await testDatabase(), places, { ours, theirs, server });
    scene.writeFiles();
    await scene.admitParties(now);
    const config = scene.config();
    const logger = pino({ level: 'silent' });
    await scene.serve(await createApp(AccessModule.register(config, logger), config, logger), places.access);
    return scene;
  }

  /** Lets an app listen at its place, both ways. */
  async serve(app: NestFastifyApplication, { port, tlsPort, tlsBase }: Place): Promise<void> {
    await app.listen(port, '127.0.0.1');
    this.apps.push(app);
    const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    const config = { ...this.tls(), port: tlsPort, publicBase: tlsBase };
    this.tlsServers.push(await listenTls(config, fastify, 'https://log.test'));
  }

  /** The app that serves access. */
  get access(): NestFastifyApplication {
    const [access] = this.apps;
    if (access === undefined) throw new Error('not started');
    return access;
  }

  file(name: 'party.pem' | 'party.key' | 'server.pem'): string {
    return join(this.dir, name);
  }

  async stop(): Promise<void> {
    for (const server of this.tlsServers) {
      server.close();
      server.closeAllConnections();
    }
    for (const app of this.apps) await app.close();
    await this.database.drop();
    rmSync(this.dir, { recursive: true });
  }

  /** The base address of a place and how to reach it. */
  way({ base, tlsBase }: Place, over: Over): { base: string; dispatcher?: Agent } {
    if (over === undefined) return { base };
    const own = over === 'no certificate' ? {} : { key: over.keyPem, cert: over.certPem };
    return {
      base: tlsBase,
      dispatcher: new Agent({ connect: { ca: this.certificates.server.certPem, ...own } }),
    };
  }

  async assertion({ by = keys.alpha, claims = {}, header = {} }: Ask): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const client = { iss: 'bank-alpha', sub: 'bank-alpha', aud: this.places.access.base };
    const all = { ...client, jti: randomUUID(), iat, exp: iat + 60, ...claims };
    const members = Object.entries(all).filter(([, value]) => value !== undefined);
    return await new SignJWT(Object.fromEntries(members))
      .setProtectedHeader({ alg: by.alg, kid: by.kid, ...header })
      .sign(by.privateKey);
  }

  /** One token request as a client sends it; a proof gets the nonce the server asks for. */
  async ask(ask: Ask): Promise<TokenAnswer> {
    const first = await this.askOnce(ask);
    if (first.body.error !== 'use_dpop_nonce') return first;
    return await this.askOnce(ask, first.headers.get('dpop-nonce') ?? undefined);
  }

  private async askOnce(ask: Ask, nonce?: string): Promise<TokenAnswer> {
    const { base, dispatcher } = this.way(this.places.access, ask.over);
    const url = `${base}/token`;
    const of = { method: 'POST', url, ...(nonce === undefined ? {} : { nonce }) };
    const dpop = await dpopProof(keys.proof, of, Date.now(), { claims: ask.proof ?? {} });
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: ask.assertion ?? (await this.assertion(ask)),
      resource: this.places.app.base,
      scope: 'checks',
      ...ask.form,
    };
    const sent = Object.entries(form).filter(([, value]) => value !== '');
    const again = sent.filter(([name]) => name === ask.twice);
    const body = new URLSearchParams([...sent, ...again]).toString();
    const response = await fetch(ask.url ?? url, {
      method: 'POST',
      body: Buffer.from(ask.turned?.(body) ?? body),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(ask.withoutProof === true ? {} : { dpop }),
        ...ask.headers,
      },
      ...(dispatcher && { dispatcher }),
    });
    const told = (await response.json()) as TokenAnswer['body'];
    return { status: response.status, body: told, headers: response.headers };
  }

  private tls(): { host: string; certFile: string; keyFile: string } {
    return { host: '127.0.0.1', certFile: this.file('server.pem'), keyFile: join(this.dir, 'server.key') };
  }

  private writeFiles(): void {
    const { ours, server } = this.certificates;
    const issuerKeys = keys.issuer.map(({ privateJwk, kid }) => ({ ...privateJwk, kid }));
    const files = {
      'server.pem': server.certPem,
      'server.key': server.keyPem,
      'party.pem': ours.certPem,
      'party.key': ours.keyPem,
      'access.jwks.json': JSON.stringify({ keys: issuerKeys }),
    };
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(this.dir, name), content, { mode: 0o600 });
  }

  private config(): Config {
    const { host, port, name, user } = this.database.target('tyiym_access');
    const { access } = this.places;
    const value = {
      app: 'access',
      sandbox: true,
      origin: 'sandbox.tyiym.kz/journal/1',
      database: { host, port, name, user, passwordFile: this.database.passwordFile('tyiym_access') },
      keysDir: this.dir,
      publicBase: access.base,
      listen: { host: '127.0.0.1', port: access.port },
      listenTls: { ...this.tls(), port: access.tlsPort, publicBase: access.tlsBase },
      issuer: access.base,
      logBase: 'http://127.0.0.1:1',
    };
    return checkConfig(value, 'access');
  }

  /** The entries that admissions leave. */
  private async admitParties(now: number): Promise<void> {
    const { ours, theirs } = this.certificates;
    const from = formatInstant(now - 60_000);
    const key = ({ kid, publicJwk }: Pick<KeyPair, 'kid' | 'publicJwk'>, pinned?: string): object => ({
      ...{ kid, use: 'sig', jwk: publicJwk, notBefore: from },
      ...(pinned !== undefined && { certSha256: pinned }),
    });
    const publicJwk = await exportJWK(ours.keys.publicKey);
    this.certifiedKid = await calculateJwkThumbprint(publicJwk);
    const future = { ...key(keys.alphaFuture), notBefore: formatInstant(now + 3_600_000) };
    const own = [keys.alpha, keys.alphaNext, keys.alphaRetired].map((each) => key(each));
    const certified = key({ kid: this.certifiedKid, publicJwk }, ours.sha256);
    await this.admit('bank-alpha', ['checks', 'loans'], [...own, future, certified]);
    await this.admit('bank-beta', ['checks'], [key(keys.stranger, theirs.sha256)]);
    await this.admit('bank-gone', ['checks'], [key(keys.gone)]);
    const retired = { clientId: 'bank-alpha', retired: keys.alphaRetired.kid };
    await addRawAct(this.database.superuser, 'party.key-changed', retired, now - 1000);
    await addRawAct(this.database.superuser, 'party.suspended', { clientId: 'bank-gone' });
  }

  /** Admits a party, or admits it again with the keys it has. */
  async admit(clientId: string, scopes: readonly string[], added: readonly object[] = []): Promise<void> {
    const names = { kk: clientId, ru: clientId, en: clientId };
    const party = { clientId, kind: 'bank', bin: '010140000004', names, scopes, keys: added };
    const body = { party: { ...party, resource: this.places.app.base } };
    await addRawAct(this.database.superuser, 'party.admitted', body);
  }
}

async function newPlace(): Promise<Place> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  return {
    port,
    tlsPort,
    base: `http://127.0.0.1:${String(port)}`,
    tlsBase: `https://127.0.0.1:${String(tlsPort)}`,
  };
}
