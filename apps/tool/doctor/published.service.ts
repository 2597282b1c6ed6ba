/** The newest end as the log serves it beside the database: rows that were taken off the end show nowhere else. */
import type { EntityManager } from 'typeorm';
import type { Registry } from '#libs/acts/registry.js';
import type { Config } from '#libs/platform/config.js';
import { parseCheckpoint, parseVkey, verifyNote, type Vkey } from '#libs/tlog/note.js';
import { keptCheckpoint } from '../fsck/fsck.store.js';
import { compareNewestEnd } from '../fsck/newest-end.js';
import { LogClient } from '../verify/log.client.js';
import { bad, good, warning, type Diagnosis } from './diagnosis.js';
import { headAt, unpublished } from './doctor.store.js';
import { diagnoseUnpublished } from './noted.js';

/** What was published and witnessed, each beside what the database has. */
export async function examinePublished(
  { logBase, origin, witnesses }: Pick<Config, 'logBase' | 'origin' | 'witnesses'>,
  tx: EntityManager,
  registry: Registry,
): Promise<readonly Diagnosis[]> {
  const question = 'published end';
  const next = 'start the log, or ask from a machine that sees it';
  // Asked before the database, which may only have more than what was published before it was read.
  const served = await new LogClient(logBase)
    .checkpoint()
    .catch((error: unknown) => ({ fault: (error as Error).message }));
  const waiting = diagnoseUnpublished(await unpublished(tx));
  if (typeof served !== 'string') {
    const fault = served?.fault ?? 'no checkpoint is served';
    return [waiting, warning(question, `compared with nothing: ${fault}`, next)];
  }
  const keys = witnesses?.map(({ vkey }) => parseVkey(vkey)) ?? [];
  const size = sizeOf(served);
  const root = size === undefined ? undefined : await headAt(tx, size);
  const findings = await compareNewestEnd({
    ...{ note: served, origin, registry, witnesses: keys },
    size: (await unpublished(tx)).size,
    rootAt: () => root,
    keptAt: (at) => keptCheckpoint(tx, at),
  });
  if (findings.length > 0)
    return [
      waiting,
      bad(
        question,
        findings.map(({ what }) => what).join('; '),
        'stop the signer and start nothing anew; tool fsck, then docs/operations.md, A restored backup',
      ),
    ];
  return [
    waiting,
    good(question, `${String(size)} entries, the same in the database`),
    diagnoseWitnessed(served, keys),
  ];
}

function sizeOf(note: string): number | undefined {
  try {
    return parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1)).size;
  } catch {
    return undefined;
  }
}

/** How many of the configured witnesses signed the newest end. */
function diagnoseWitnessed(note: string, witnesses: readonly Vkey[]): Diagnosis {
  const question = 'witnessed end';
  if (witnesses.length === 0)
    return warning(question, 'no witness is configured', 'list the log’s witnesses in `witnesses`');
  const signed = countSigned(note, witnesses);
  const found = `${signed} of ${witnesses.length} witnesses signed the newest checkpoint`;
  return signed === 0
    ? warning(question, found, 'see that the signer reaches the witnesses; what nobody witnessed can be lost')
    : good(question, found);
}

function countSigned(note: string, witnesses: readonly Vkey[]): number {
  try {
    return verifyNote(note, witnesses).cosignatures.length;
  } catch {
    return 0;
  }
}
