/**
 * `tool migrate`: brings the database to the state of the code as its owner, then makes what only the owner may: the
 * head row of the Journal and the sentinels. Run twice, the second finds nothing to do.
 */
import { journalHead, insertHead } from '#libs/journal/journal.store.js';
import { ConfigError, type Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { readLookupKeys } from '#libs/platform/keys.js';
import { migrate } from '#libs/platform/migrate.js';
import { insertSentinels } from '#libs/refusal/refusals.store.js';
import { lookupKeyCheck } from '#libs/subject/subject.js';

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
  const keyChecks = Object.fromEntries([...keys].map(([epoch, key]) => [String(epoch), lookupKeyCheck(key)]));
  const ran = await migrate(target, onStep);
  const dataSource = await openDatabase(target, 2);
  try {
    await dataSource.transaction(async (tx) => {
      onStep('head row and sentinels');
      await insertHead(tx, { origin: owner.origin, keyChecks });
      const head = await journalHead(tx);
      if (head.origin !== owner.origin)
        throw new ConfigError(
          `this database holds the log ${head.origin}, the configuration says ${owner.origin}`,
        );
      if (Object.entries(keyChecks).some(([epoch, check]) => head.keyChecks[epoch] !== check))
        throw new ConfigError('lookup.json holds other keys than this database was made with');
      await insertSentinels(tx, keys);
    });
  } finally {
    await dataSource.destroy();
  }
  return ran;
}
