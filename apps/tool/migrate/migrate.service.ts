/**
 * `tool migrate`: brings the database to the state of the code as its owner, then makes what only the owner may: the
 * head row of the Journal, the sentinels, and the check values of lookup keys that were added and of the identity key. Run twice, the second finds
 * nothing to do.
 */
import type { EntityManager } from 'typeorm';
import { addIdentityChecks, addKeyChecks, insertHead, journalHead } from '#libs/journal/journal.store.js';
import { ConfigError, type Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { migrate } from '#libs/platform/migrate.js';
import { insertSentinels } from '#libs/refusal/refusals.store.js';
import { identityKeyChecks, openPerson, type Person } from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { somePeople } from '#libs/subject/people.store.js';
import { lookupKeyChecks } from '#libs/subject/subject.js';

/**
 * @param owner a configuration of app `tool` whose database user is the owner.
 * @returns the names of the migrations that ran.
 * @throws ConfigError when the database belongs to another log or was made with other lookup keys or another identity key.
 */
export async function migrateRegistry(
  owner: Config,
  onStep: (name: string) => void = () => undefined,
): Promise<readonly string[]> {
  const target = databaseTarget(owner.database);
  const keys = readLookupKeys(owner.keysDir);
  const keyChecks = lookupKeyChecks(keys);
  const identity = readIdentityKey(owner.keysDir);
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
      if (await isUnchecked(tx, head.identityChecks, identity)) {
        onStep('check value of the identity key');
        await addIdentityChecks(tx, identityKeyChecks(identity));
      }
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

/**
 * Whether the registry has no check value of an identity key yet: a new one, or one that an older release made. Then the
 * key must open the people who are there already, or the check value of a wrong key would shut out the right one.
 */
async function isUnchecked(tx: EntityManager, live: KeyChecks, identity: SealingKey): Promise<boolean> {
  const other = new ConfigError('identity.json holds another key than this database was made with');
  if (Object.keys(live).length > 0) {
    const own = identityKeyChecks(identity);
    if (Object.entries(own).some(([id, check]) => live[id] !== undefined && live[id] !== check)) throw other;
    // A key beside one that the registry knows is the next one; a file that knows none of them is another registry's.
    if (!Object.keys(own).some((id) => live[id] !== undefined)) throw other;
    return Object.keys(own).some((id) => live[id] === undefined);
  }
  const people = await somePeople(tx);
  const opens = (person: Person): boolean => {
    try {
      return openPerson(identity, person, () => true) !== undefined;
    } catch {
      return false;
    }
  };
  if (people.length > 0 && !people.some(opens)) throw other;
  return true;
}

/** Check values by epoch, or by key. */
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
