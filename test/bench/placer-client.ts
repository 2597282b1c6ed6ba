/** The process that places, as turns use it: whoever is to place is numbered here, and nobody comes twice. */
import { asOwner } from '../support/sandbox-database.js';
import type { Sandbox } from '../support/sandbox.js';
import type { Beside, Placing } from './job.js';
import type { PlacerJob, PlacerPlan } from './placer.js';
import { Client, listening, type Program } from './programs.js';

export interface Placer {
  /** Opens and signs applications that `place` will hand to the writer. */
  prepare(count: number): Promise<void>;
  place(how: { readonly perSecond: number; readonly ms: number }): Promise<Beside>;
  /** Opens and signs applications for somebody else to hand in. */
  handOver(count: number): Promise<readonly Placing[]>;
}

/** Beyond everybody whom the hammer asks about, with or without a refusal. */
const afterStrangers = 2_000_000;

/** @param refused how many people of a load have a refusal */
export async function startPlacer(sandbox: Sandbox, program: Program, refused: number): Promise<Placer> {
  const { parties } = sandbox.content;
  const portal = parties.find(({ name }) => name === 'egov-portal');
  if (portal === undefined) throw new Error('the sandbox has no portal');
  const plan: PlacerPlan = {
    configFile: sandbox.file('config', 'citizen.json'),
    authorityFile: sandbox.file('nca', 'authority.json'),
    portal: { ...portal, keyFile: sandbox.file(portal.keyFile) },
  };
  const child = program('placer.ts', [JSON.stringify(plan)]);
  await listening(child);
  const client = new Client<PlacerJob, unknown>(child);
  let next = refused + afterStrangers + (await placedSoFar(sandbox));
  const prepare = (count: number, isHandedOver: boolean): Promise<unknown> => {
    const from = next;
    next += count;
    return client.run({ act: 'prepare', from, count, isHandedOver });
  };
  return {
    prepare: async (count) => void (await prepare(count, false)),
    place: async (how) => (await client.run({ act: 'place', ...how })) as Beside,
    handOver: async (count) => (await prepare(count, true)) as readonly Placing[],
  };
}

/** A home that is kept remembers the placings, and opened applications, of earlier runs. */
async function placedSoFar(sandbox: Sandbox): Promise<number> {
  const { rows } = await asOwner(sandbox, (client) =>
    client.query<{ count: string }>('SELECT count(*) FROM people'),
  );
  return Number(rows[0]?.count);
}
