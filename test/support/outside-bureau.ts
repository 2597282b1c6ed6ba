/**
 * A bureau of the sandbox over a registry in this process: its own follower and its own books in a database of their own,
 * and a way between them that a spec can bend.
 */
import { createPrivateKey, randomBytes, randomUUID, type JsonWebKeyInput } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Book } from '../../apps/sandbox/bureau/book.js';
import { Follower, type FollowerSettings } from '../../apps/sandbox/bureau/follower.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import type { BureauReader } from './bureau-reader.js';
import { bureauBase, type World } from './citizen-world.js';
import type { KeyPair } from './machine-client.js';
import { testCluster } from './test-home.js';

/** What happens to a call and to its answer on their way; what is left out passes as it is. */
export interface Way {
  sent?(path: string, body: unknown): unknown;
  /** May throw: the answer is lost. May take its time. */
  answered?(path: string, body: unknown): unknown;
}

export class OutsideBureau {
  /** Every body it sent, the oldest first. */
  readonly said: { readonly path: string; readonly body: unknown }[] = [];
  /** JWKs beside the registry's own. */
  readonly morePublished: object[] = [];
  private readonly database = `book_${randomBytes(6).toString('hex')}`;
  private readonly dir = mkdtempSync(join(tmpdir(), 'tyiym-bureau-'));
  private readonly historyKey = randomBytes(32);
  private admin!: pg.Client;
  private books!: pg.Client;
  private jwks!: Server;

  private constructor(private readonly reader: BureauReader) {}

  static async open(world: World, reader: BureauReader): Promise<OutsideBureau> {
    const bureau = new OutsideBureau(reader);
    const { superuser } = testCluster();
    bureau.admin = await connected({ ...superuser });
    await bureau.admin.query(`CREATE DATABASE ${bureau.database}`);
    bureau.books = await connected({ ...superuser, name: bureau.database });
    bureau.jwks = createServer((_request, response) => {
      const keys = `SELECT jwk || jsonb_build_object('kid', kid, 'purpose', purpose) AS jwk FROM signing_keys`;
      world.database.superuser.query<{ jwk: unknown }>(keys).then(
        ({ rows }) =>
          response.end(JSON.stringify({ keys: [...rows.map(({ jwk }) => jwk), ...bureau.morePublished] })),
        () => response.destroy(),
      );
    }).listen(0, '127.0.0.1');
    await once(bureau.jwks, 'listening');
    return bureau;
  }

  /** Follows the registry until what is returned is called. @param enc whose key opens the day keys; its own unless said */
  async start(
    way: Way = {},
    enc: KeyPair | undefined = this.reader.bureau.enc,
  ): Promise<() => Promise<void>> {
    if (enc === undefined) throw new Error('a bureau without a key');
    const encKeyFile = join(this.dir, `${enc.kid}.pem`);
    const key = createPrivateKey({ key: enc.privateJwk, format: 'jwk' } as JsonWebKeyInput);
    writeFileSync(encKeyFile, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const { host, port, user, password } = testCluster().superuser;
    const book = await Book.open({ host, port, user, password, database: this.database }, this.historyKey);
    const stopping = new AbortController();
    const following = new Follower({
      ...{ calls: this.callsBy(way), book, encKeyFile, digestEveryMs: 500 },
      ...{ clientId: this.reader.bureau.clientId, issuer: bureauBase },
      jwksUrl: `http://127.0.0.1:${String((this.jwks.address() as AddressInfo).port)}/`,
      log: () => undefined,
    }).run(stopping.signal);
    return async () => {
      stopping.abort();
      await following;
      await book.close();
    };
  }

  /** Numbers of what is applied, and how much of it is not said to be. */
  async applied(): Promise<{ readonly seqs: readonly number[]; readonly unstamped: number }> {
    const { rows } = await this.books.query<{ seq: string; stamped: boolean }>(
      'SELECT seq, stamped_at IS NOT NULL AS stamped FROM applied ORDER BY seq',
    );
    return {
      seqs: rows.map(({ seq }) => Number(seq)),
      unstamped: rows.filter(({ stamped }) => !stamped).length,
    };
  }

  /** How many have a mark. */
  async marked(): Promise<number> {
    const { rowCount } = await this.books.query('SELECT FROM marks WHERE in_force');
    return rowCount ?? 0;
  }

  /** The newest mark is gone, as from a backup that was not whole. */
  async loseMark(): Promise<void> {
    await this.books.query(
      'DELETE FROM marks WHERE sub_id = (SELECT sub_id FROM marks WHERE in_force ORDER BY placed_at DESC LIMIT 1)',
    );
  }

  async close(): Promise<void> {
    this.jwks.close();
    await this.books.end();
    await this.admin.query(`DROP DATABASE ${this.database} WITH (FORCE)`);
    await this.admin.end();
    rmSync(this.dir, { recursive: true });
  }

  private callsBy({ sent, answered }: Way): FollowerSettings['calls'] {
    const call = async (method: 'GET' | 'POST', path: string, asked?: object) => {
      const body = (sent === undefined ? asked : sent(path, asked)) as object | undefined;
      this.said.push({ path, body: asked });
      const response = await this.reader.call(method, path, body, randomUUID());
      if (response.status >= 300) throw new Error(`answered ${String(response.status)}`);
      return response;
    };
    return {
      json: async (method, path, asked) => {
        const { body } = await call(method, path, asked);
        const brought = answered === undefined ? (body as unknown) : await answered(path, body);
        return { body: brought as never, headers: new Headers() as never };
      },
      send: async (method, path, asked) => {
        const response = await call(method, path, asked);
        const text = response.text ?? (response.body as Buffer).toString();
        return new Response(text, { headers: response.headers as Record<string, string> }) as never;
      },
    };
  }
}

async function connected(target: Parameters<typeof clientConfig>[0]): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(target));
  await client.connect();
  return client;
}
