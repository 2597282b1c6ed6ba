/**
 * `tool migrate`: brings the database to the state of the code as its owner, then makes what only the owner may: the
 * head row of the Journal, the sentinels, and the check values of lookup keys that were added. Run twice, the second finds
 * nothing to do.
 */
import { addKeyChecks, insertHead, journalHead } from '#libs/journal/journal.store.js';
import { ConfigError, type Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { readLookupKeys } from '#libs/platform/keys.js';
import { migrate } from '#libs/platform/migrate.js';
import { insertSentinels } from '#libs/refusal/refusals.store.js';
import { lookupKeyChecks } from '#libs/subject/subject.js';

/**
 * @param owner a configuration of app `tool` whose database user is the owner.
 * @returns the names of the migrations that ran.
 * @throws ConfigError when the database belongs to another log or was made with other lookup keys.
 */
export async function migrateRegistry(
  owner: Config,
  onStep: (name: string) => void = () => undefined,
): Promise<readonly string[]> {
  const target = databaseTarget(owner.database);
  const keys = readLookupKeys(owner.keysDir);
  const keyChecks = lookupKeyChecks(keys);
  const ran = await migrate(target, onStep);
  const dataSource = await openDatabase(target, { poolSize: 2 });
  try {
    await dataSource.transaction(async (tx) => {
      onStep('head row and sentinels');
      await insertHead(tx, { origin: owner.origin, keyChecks });
      // Two who add an epoch at once would each overwrite the other's check value.
      await tx.query('SELECT FROM journal_head FOR UPDATE');
      const head = await journalHead(tx);
      if (head.origin !== owner.origin)
        throw new ConfigError(
          `this database holds the log ${head.origin}, the configuration says ${owner.origin}`,
        );
      const added = addedEpochs(head.keyChecks, keyChecks);
      await insertSentinels(tx, keys);
      if (Object.keys(added).length > 0) {
        onStep(`lookup epoch ${Object.keys(added).join(', ')}`);
        await addKeyChecks(tx, added);
      }
    });
  } finally {
    await dataSource.destroy();
  }
  return ran;
}

/** Check values by epoch. */
type KeyChecks = Readonly<Record<string, string>>;

/**
 * The check values that are new. A key in use may not be changed or left out, because somebody's refusal stands under it,
 * and a new one comes after all of them, because new people go under the newest.
 */
function addedEpochs(live: KeyChecks, own: KeyChecks): KeyChecks {
  if (Object.entries(live).some(([epoch, check]) => own[epoch] !== check))
    throw new ConfigError('lookup.json holds other keys than this database was made with');
  const newest = Math.max(...Object.keys(live).map(Number));
  const added = Object.entries(own).filter(([epoch]) => live[epoch] === undefined);
  if (added.some(([epoch]) => Number(epoch) <= newest))
    throw new ConfigError(`lookup.json adds an epoch that is not newer than ${newest}`);
  return Object.fromEntries(added);
}
