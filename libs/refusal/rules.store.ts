/** What verdicts are judged by beside the refusals: parties and the dated table of law. Read again when an entry moves them. */
import type { EntityManager } from 'typeorm';
import type { Party } from '#libs/party/party.js';
import { allParties } from '#libs/party/parties.store.js';
import type { Regime } from '#libs/regime/regime.js';
import { allRegimeRows } from '#libs/regime/regime.store.js';

export interface Rules {
  /** By client id; suspended ones too. */
  readonly parties: ReadonlyMap<string, Party>;
  readonly regime: Regime;
}

export async function loadRules(tx: EntityManager): Promise<Rules> {
  const parties = await allParties(tx);
  const regime = await allRegimeRows(tx);
  return { parties: new Map(parties.map((party) => [party.clientId, party])), regime };
}
