/** The next step in the exchange of the identity key, told by the key files and by the database, whatever became of the last. */
import type { EntityManager } from 'typeorm';
import { removeIdentityCheck } from '#libs/journal/journal.store.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import type { Config } from '#libs/platform/config.js';
import { readIdentityKey } from '#libs/platform/keys.js';
import { identityKeyChecks } from '#libs/subject/person.js';
import { identityChecks } from '#libs/subject/people.store.js';
import {
  addNextIdentity,
  dropOldIdentity,
  useNextIdentity,
  wholeIdentityFiles,
} from '../keygen/identity-keys.service.js';
import { restingOn, rewrap, type RewrapProgress } from '../rewrap/rewrap.service.js';

/** What was done, and so what the operator does next. */
export type IdentityStep =
  | { readonly step: 'finished-files' | 'added' | 'migrate-first' | 'in-use' | 'dropped' | 'forgotten' }
  | { readonly step: 'rewrapped'; readonly rows: number };

/**
 * Takes one step.
 * @param root what `tool keygen --out` wrote
 * @param owner a configuration whose database user owns the tables and whose keysDir holds the identity.json of this root
 */
export async function nextIdentityStep(
  root: string,
  owner: Config,
  progress: RewrapProgress,
): Promise<IdentityStep> {
  const { content, stage, isWhole } = wholeIdentityFiles(root);
  if (!isWhole) return { step: 'finished-files' };
  const identity = readIdentityKey(owner.keysDir);
  const dataSource = await openDatabase(databaseTarget(owner.database), { poolSize: 2 });
  try {
    const tx = dataSource.manager;
    const live = await identityChecks(tx);
    if (stage === 'single') {
      // Of the files that are carried, because the owner's own copy may lag behind them.
      const past = Object.keys(live).filter((id) => id !== content.keyId);
      for (const id of past) await forget(tx, id);
      if (past.length > 0) return { step: 'forgotten' };
      addNextIdentity(root);
      return { step: 'added' };
    }
    if (stage === 'next') {
      const isKnown = Object.entries(identityKeyChecks(identity)).every(([id, check]) => live[id] === check);
      // Before the registry knows the next key, a row that it sealed would be taken for a stranger's.
      if (!isKnown || identity.beside === undefined) return { step: 'migrate-first' };
      useNextIdentity(root);
      return { step: 'in-use' };
    }
    const [old] = identity.beside ?? [];
    if (old === undefined) return { step: 'finished-files' };
    if ((await restingOn(tx, old.keyId)) > 0)
      return { step: 'rewrapped', rows: await rewrap(tx, identity, progress) };
    dropOldIdentity(root);
    return { step: 'dropped' };
  } finally {
    await dataSource.destroy();
  }
}

/** Not with the step before it, because a process that still has the old key beside the new one compares both. */
async function forget(tx: EntityManager, id: string): Promise<void> {
  const resting = await restingOn(tx, Buffer.from(id, 'hex'));
  if (resting > 0)
    throw new Error(
      `${resting} rows are wrapped by the key ${id}, which no identity.json holds: find that key first`,
    );
  await removeIdentityCheck(tx, id);
}

/** The step in words, with what comes next. */
export function identityWords(step: IdentityStep): string {
  switch (step.step) {
    case 'added':
      return 'The next identity key is made. Carry each identity.json to its machine, run tool migrate, start the processes anew, then call this again.';
    case 'finished-files':
      return 'The last step was finished in the files. Carry each identity.json to its machine, start the processes anew, then call this again.';
    case 'migrate-first':
      return 'The registry does not know the next key yet: carry each identity.json to its machine, run tool migrate, start the processes anew, then call this again.';
    case 'in-use':
      return 'The next key is the one in use, and the old one opens beside it. Carry each identity.json, start the processes anew, then call this again.';
    case 'rewrapped':
      return `${step.rows} keys are wrapped anew. Call this again: it looks for what was sealed under the old key meanwhile.`;
    case 'dropped':
      return 'Nothing rests on the old key any more, and it is out of the files. Carry each identity.json, start the processes anew, call this once more, and destroy every copy of the old ones.';
    case 'forgotten':
      return 'The registry has forgotten the old key. The rotation is over.';
  }
}
