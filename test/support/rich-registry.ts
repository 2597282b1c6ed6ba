/**
 * A registry in which everybody did something: citizens placed, lifted, called off and wait; a lender asked, lent, asked in
 * a batch and fetched a notice; a bureau stamped, compared and corrected; officials acted; the log published and a witness
 * signed. Everything is stopped again, so that nothing changes while it is tampered with.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { newId } from '#libs/journal/id.js';
import { openDatabase } from '#libs/platform/database.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { readSigningKey } from '#libs/platform/keys.js';
import { makeVkey, type Vkey } from '#libs/tlog/note.js';
import { emptyVector } from '#libs/feed/digest.js';
import { CosignaturesService } from '../../apps/clerk/signer/cosignatures.service.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { keepFigures } from '../../apps/clerk/upkeep/figures.store.js';
import { WitnessClient } from '../../apps/clerk/signer/witness.client.js';
import { bureauReader } from './bureau-scene.js';
import { citizenActs, type CitizenActs } from './citizen-acts.js';
import { call, newWorld, type World } from './citizen-world.js';
import { eventually } from './eventually.js';
import { origin } from './journals.js';
import { newRegulator } from './publishing-registry.js';

export interface RichRegistry {
  readonly world: World;
  /** The checkpoint that the log serves. */
  readonly note: string;
  readonly witness: Vkey;
  /** The folder that the log serves. */
  readonly tilesDir: string;
  close(): Promise<void>;
}

/** The apps of a rich registry while they run. */
export interface RichScene {
  readonly world: World;
  readonly acts: CitizenActs;
  readonly lender: NestFastifyApplication;
  readonly bureau: NestFastifyApplication;
}

/** Plays it all, which takes some seconds. @param more what is played besides, before the officials act */
export async function richRegistry(more?: (scene: RichScene) => Promise<void>): Promise<RichRegistry> {
  const world = await newWorld();
  const folder = mkdtempSync(join(tmpdir(), 'tyiym-rich-'));
  const lender = await world.startLender();
  const bureau = await world.startBureau();
  const clerk = await world.startClerk();
  const acts = citizenActs(world);
  const signer = await openSigner(world, folder);
  await playLender(world, lender, acts);
  await playCitizens(acts);
  await signer.publish();
  await world.advanceHours(25);
  await untilReturned(world);
  await playPending(acts);
  await playBureau(world, bureau, lender);
  await more?.({ world, acts, lender, bureau });
  await playOfficials(world);
  await signer.publish();
  await untilSealed(world);
  await countFigures(world);
  await clerk.close();
  await signer.publish();
  await signer.close();
  for (const app of [lender, bureau, world.app]) await app.close();
  return {
    world,
    note: readFileSync(join(folder, 'checkpoint'), 'utf8'),
    witness: signer.witness,
    tilesDir: folder,
    close: async () => {
      await world.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const done = (response: { readonly status: number; readonly body: unknown }, ...statuses: number[]): void => {
  if (!statuses.includes(response.status))
    throw new Error(`the scene was answered ${response.status} ${JSON.stringify(response.body)}`);
};

async function playLender(world: World, app: NestFastifyApplication, acts: CitizenActs): Promise<void> {
  const asked = await acts.somebody();
  const question = { iin: asked.iin, product: 'microcredit', stage: 'decision', loanRef: 'A-in-flight' };
  const ask = { method: 'POST', path: '/v1/checks', scope: 'checks' } as const;
  done(await call({ app }, world.bank, { ...ask, key: randomUUID(), body: question }), 201);
  done(await acts.act(asked, { kind: 'place', lockHours: 12 }), 200);
  done(await call({ app }, world.bank, { ...ask, key: randomUUID(), body: question }), 201);
  const borrower = await acts.somebody();
  const items = [borrower, asked].map(({ iin }, place) => ({
    ...{ ref: `r${place}`, iin, product: 'bank-loan', stage: 'decision', loanRef: `L-${place}` },
  }));
  const batch = { method: 'POST', path: '/v1/check-batches', scope: 'checks' } as const;
  done(await call({ app }, world.bank, { ...batch, key: randomUUID(), body: { items } }), 200);
  const hoursAgo = (hours: number): string => new Date(world.registryNow() - hours * 3_600_000).toISOString();
  for (const value of ['1500000.00', '1600000.00']) {
    const loan = {
      ...{
        contractNumber: 'K-rich',
        iin: borrower.iin,
        product: 'bank-loan',
        amount: { value, currency: 'KZT' },
      },
      ...{ signedAt: hoursAgo(3), disbursedAt: hoursAgo(2) },
    };
    const report = { method: 'POST', path: '/v1/loans', scope: 'loans', key: randomUUID() } as const;
    done(await call({ app }, world.bank, { ...report, body: loan }), 200, 201);
  }
}

/** A lift with a return; a lock that grew and a lift called off. */
async function playCitizens(acts: CitizenActs): Promise<void> {
  const passing = await acts.somebody();
  done(await acts.act(passing, { kind: 'place', lockHours: 0 }), 200);
  done(await acts.act(passing, { kind: 'lift', placeAgainAfterHours: 24 }), 200);
  const standing = await acts.somebody();
  done(await acts.act(standing, { kind: 'place', lockHours: 12 }), 200);
  done(await acts.act(standing, { kind: 'place', lockHours: 24 }), 200);
  done(await acts.act(standing, { kind: 'lift' }), 200);
  done(await acts.present('/v1/lift-cancellations', standing.iin), 200);
}

async function untilReturned(world: World): Promise<void> {
  await eventually(
    'a return',
    () =>
      world.database.superuser.query(
        `SELECT FROM entries WHERE kind = 'refusal.placed' AND entry LIKE '%requestedBy%'`,
      ),
    ({ rows }) => rows.length === 1,
  );
}

/** Two who wait for their lifts, one with a return behind it; one who opened two applications and signed none. */
async function playPending(acts: CitizenActs): Promise<void> {
  const undecided = await acts.somebody();
  for (const lockHours of [12, 24]) done(await acts.open(undecided.iin, { kind: 'place', lockHours }), 201);
  for (const placeAgainAfterHours of [undefined, 24]) {
    const pending = await acts.somebody();
    done(await acts.act(pending, { kind: 'place', lockHours: 24 }), 200);
    done(
      await acts.act(pending, { kind: 'lift', ...(placeAgainAfterHours && { placeAgainAfterHours }) }),
      200,
    );
  }
}

async function playBureau(
  world: World,
  app: NestFastifyApplication,
  lender: NestFastifyApplication,
): Promise<void> {
  const gkb = bureauReader(world, app, 'gkb');
  const items = await eventually(
    'items',
    () => gkb.items(),
    ({ length }) => length >= 7,
  );
  const recordedAt = new Date(world.registryNow()).toISOString();
  const stamps = items.map(({ jti }) => ({ jti, recordedAt, historyRef: 'H-1' }));
  done(await gkb.call('POST', '/v1/stamps', { items: stamps }, randomUUID()), 200);
  done(
    await gkb.call('POST', `/v1/streams/${await gkb.streamId()}/poll`, {
      ack: items.map(({ jti }) => jti),
      returnImmediately: true,
    }),
    200,
  );
  const buckets = emptyVector().map((value) => value.toString('base64url'));
  done(await gkb.call('POST', '/v1/digests', { atSeq: items.length, inForce: 0, buckets }), 200);
  const pkb = bureauReader(world, app, 'pkb');
  done(await pkb.call('POST', '/v1/digests', { atSeq: 0, inForce: 0, buckets }), 200);
  const correction = {
    breachId: newId('brc', world.registryNow()),
    removedAt: recordedAt,
    historyRef: 'H-2',
  };
  done(await gkb.call('POST', '/v1/corrections', correction, randomUUID()), 200, 201);
  const notices = { method: 'GET', path: '/v1/notices', scope: 'checks' } as const;
  await eventually(
    'a notice',
    () => call({ app: lender }, world.bank, notices),
    ({ body }) => ((body as { items?: unknown[] }).items ?? []).length > 0,
  );
}

async function playOfficials(world: World): Promise<void> {
  const appliesFrom = new Date(world.registryNow()).toISOString();
  const rule = {
    name: 'liftDelay',
    value: 0,
    appliesBy: 'askedAt',
    appliesFrom,
    source: 'a test',
    certainty: 'open',
  };
  await world.operate({ kind: 'regime.changed', body: { rule } });
  await world.operate({ kind: 'party.suspended', body: { clientId: 'mfo-gamma' } });
}

async function untilSealed({ database }: World): Promise<void> {
  await eventually(
    'everything sealed',
    () => database.superuser.query('SELECT FROM streams, journal_head WHERE sealed_seq = feed_seq'),
    ({ rows }) => rows.length === 2,
  );
}

/** The clerk would within a minute. */
async function countFigures({ database }: World): Promise<void> {
  const source = await openDatabase(database.target('tyiym_clerk_worker'), { poolSize: 1 });
  await keepFigures(source.manager);
  await source.destroy();
}

interface OpenSigner {
  readonly witness: Vkey;
  publish(): Promise<void>;
  close(): Promise<void>;
}

async function openSigner(world: World, folder: string): Promise<OpenSigner> {
  const key = readSigningKey(world.keysDir('clerk-signer'), 'log.jwk.json');
  const regulator = await newRegulator(join(folder, 'witness'), [makeVkey(origin, key.key)]);
  const source = await openDatabase(world.database.target('tyiym_clerk_signer'), { poolSize: 2 });
  const client = new WitnessClient({ url: regulator.url, vkey: regulator.vkey }, 5000);
  const log = pino({ level: 'silent' });
  const signer = new SignerService({
    ...{ tx: source.manager, files: new ImmutableFiles(folder), origin, key, clock: () => 0 },
    witnesses: new CosignaturesService({ witnesses: [client], log, onOutcome: () => undefined }),
    holder: '0190b3c0-0000-7000-8000-000000000001',
  });
  return {
    witness: regulator.vkey,
    publish: async () => void (await signer.publish()),
    close: async () => {
      await signer.end();
      await client.close();
      await source.destroy();
      await regulator.close();
    },
  };
}
