/** A bureau in the tests: polls as it would, verifies and unseals with jose and its own keys alone. */
import { createLocalJWKSet, compactDecrypt, importJWK, jwtVerify, type JWK, type JWTPayload } from 'jose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import { bureauBase, call, type Channel, type World } from './citizen-world.js';

/** What an event of the feed says. */
export interface FeedEvent {
  readonly seq: number;
  readonly prev: string | null;
  readonly version: number;
  readonly at: string;
  readonly sealed: string;
}

export interface Received {
  readonly jti: string;
  readonly set: string;
  readonly claims: JWTPayload & { readonly sub_id: { readonly id: string } };
  /** `refusal-placed`; undefined for a verification event. */
  readonly kind?: string;
  readonly event: FeedEvent;
}

export interface Opened {
  readonly iin: string;
  readonly sub_id: string;
  readonly version: number;
  readonly receipt: unknown;
}

export class BureauReader {
  constructor(
    private readonly world: World,
    private readonly app: NestFastifyApplication,
    readonly bureau: Channel,
  ) {}

  /** The same bureau, which looks for the registry's keys in another world's database. */
  over(world: World): BureauReader {
    return new BureauReader(world, this.app, this.bureau);
  }

  call(method: 'GET' | 'POST', path: string, body?: unknown, key?: string): Promise<Response> {
    return call({ app: this.app }, this.bureau, {
      ...{ method, path, scope: 'feed stamps loans' },
      ...(body !== undefined && { body }),
      ...(key !== undefined && { key }),
    });
  }

  async streamId(): Promise<string> {
    const { body } = await this.call('GET', '/v1/streams');
    return (body as { stream_id: string }[])[0]?.stream_id ?? 'none';
  }

  /** One poll, with every SET verified against the keys the registry published. */
  async poll(
    ask: object = {},
  ): Promise<{ readonly received: readonly Received[]; readonly more: boolean; readonly head: number }> {
    const path = `/v1/streams/${await this.streamId()}/poll`;
    const answer = await this.call('POST', path, { returnImmediately: true, maxEvents: 100, ...ask });
    if (answer.status !== 200) throw new Error(`poll: ${answer.status} ${JSON.stringify(answer.body)}`);
    const { sets, moreAvailable } = answer.body as { sets: Record<string, string>; moreAvailable: boolean };
    const received = await Promise.all(Object.entries(sets).map(([jti, set]) => this.verified(jti, set)));
    return { received, more: moreAvailable, head: Number(answer.headers['stream-head-seq']) };
  }

  /** The items of a poll, without verification events. */
  async items(ask: object = {}): Promise<readonly Received[]> {
    return (await this.poll(ask)).received.filter(({ kind }) => kind !== undefined);
  }

  async verified(jti: string, set: string): Promise<Received> {
    const { rows } = await this.world.database.superuser.query<{ jwk: JWK }>(
      `SELECT jwk || jsonb_build_object('kid', kid) AS jwk FROM signing_keys WHERE purpose = 'set'`,
    );
    const { payload } = await jwtVerify(set, createLocalJWKSet({ keys: rows.map(({ jwk }) => jwk) }), {
      ...{ issuer: bureauBase, audience: this.bureau.clientId, typ: 'secevent+jwt', algorithms: ['ES256'] },
    });
    if (payload.jti !== jti) throw new Error('a SET under another name');
    const [[uri = '', event] = []] = Object.entries(payload['events'] as Record<string, FeedEvent>);
    const kind = uri.startsWith(`${bureauBase}/events/`)
      ? uri.slice(`${bureauBase}/events/`.length)
      : undefined;
    if (event === undefined) throw new Error('a SET without an event');
    return { jti, set, claims: payload as Received['claims'], event, ...(kind !== undefined && { kind }) };
  }

  /** Day keys by kid, opened with the bureau's own key. */
  async dayKeys(query = ''): Promise<ReadonlyMap<string, Uint8Array>> {
    const { body } = await this.call('GET', `/v1/streams/${await this.streamId()}/keys${query}`);
    const { enc } = this.bureau;
    if (enc === undefined) throw new Error('a bureau without a key');
    const own = await importJWK(enc.privateJwk, 'ECDH-ES+A256KW');
    const items = (body as { items: { kid: string; jwe: string }[] }).items;
    const opened = await Promise.all(
      items.map(async ({ kid, jwe }): Promise<[string, Uint8Array]> => {
        const { plaintext } = await compactDecrypt(jwe, own, {
          keyManagementAlgorithms: ['ECDH-ES+A256KW'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        const jwk = JSON.parse(Buffer.from(plaintext).toString()) as { kid: string; k: string };
        if (jwk.kid !== kid) throw new Error('a key under another name');
        return [kid, Buffer.from(jwk.k, 'base64url')];
      }),
    );
    return new Map(opened);
  }

  /** @throws when no day key of this bureau opens it */
  async open(sealed: string): Promise<Opened> {
    const keys = await this.dayKeys();
    const { plaintext } = await compactDecrypt(sealed, ({ kid }) => keys.get(kid ?? '') ?? Buffer.alloc(32), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return JSON.parse(Buffer.from(plaintext).toString()) as Opened;
  }
}
