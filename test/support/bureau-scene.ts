/** A registry with two bureaus on their streams, a clerk who seals for them, and citizens. */
import type { INestApplicationContext } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BureauReader } from './bureau-reader.js';
import { citizenActs, type CitizenActs, type Somebody } from './citizen-acts.js';
import { newWorld, type World } from './citizen-world.js';
import { eventually } from './eventually.js';

export interface BureauScene {
  readonly world: World;
  /** The bureaus' app. */
  readonly app: NestFastifyApplication;
  readonly acts: CitizenActs;
  readonly gkb: BureauReader;
  readonly pkb: BureauReader;
  /** Nothing is sealed from here on until the clerk is started again. */
  stopClerk(): Promise<void>;
  startClerk(): Promise<void>;
  /** Somebody new, who has placed a refusal without a lock. */
  placed(): Promise<Somebody>;
  close(): Promise<void>;
}

/** Starts it all and returns when both bureaus have a stream. */
export async function bureauScene(founding: { readonly opens?: boolean } = {}): Promise<BureauScene> {
  const world = await newWorld(founding);
  const app = await world.startBureau();
  let clerk: INestApplicationContext | undefined = await world.startClerk();
  const acts = citizenActs(world);
  const [gkb, pkb] = [bureauReader(world, app, 'gkb'), bureauReader(world, app, 'pkb')];
  await eventually(
    'streams',
    () => pkb.streamId(),
    (id) => id !== 'none',
  );
  const stopClerk = async (): Promise<void> => {
    await clerk?.close();
    clerk = undefined;
  };
  return {
    ...{ world, app, acts, gkb, pkb },
    stopClerk,
    startClerk: async () => {
      clerk = await world.startClerk();
    },
    placed: async () => {
      const somebody = await acts.somebody();
      const { status } = await acts.act(somebody, { kind: 'place', lockHours: 0 });
      if (status !== 200) throw new Error(`a placing was answered ${String(status)}`);
      return somebody;
    },
    close: () => world.close(),
  };
}

/** The bureau of this client id, calling an app. */
export function bureauReader(world: World, app: NestFastifyApplication, clientId: string): BureauReader {
  const bureau = world.others.find((each) => each.clientId === clientId);
  if (bureau === undefined) throw new Error(clientId);
  return new BureauReader(world, app, bureau);
}
