/**
 * Citizens with a refusal and a signed lift, as the citizen app leaves them, in a test database: sealed rows, a real
 * CMS under an authority of the spec's own, entries by a Journal of the citizen's process. Its authority answers over
 * HTTP and can revoke, grow old or fall silent.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { DataSource } from 'typeorm';
import type { Act } from '#libs/journal/act.js';
import { newUuid } from '#libs/journal/id.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { dueMovesTable } from '#libs/refusal/due-moves.store.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { lift, place, refusalAfter, type Move } from '#libs/refusal/transitions.js';
import { readTrustAnchors, type TrustAnchors } from '#libs/signature/trust.js';
import { parseIin, type Iin } from '#libs/subject/iin.js';
import { seal, type SealingKey } from '#libs/subject/seal.js';
import { subjectOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import {
  signedDocumentsTable,
  type SignedDocument,
} from '../../apps/citizen/applications/applications.store.js';
import { keyOf, newPerson } from '#libs/subject/person.js';
import { signedPlace } from '../../apps/citizen/applications/person-secrets.js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import {
  createAuthority,
  crl,
  issuePerson,
  serialNumberOf,
  type Authority,
} from '../../apps/sandbox/nca/nca.js';
import { signDocument } from '../../apps/sandbox/nca/sign.js';
import { pastGuards, type TestDatabase } from './database.js';
import { newJournal } from './journals.js';

const citizenTables = {
  refusals: refusalsTable,
  due_moves: dueMovesTable,
  signed_documents: signedDocumentsTable,
};

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
  /** A person with a refusal under this lock and a lift signed now. */
  lifting(wish: LiftWish): Promise<LiftingPerson>;
  close(): Promise<void>;
}

export interface LiftWish {
  readonly lockHours: number;
  readonly placeAgainAfterHours?: number;
}

export interface LiftingPerson {
  readonly iin: Iin;
  readonly subject: SubjectKey;
  readonly personId: string;
  /** Index of `lift.requested`. */
  readonly requestIndex: number;
  readonly credential: Credential;
}

const vectors = JSON.parse(readFileSync('test/vectors/iin-vectors.json', 'utf8')) as {
  valid: readonly { iin: string }[];
};
const hour = 3_600_000;

/**
 * @param dataSource of the citizen's role
 * @param identity the identity key, a fresh one unless the clerk's process has its own
 */
export async function liftScene(
  database: TestDatabase,
  dataSource: DataSource,
  lookup: LookupKeys,
  identity: SealingKey = { keyId: randomBytes(4), secret: randomBytes(32) },
): Promise<LiftScene> {
  const at = await registryNow(database);
  const authority = await createAuthority({ at: at - 30 * 24 * hour });
  const journal = newJournal(dataSource, 'citizen', lookup, citizenTables);
  await admitChannel(database);
  const iins = vectors.valid.map(({ iin }) => parseIin(iin));
  const credentials = new Map<string, Credential>();
  const serials: string[] = [];
  const scene = { authority: 'good' as AuthorityMode, asked: 0 };
  const server = await serveCrl(database, authority, scene, serials);
  return Object.assign(scene, {
    trust: readTrustAnchors({ roots: [authority.root.certPem], intermediates: [authority.issuing.certPem] }),
    crlUrl: `http://127.0.0.1:${(server.address() as { port: number }).port}/ca.crl`,
    caFiles: { root: authority.root.certPem, issuing: authority.issuing.certPem },
    identity,
    lifting: async (wish: LiftWish) => {
      const iin = iins.shift();
      if (iin === undefined) throw new Error('no more synthetic people');
      const credential = credentials.get(iin) ?? (await issue(authority, iin, at));
      serials.push(serialNumberOf(credential.certPem));
      return signLift({ database, journal, lookup, identity }, { iin, credential }, wish);
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

async function admitChannel({ superuser }: TestDatabase): Promise<void> {
  await pastGuards(
    superuser,
    `INSERT INTO parties (client_id, kind, bin, name_kk, name_ru, name_en, scopes, resource, state, admitted_at, entry_index)
     VALUES ('egov-portal', 'channel', '010140000004', 'Портал', 'Портал', 'Portal', '{citizen}', 'http://127.0.0.1:8080',
       'admitted', now(), 0) ON CONFLICT DO NOTHING`,
  );
}

interface Hand {
  readonly database: TestDatabase;
  readonly journal: Journal<typeof citizenTables, object>;
  readonly lookup: LookupKeys;
  readonly identity: SealingKey;
}

/** What the citizen app does from the application to the 200, by its own tables and places. */
async function signLift(
  { database, journal, lookup, identity }: Hand,
  { iin, credential }: { iin: Iin; credential: Credential },
  wish: LiftWish,
): Promise<LiftingPerson> {
  const [epoch = 1, key = Buffer.alloc(0)] = [...lookup][0] ?? [];
  const subject = subjectOf(key, epoch, iin);
  const random = (length: number): Buffer => randomBytes(length);
  const person = newPerson(identity, randomUUID(), subject, iin, random);
  const at = await registryNow(database);
  await journal.submit(moveBy(subject, iin, (now) => place(now, wish.lockHours, at)));
  const { personId } = person;
  await database.superuser.query(
    `INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at) VALUES ($1, $2, $3, $4, $5, now())`,
    [personId, epoch, subject.bytes, person.dataKey, person.iin],
  );
  const document = Buffer.from(JSON.stringify({ kind: 'lift', iin, nonce: randomUUID() }));
  const cms = await signDocument({ document, ...credential, at });
  const applicationUuid = newUuid(at);
  const own = keyOf(identity, person);
  const sealed = (column: 'document' | 'cms' | 'revocation', plain: Buffer): Buffer =>
    seal(own, signedPlace(column, applicationUuid), plain, random);
  const evidence = {
    applicationUuid,
    personId,
    document: sealed('document', document),
    cms: sealed('cms', cms),
    revocation: sealed('revocation', Buffer.from('the list that was used')),
    revocationKind: 'crl' as const,
    isStale: false,
  };
  const requestIndex = await journal.submit(
    moveBy(subject, iin, (now, seenAt) => lift(now, { ...wish, liftDelayHours: 0 }, seenAt), evidence),
  );
  return { iin, subject, personId, requestIndex, credential };
}

/** One move of the citizen's process; answers with the index of its last entry. */
function moveBy(
  subject: SubjectKey,
  iin: Iin,
  movesAt: (now: Refusal | undefined, at: number) => readonly Move[],
  evidence?: Omit<SignedDocument, 'entryIndex'>,
): Act<typeof citizenTables, object, number> {
  return {
    look: { refusals: [subject] },
    decide: (seen) => {
      const now = seen.find('refusals', subjectText(subject));
      const moves = movesAt(now, seen.at);
      return {
        entries: moves.map(({ kind, version, body }) => ({ kind, person: { subject, iin, version }, body })),
        rows: (made) => {
          const next = refusalAfter(now, subject, moves, made);
          const { entryIndex, liftsAt } = next;
          return {
            refusals: [next],
            due_moves: liftsAt === undefined ? [] : [{ entryIndex, dueAt: liftsAt }],
            signed_documents: evidence === undefined ? [] : [{ ...evidence, entryIndex }],
          };
        },
        answer: (_receipts, made) => made.at(-1)?.index ?? -1,
      };
    },
  };
}
