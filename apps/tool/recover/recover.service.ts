/**
 * What was lost with a restored database: the log it published is asked, not the database. Only a database that is the
 * beginning of what was published can go on; one that says something else is a fork, and nothing of it is repaired here.
 */
import type { Head } from '#libs/journal/head-row.js';
import { verifyConsistency } from '#libs/tlog/proof.js';
import { consistencyProof } from '#libs/tlog/tile-reading.js';
import { verifyCheckpoint, type Published } from '#libs/tlog/verify-tlog-proof.js';
import type { Vkey } from '#libs/tlog/note.js';
import type { Change } from '#libs/acts/change.js';
import { logKeys, successorOf } from '#libs/acts/log-changes.js';
import { ActRefused } from '#libs/acts/members.js';
import type { Registry } from '#libs/acts/registry.js';
import type { LogClient } from '../verify/log.client.js';

/** What is left, as the restored database has it. */
export interface Left {
  readonly head: Pick<Head, 'origin' | 'size' | 'root'>;
  readonly registry: Registry;
}

export interface Loss {
  readonly change: Change;
  readonly published: Published;
}

/**
 * The act that closes the log.
 * @param log the public log, or a mirror of it: the newer of the two, since the log may have lost files as well.
 * @throws ActRefused when nothing is lost, or the database is not the beginning of what was published.
 */
export async function lossOf(
  log: LogClient,
  { head, registry }: Left,
  witnesses: readonly Vkey[],
  quorum: number,
): Promise<Loss> {
  const note = await log.checkpoint();
  if (note === undefined) throw new ActRefused('the log has published nothing');
  const policy = { log: logKeys(registry, head.origin), witnesses, quorum };
  const published = verifyCheckpoint(note, policy);
  const { size, root } = published.checkpoint;
  if (size <= head.size)
    throw new ActRefused(`nothing is lost: ${size} entries were published, the database has ${head.size}`);
  const proof = await consistencyProof((at) => log.tile(at), head.size, size);
  if (!verifyConsistency(head.size, head.root, size, root, proof))
    throw new ActRefused(
      'the database is not the beginning of what was published: two histories, call both officials',
    );
  const lost = { from: head.size, to: size };
  const body = { origin: successorOf(head.origin), closed: { origin: head.origin, checkpoint: note }, lost };
  return { change: { kind: 'log.broken', body }, published };
}
