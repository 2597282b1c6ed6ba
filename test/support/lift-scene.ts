/**
 * Citizens with a refusal and a signed lift, as the citizen app leaves them, in a test database: sealed rows, a real
 * CMS under an authority of the spec's own, entries by a Journal of the citizen's process under a published head key.
 * Its authority answers over HTTP and can revoke, grow old or fall silent.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { DataSource } from 'typeorm';
import type { SigningKey } from '#libs/platform/keys.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { readTrustAnchors, type TrustAnchors } from '#libs/signature/trust.js';
import { parseIin } from '#libs/subject/iin.js';
import type { SealingKey } from '#libs/subject/seal.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import type { Ask } from '../../apps/citizen/applications/application.js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import {
  createAuthority,
  crl,
  issuePerson,
  serialNumberOf,
  type Authority,
} from '../../apps/sandbox/nca/nca.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { pastGuards, type TestDatabase } from './database.js';
import { publishedHeadKey } from './head-keys.js';
import { newJournal } from './journals.js';
import {
  citizenTables,
  knowPerson,
  signAct,
  type Forgery,
  type Hand,
  type LeftAct,
  type ScenePerson,
} from './signed-acts.js';

/** What the authority answers when asked for its list; it hangs without an answer, or says so by closing. */
export type AuthorityMode = 'good' | 'revoked' | 'stale' | 'silent' | 'hanging';

export interface LiftScene {
  readonly trust: TrustAnchors;
  readonly crlUrl: string;
  readonly caFiles: { readonly root: string; readonly issuing: string };
  readonly identity: SealingKey;
  authority: AuthorityMode;
  /** How often the authority was asked. */
  asked: number;
  /** A person with a signed refusal under this lock and a lift signed now. */
  lifting(wish: LiftWish, forgery?: Forgery): Promise<LiftingPerson>;
  /** A person with a signed refusal under this lock; without one, somebody whom only the registry knows. */
  person(lockHours?: number): Promise<ScenePerson>;
  /** An act of a person as the citizen app leaves it. */
  sign(person: ScenePerson, ask: Ask, forgery?: Forgery): Promise<LeftAct>;
  close(): Promise<void>;
}

export interface LiftWish {
  readonly lockHours: number;
  readonly placeAgainAfterHours?: number;
}

export interface LiftingPerson extends ScenePerson {
  /** Index of `lift.requested`. */
  readonly requestIndex: number;
  /** What was signed for it. */
  readonly kept: LeftAct['kept'];
}

/** What the processes beside the scene have of their own; fresh ones unless they are given. */
export interface SceneKeys {
  readonly identity?: SealingKey;
  /** Of the citizen's process, already published. */
  readonly head?: SigningKey;
}

const hour = 3_600_000;

/** @param dataSource of the citizen's role */
export async function liftScene(
  database: TestDatabase,
  dataSource: DataSource,
  lookup: LookupKeys,
  keys: SceneKeys = {},
): Promise<LiftScene> {
  const at = await registryNow(database);
  const authority = await createAuthority({ at: at - 30 * 24 * hour });
  const trust = readTrustAnchors({
    roots: [authority.root.certPem],
    intermediates: [authority.issuing.certPem],
  });
  const identity = keys.identity ?? { keyId: randomBytes(4), secret: randomBytes(32) };
  const headKey = keys.head ?? (await publishedHeadKey(database, 'citizen'));
  const journal = newJournal(dataSource, 'citizen', lookup, citizenTables, { headKey });
  await admitChannel(database);
  await enactLaw(database);
  let people = 0;
  const serials: string[] = [];
  const scene = { authority: 'good' as AuthorityMode, asked: 0 };
  const server = await serveCrl(database, authority, scene, serials);
  const list = (now: number): Promise<Buffer> => crl(authority, { at: now - 1000, revoked: [] });
  const hand: Hand = {
    ...{ database, journal, lookup, identity, trust, list },
    now: () => registryNow(database),
  };
  const person = async (lockHours?: number): Promise<ScenePerson> => {
    const iin = parseIin(iinOfPerson(people++));
    const credential = await issue(authority, iin, at);
    serials.push(serialNumberOf(credential.certPem));
    const known = await knowPerson(hand, iin, credential);
    if (lockHours !== undefined) await signAct(hand, known, { kind: 'place', lockHours });
    return known;
  };
  return Object.assign(scene, {
    ...{ trust, identity, person },
    crlUrl: `http://127.0.0.1:${(server.address() as { port: number }).port}/ca.crl`,
    caFiles: { root: authority.root.certPem, issuing: authority.issuing.certPem },
    sign: (who: ScenePerson, ask: Ask, forgery?: Forgery) => signAct(hand, who, ask, forgery),
    lifting: async (wish: LiftWish, forgery?: Forgery) => {
      const who = await person(wish.lockHours);
      const { index, kept } = await signAct(hand, who, { kind: 'lift', ...wish }, forgery);
      return { ...who, requestIndex: index, kept };
    },
    close: async () => {
      await journal.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Registry time in ms, by the database. */
export async function registryNow({ owner }: TestDatabase): Promise<number> {
  const { rows } = await owner.query<{ now: number }>(
    'SELECT (extract(epoch FROM registry_now()) * 1000)::float8 AS now',
  );
  return Math.trunc(rows[0]?.now ?? 0);
}

function issue(authority: Authority, iin: string, at: number): Promise<Credential> {
  const name = { surname: 'СЫНАҚОВА', given: 'ӘСЕМ' };
  return issuePerson(authority, { iin, name, keyKind: 'ec', at: at - 24 * hour });
}

async function serveCrl(
  database: TestDatabase,
  authority: Authority,
  scene: Pick<LiftScene, 'authority' | 'asked'>,
  serials: readonly string[],
): Promise<Server> {
  const list = async (): Promise<Buffer> => {
    const now = await registryNow(database);
    const isStale = scene.authority === 'stale';
    return crl(authority, {
      at: isStale ? now - 25 * hour : now - 1000,
      revoked:
        scene.authority === 'revoked'
          ? serials.map((serialNumber) => ({ serialNumber, revokedAt: now - 2000 }))
          : [],
    });
  };
  const server = createServer((_request, response) => {
    scene.asked += 1;
    if (scene.authority === 'hanging') return;
    if (scene.authority === 'silent') return void response.destroy();
    list().then(
      (der) => response.end(der),
      () => response.destroy(),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

async function admitChannel(database: TestDatabase): Promise<void> {
  await pastGuards(
    database.superuser,
    `INSERT INTO parties (client_id, kind, bin, name_kk, name_ru, name_en, scopes, resource, state, admitted_at, entry_index)
     VALUES ('egov-portal', 'channel', '010140000004', 'Портал', 'Портал', 'Portal', '{citizen}', 'http://127.0.0.1:8080',
       'admitted', now(), 0) ON CONFLICT DO NOTHING`,
  );
}

/** The law a registry opens with, unless it was opened. */
async function enactLaw(database: TestDatabase): Promise<void> {
  const delay = defaultRules.find(({ name }) => name === 'liftDelay');
  await pastGuards(
    database.superuser,
    `INSERT INTO regime (name, value, applies_by, applies_from, source, certainty, entry_index)
     SELECT 'liftDelay', to_jsonb(0), 'signedAt', $1, $2, 'open', 0 WHERE NOT EXISTS (SELECT FROM regime)`,
    [new Date(delay?.appliesFrom ?? 0), delay?.source ?? ''],
  );
}
