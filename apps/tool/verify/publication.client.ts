/** Waits until the log has published what a receipt is about, and brings the proof that it did, made from tiles. */
import { setTimeout as pause } from 'node:timers/promises';
import { parseCheckpoint } from '#libs/tlog/note.js';
import { formatTlogProof } from '#libs/tlog/tlog-proof.js';
import { consistencyProof, inclusionProof } from '#libs/tlog/tile-reading.js';
import { PublishedError, verifyCheckpoint, type Policy } from '#libs/tlog/verify-tlog-proof.js';
import type { LogClient } from './log.client.js';

/** What is to be found in the log. */
export interface Wanted {
  readonly index: number;
  /** Size of the receipt's head: the checkpoint must reach it, so that the two can be compared. */
  readonly headSize: number;
}

export interface Publication {
  /** A `.tlog-proof` of the leaf at `index`; nothing of it is verified. */
  readonly proof: string;
  /** From the head's tree to the checkpoint's. */
  readonly consistency: readonly Buffer[];
}

/** No checkpoint came to cover it in the time that was given. */
export class NotPublished extends Error {}

const pollMs = 500;

/**
 * @param say is told what is waited for, each time that it changes
 * @throws NotPublished, LogUnreachable, or PublishedError when the log shows what its key did not sign
 */
export async function awaitPublication(
  log: LogClient,
  policy: Policy,
  wanted: Wanted,
  { waitMs, say }: { readonly waitMs: number; readonly say: (line: string) => void },
): Promise<Publication> {
  const deadline = AbortSignal.timeout(waitMs);
  for (let said = ''; ;) {
    const note = await log.checkpoint();
    const missing = note === undefined ? 'its first checkpoint' : missingOf(note, policy, wanted);
    if (note !== undefined && missing === undefined) return publicationOf(log, note, wanted);
    if (deadline.aborted) throw new NotPublished(`The log does not have ${String(missing)}.`);
    if (missing !== said) say(`waiting for the log to have ${String(missing)} …`);
    said = String(missing);
    await pause(pollMs);
  }
}

/** What the newest checkpoint still lacks. */
function missingOf(note: string, policy: Policy, { index, headSize }: Wanted): string | undefined {
  const { size } = verifyCheckpoint(note, { ...policy, quorum: 0 }).checkpoint;
  const needed = Math.max(index + 1, headSize);
  if (size < needed) return `a checkpoint of ${needed} entries (the newest has ${size})`;
  try {
    verifyCheckpoint(note, policy);
    return undefined;
  } catch (error) {
    if (!(error instanceof PublishedError) || error.code !== 'quorum-missing') throw error;
    return `a checkpoint with ${policy.quorum} of the pinned witnesses' cosignatures`;
  }
}

async function publicationOf(
  log: LogClient,
  note: string,
  { index, headSize }: Wanted,
): Promise<Publication> {
  const { size } = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  const read = (at: Parameters<LogClient['tile']>[0]): Promise<Buffer> => log.tile(at);
  const [proof, consistency] = await Promise.all([
    inclusionProof(read, index, size),
    consistencyProof(read, headSize, size),
  ]);
  return { proof: formatTlogProof({ index, proof, checkpoint: note }), consistency };
}
