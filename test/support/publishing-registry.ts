/**
 * A registry that publishes: a citizen app's writer, the signer over a folder, a witness, and the public log on a port. Two of
 * them over copies of one database are a registry and its backup, or a fork.
 */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import type { Journal } from '#libs/journal/journal.service.js';
import type { Receipt } from '#libs/journal/receipt.js';
import type { Config } from '#libs/platform/config.js';
import { createApp } from '#libs/platform/http.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { makeVkey, parseVkey, type Vkey } from '#libs/tlog/note.js';
import { CosignaturesService, type WitnessOutcome } from '../../apps/clerk/signer/cosignatures.service.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { WitnessClient } from '../../apps/clerk/signer/witness.client.js';
import { LogModule } from '../../apps/log/log.module.js';
import { createServer } from '../../apps/sandbox/witness/server.js';
import { witnessKey } from '../../apps/sandbox/witness/witness-key.js';
import { Witness } from '../../apps/sandbox/witness/witness.js';
import type { TestDatabase } from './database.js';
import { newJournal } from './journals.js';
import { enter, loginOf, type Operator } from './operator.js';

export interface Regulator {
  readonly url: string;
  readonly vkey: Vkey;
  /** What it said of two histories. */
  readonly conflicts: readonly string[];
  close(): Promise<void>;
}

/** The witness on a port of its own. @param logVkeys of every log it knows */
export async function newRegulator(stateDir: string, logVkeys: readonly string[]): Promise<Regulator> {
  const key = witnessKey(stateDir, 'witness.example/regulator');
  const conflicts: string[] = [];
  const clock = (): number => Date.now();
  const witness = new Witness({
    key,
    logVkeys,
    stateDir,
    clock,
    onConflict: (line) => void conflicts.push(line),
  });
  const server = createServer({ witness, vkey: key.vkey, followClock: () => Promise.resolve() });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, vkey: parseVkey(key.vkey), conflicts, close: () => server.close() };
}

export interface Place {
  readonly operator: Operator;
  readonly database: TestDatabase;
  readonly origin: string;
  readonly tilesDir: string;
  readonly regulator: Regulator;
  readonly closedLogs?: Config['closedLogs'];
}

export class PublishingRegistry {
  readonly outcomes: WitnessOutcome[] = [];
  private readonly client: WitnessClient;

  private constructor(
    readonly place: Place,
    readonly journal: Journal<Record<string, never>, object>,
    private readonly sources: { readonly citizen: DataSource; readonly signer: DataSource },
    private readonly app: NestFastifyApplication,
    readonly url: string,
  ) {
    this.client = new WitnessClient({ url: place.regulator.url, vkey: place.regulator.vkey }, 5000);
  }

  static async open(place: Place): Promise<PublishingRegistry> {
    const { operator, database, origin, tilesDir, closedLogs } = place;
    const [citizen, signer] = [
      await enter(database, 'tyiym_citizen'),
      await enter(database, 'tyiym_clerk_signer'),
    ];
    const keys = join(operator.keysRoot, 'citizen');
    const headKey = readSigningKey(keys, 'head.jwk.json');
    const journal = newJournal(citizen, 'citizen', readLookupKeys(keys), {}, { origin, headKey });
    const config = {
      ...operator.config,
      ...{ app: 'log' as const, origin, tilesDir, database: loginOf(database, 'tyiym_log') },
      ...(closedLogs && { closedLogs }),
    };
    const app = await createApp(LogModule.register(config), config, pino({ level: 'silent' }));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new PublishingRegistry(place, journal, { citizen, signer }, app, `http://127.0.0.1:${port}`);
  }

  /** The vkey of the log under its own name, or another. */
  static vkeyOf(operator: Operator, origin: string): string {
    return makeVkey(origin, readSigningKey(join(operator.keysRoot, 'clerk-signer'), 'log.jwk.json').key);
  }

  /** Entries about nobody. @returns their receipts */
  append(count: number): Promise<readonly Receipt[]> {
    const act = (number: number) => ({
      look: {},
      decide: () => ({
        entries: [{ kind: 'trail.read' as const, body: { number } }],
        answer: (receipts: () => readonly Receipt[]) => receipts()[0] as Receipt,
      }),
    });
    return Promise.all(Array.from({ length: count }, (_, number) => this.journal.submit(act(number))));
  }

  /** One turn of a signer that has just been started. */
  publish(): Promise<number | undefined> {
    const { origin, tilesDir, operator } = this.place;
    const onOutcome = (_: string, outcome: WitnessOutcome): void => void this.outcomes.push(outcome);
    const log = pino({ level: 'silent' });
    return new SignerService({
      ...{ tx: this.sources.signer.manager, files: new ImmutableFiles(tilesDir), origin },
      key: readSigningKey(join(operator.keysRoot, 'clerk-signer'), 'log.jwk.json'),
      witnesses: new CosignaturesService({ witnesses: [this.client], log, onOutcome }),
      holder: '0190b3c0-0000-7000-8000-000000000001',
      clock: () => 0,
    }).publish();
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.client.close();
    await this.journal.stop();
    await Promise.all(Object.values(this.sources).map((source) => source.destroy()));
  }
}
