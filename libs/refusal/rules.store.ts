/** Reads the rules; the Journal asks for them again when an entry moved them. */
import type { EntityManager } from 'typeorm';
import { allParties } from '#libs/party/parties.store.js';
import { allRegimeRows } from '#libs/regime/regime.store.js';
import type { Rules } from './rules.js';

export async function loadRules(tx: EntityManager): Promise<Rules> {
  const parties = await allParties(tx);
  const regime = await allRegimeRows(tx);
  return { parties: new Map(parties.map((party) => [party.clientId, party])), regime };
}
