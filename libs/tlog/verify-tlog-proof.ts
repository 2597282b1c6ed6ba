/**
 * What a `.tlog-proof` or a checkpoint is worth to somebody who pinned keys: *logged* when the log's own key signed a
 * tree that has the leaf at its place, *witnessed* when enough of the pinned witnesses signed the same tree. One key
 * counts once, whatever number of lines it wrote, and a key nobody pinned counts for nothing.
 */
import { parseCheckpoint, verifyNote, type Checkpoint, type Cosignature, type Vkey } from './note.js';
import { verifyInclusion } from './proof.js';
import { parseTlogProof } from './tlog-proof.js';

/** Whom the verifier believes. */
export interface Policy {
  /** Keys of the log, each under its origin. */
  readonly log: readonly Vkey[];
  /** Keys of witnesses that he chose himself: a log could make up others. */
  readonly witnesses: readonly Vkey[];
  /** So many different witnesses make *witnessed*; 0 asks for none. */
  readonly quorum: number;
}

/** A checkpoint that the log signed. */
export interface Published {
  readonly level: 'logged' | 'witnessed';
  readonly checkpoint: Checkpoint;
  /** Of the pinned witnesses, each once, with the first time it wrote. */
  readonly cosignatures: readonly Cosignature[];
}

const reasons = {
  'checkpoint-malformed': 'The checkpoint is not a signed note with origin, size and root.',
  'checkpoint-signature': 'No pinned key of the log signed the checkpoint, or a signature does not verify.',
  'pinned-key-wrong':
    'A key was pinned for what it cannot sign: a key of a log has type 1, a key of a witness type 4.',
  'origin-not-pinned': 'The checkpoint is of another log than the keys that were pinned.',
  'quorum-missing': 'Fewer pinned witnesses signed the checkpoint than were asked for.',
  'proof-malformed': 'The proof is not of the format c2sp.org/tlog-proof@v1.',
  'leaf-not-included': 'The entry is not at this place in the tree of the checkpoint.',
} as const;
export type PublishedErrorCode = keyof typeof reasons;

/** The evidence does not hold; `code` is stable. */
export class PublishedError extends Error {
  constructor(
    readonly code: PublishedErrorCode,
    cause?: unknown,
  ) {
    super(reasons[code], { cause });
    this.name = 'PublishedError';
  }
}

/**
 * A checkpoint verified: the log signed it, and so many of the witnesses.
 * @throws PublishedError
 */
export function verifyCheckpoint(note: string, { log, witnesses, quorum }: Policy): Published {
  // Left out in silence, it would count as a witness that was asked for and did not sign.
  const isFit =
    log.every(({ kind }) => kind === 'note') && witnesses.every(({ kind }) => kind === 'cosignature');
  if (!isFit) throw new PublishedError('pinned-key-wrong');
  const end = note.lastIndexOf('\n\n') + 1;
  const checkpoint = attempt('checkpoint-malformed', () => parseCheckpoint(note.slice(0, end)));
  const ofLog = log.filter(({ name }) => name === checkpoint.origin);
  if (ofLog.length === 0) throw new PublishedError('origin-not-pinned');
  // First the log alone: a checkpoint that only witnesses signed was published by nobody.
  attempt('checkpoint-signature', () => verifyNote(note, ofLog));
  const pinned = differing(witnesses);
  attempt('checkpoint-signature', () => verifyNote(note, [...ofLog, ...pinned]));
  const cosignatures = pinned.flatMap((key) => cosignatureOf(note, key));
  if (cosignatures.length < quorum) throw new PublishedError('quorum-missing');
  return { level: quorum > 0 ? 'witnessed' : 'logged', checkpoint, cosignatures };
}

/**
 * A `.tlog-proof` verified for a leaf.
 * @param index the place the leaf must have, when it is known
 * @throws PublishedError
 */
export function verifyTlogProof(
  text: string,
  leafHash: Buffer,
  policy: Policy,
  index?: number,
): Published & { readonly index: number } {
  const read = attempt('proof-malformed', () => parseTlogProof(text));
  const published = verifyCheckpoint(read.checkpoint, policy);
  const { size, root } = published.checkpoint;
  const isThere = (index ?? read.index) === read.index;
  if (!isThere || !verifyInclusion(leafHash, read.index, size, read.proof, root))
    throw new PublishedError('leaf-not-included');
  return { ...published, index: read.index };
}

/** One key is one witness, under however many names it was pinned. */
function differing(keys: readonly Vkey[]): readonly Vkey[] {
  const bytesOf = ({ publicKey }: Vkey): unknown => publicKey.export({ format: 'jwk' }).x;
  return keys.filter((key, at) => keys.findIndex((each) => bytesOf(each) === bytesOf(key)) === at);
}

/** The first line this key wrote; none when it wrote none, since every line that it wrote was verified before. */
function cosignatureOf(note: string, key: Vkey): readonly Cosignature[] {
  try {
    return verifyNote(note, [key]).cosignatures.slice(0, 1);
  } catch {
    return [];
  }
}

function attempt<T>(code: PublishedErrorCode, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new PublishedError(code, cause);
  }
}
