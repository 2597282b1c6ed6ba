/**
 * The body of `POST /add-checkpoint` (C2SP tlog-witness), read strictly:
 *
 *     old 20852014                              the size this witness is thought to have cosigned last
 *     PlRNCrwHpqhG…=                            consistency proof from there, a hash a line, at most 63
 *
 *     example.com/behind-the-sofa               the checkpoint: a signed note
 *     20852163
 *     CsUYapGGPo4d…=
 *
 *     — example.com/behind-the-sofa Az3grlgt…=
 */
import { parseCheckpoint, type Checkpoint } from '#libs/tlog/note.js';

export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Buffer[];
  /** The whole note, with its signatures. */
  readonly note: string;
  /** What it says; nothing of it is verified yet. */
  readonly checkpoint: Checkpoint;
}

const proofLimit = 63;
const oldLine = /^old (0|[1-9]\d*)$/;
/** One hash of 32 bytes in base64, in its one spelling: the last letter holds only four bits. */
const hashLine = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
const signatureLines = /^(— [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)+$/;

/** The request; undefined when anything in it is malformed. */
export function readAddCheckpoint(body: Buffer): AddCheckpoint | undefined {
  const text = body.toString('utf8');
  if (!Buffer.from(text).equals(body)) return undefined;
  const end = text.indexOf('\n\n');
  const [first = '', ...hashes] = text.slice(0, end).split('\n');
  const oldSize = Number(oldLine.exec(first)?.[1]);
  if (end < 0 || !Number.isSafeInteger(oldSize) || hashes.length > proofLimit) return undefined;
  if (!hashes.every((line) => hashLine.test(line))) return undefined;
  const note = text.slice(end + 2);
  const checkpoint = readNote(note);
  return (
    checkpoint && { oldSize, proof: hashes.map((line) => Buffer.from(line, 'base64')), note, checkpoint }
  );
}

function readNote(note: string): Checkpoint | undefined {
  const end = note.lastIndexOf('\n\n') + 1;
  if (end === 0 || !signatureLines.test(note.slice(end + 1))) return undefined;
  try {
    return parseCheckpoint(note.slice(0, end));
  } catch {
    return undefined;
  }
}
