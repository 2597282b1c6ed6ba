/**
 * A proof to keep and to check offline, by C2SP tlog-proof: the place of a leaf, its inclusion proof, and the checkpoint
 * with every signature it carries.
 *
 *     c2sp.org/tlog-proof@v1
 *     index 4
 *     gSKyXo…=                                               the leaf's sibling first, base64
 *     B95lDa…=
 *
 *     sandbox.tyiym.kz/journal/1                             the checkpoint as it was published
 *     7
 *     sFodV/…=
 *
 *     — sandbox.tyiym.kz/journal/1 hI2DJw…=
 *
 * This log writes no `extra` line, because nothing signs it; one that others wrote is read and believed in nothing.
 */
import assert from 'node:assert/strict';
import { hashLength } from './tree.js';

/** What a `.tlog-proof` says; whether it holds is for `verifyNote` and `verifyInclusion`. */
export interface TlogProof {
  /** The leaf's place in the log, from 0. */
  readonly index: number;
  /** Hashes of 32 bytes, the leaf's sibling first. */
  readonly proof: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: string;
  /** Bytes of an `extra` line, which nothing vouches for. */
  readonly extra?: Buffer;
}

const firstLine = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^53 leaves has no longer inclusion proof. */
const proofLimit = 53;
const lengthLimit = 1_000_000;

/** The text of a proof, without an `extra` line. */
export function formatTlogProof({ index, proof, checkpoint }: Omit<TlogProof, 'extra'>): string {
  assert(Number.isSafeInteger(index) && index >= 0, 'an index is a whole number below 2^53');
  assert(
    proof.length <= proofLimit && proof.every((hash) => hash.length === hashLength),
    'a proof has hashes',
  );
  const lines = [firstLine, `index ${index}`, ...proof.map((hash) => hash.toString('base64'))];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/**
 * A proof read; nothing of it is verified.
 * @throws Error when it is spelled otherwise than the format says.
 */
export function parseTlogProof(text: string): TlogProof {
  assert(text.length <= lengthLimit, 'the proof is too long');
  const end = text.indexOf('\n\n');
  assert(end >= 0, 'a proof is followed by a blank line and a checkpoint');
  const [first, ...lines] = text.slice(0, end).split('\n');
  assert(first === firstLine, `a proof begins with ${firstLine}`);
  const extraLine = lines[0]?.startsWith('extra ') ? lines.shift() : undefined;
  const [indexLine = '', ...hashLines] = lines;
  const digits = /^index (0|[1-9]\d{0,15})$/.exec(indexLine)?.[1];
  const index = digits === undefined ? NaN : Number(digits);
  assert(Number.isSafeInteger(index), 'a proof says its index in decimal');
  assert(hashLines.length <= proofLimit, 'the proof is too long');
  const proof = hashLines.map((line) => readBase64(line));
  assert(
    proof.every((hash) => hash.length === hashLength),
    'a proof has hashes of 32 bytes',
  );
  const checkpoint = text.slice(end + 2);
  assert(checkpoint !== '', 'a proof ends with its checkpoint');
  const extra = extraLine === undefined ? {} : { extra: readBase64(extraLine.slice('extra '.length)) };
  return { index, proof, checkpoint, ...extra };
}

/** Standard base64 with padding, in its one spelling. */
function readBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  assert(bytes.toString('base64') === text, 'base64 has one spelling');
  return bytes;
}
