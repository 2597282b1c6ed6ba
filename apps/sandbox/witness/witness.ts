/**
 * The witness: it remembers, for each log it knows, the newest checkpoint it has cosigned, and cosigns another only when
 * that one grew from it. It believes nobody: the log's signature and the proof are checked here, and what it promises
 * is on disk before its signature leaves. Of the registry it uses the hashing and the notes of `libs/tlog`, no more.
 */
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cosign, parseVkey, verifyNote, type Vkey } from '#libs/tlog/note.js';
import { verifyConsistency } from '#libs/tlog/proof.js';
import { emptyRoot } from '#libs/tlog/tree.js';
import { readAddCheckpoint, type AddCheckpoint } from './add-checkpoint.js';
import { writeDurably } from './durable-file.js';
import type { WitnessKey } from './witness-key.js';

export interface WitnessSettings {
  readonly key: WitnessKey;
  /** vkeys of the logs; the name of a key is the origin it speaks for, and a log that changes keys has several. */
  readonly logVkeys: readonly string[];
  /** Keeps `cosigned.json` and `conflicts.ndjson`. */
  readonly stateDir: string;
  /** In milliseconds. */
  readonly clock: () => number;
  /** Told of what looks like a log with two histories. */
  readonly onConflict?: (line: string) => void;
}

/** The newest cosigned checkpoint of a log. */
export interface Cosigned {
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** Seconds since 1970 of the cosignature. */
  readonly time: number;
}

/** An answer as C2SP tlog-witness gives it. */
export interface Answer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly body: string;
  readonly type: string;
}

const plain = 'text/plain; charset=utf-8';
const sizeType = 'text/x.tlog.size';
/** Evidence beyond this is not kept, or whoever can make a log conflict could fill our disk. */
const evidenceLimit = 4_000_000;

export class Witness {
  private readonly logs: readonly Vkey[];
  private readonly file: string;
  private cosigned: Readonly<Record<string, Cosigned>>;

  constructor(private readonly settings: WitnessSettings) {
    this.logs = settings.logVkeys.map(parseVkey);
    this.file = join(settings.stateDir, 'cosigned.json');
    // A state that cannot be read stops the start: to begin from nothing would be to forget what was promised.
    this.cosigned = existsSync(this.file)
      ? (JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, Cosigned>)
      : {};
  }

  /** What was cosigned last, by origin. */
  get state(): Readonly<Record<string, Cosigned>> {
    return this.cosigned;
  }

  /**
   * One request, answered. Nothing in here waits for anything, so two requests are never between the comparison of the
   * old size and the write of the new one at once: the rollback that the specification warns of cannot happen.
   */
  add(body: Buffer): Answer {
    const asked = readAddCheckpoint(body);
    if (!asked) return says(400, 'the request is malformed');
    const { origin, size } = asked.checkpoint;
    const keys = this.logs.filter(({ name }) => name === origin);
    if (keys.length === 0) return says(404, 'this log is not known here');
    if (!isSigned(asked.note, keys)) return says(403, 'no known key of the log signed this checkpoint');
    if (asked.oldSize > size) return says(400, 'the old size is beyond the checkpoint');
    const before = Object.hasOwn(this.cosigned, origin) ? this.cosigned[origin] : undefined;
    return this.judge(asked, before ?? { size: 0, root: emptyRoot.toString('base64'), time: 0 });
  }

  /** The log has signed this; what remains is whether it grew from what was cosigned. */
  private judge(asked: AddCheckpoint, before: Cosigned): Answer {
    const { oldSize, proof, note, checkpoint } = asked;
    const { origin, size, root } = checkpoint;
    if (oldSize !== before.size) return sizeIs(before.size);
    const oldRoot = Buffer.from(before.root, 'base64');
    if (size === oldSize && !root.equals(oldRoot)) {
      this.keepEvidence('another root for the size that was cosigned', note, before);
      return sizeIs(before.size);
    }
    if (!verifyConsistency(oldSize, oldRoot, size, root, proof)) {
      this.keepEvidence('not shown to have grown from what was cosigned', note, before);
      return says(422, 'the proof does not show that the log grew from what was cosigned');
    }
    const time = Math.max(before.time, Math.floor(this.settings.clock() / 1000));
    const after = { ...this.cosigned, [origin]: { size, root: root.toString('base64'), time } };
    // A crash here promised nothing. After the write, the log asks again, is told the new size, and gets its signature.
    writeDurably(this.file, `${JSON.stringify(after, null, 2)}\n`);
    this.cosigned = after;
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
    return {
      status: 200,
      body: cosign(text, this.settings.key.name, this.settings.key.key, time),
      type: plain,
    };
  }

  /** A checkpoint the log signed and we would not cosign may be proof of a second history. */
  private keepEvidence(why: string, note: string, cosigned: Cosigned): void {
    this.settings.onConflict?.(`${why}:\n${note}`);
    const file = join(this.settings.stateDir, 'conflicts.ndjson');
    if (existsSync(file) && statSync(file).size > evidenceLimit) return;
    const at = new Date(this.settings.clock()).toISOString();
    appendFileSync(file, `${JSON.stringify({ at, why, note, cosigned })}\n`, { mode: 0o600 });
  }
}

function isSigned(note: string, keys: readonly Vkey[]): boolean {
  try {
    return verifyNote(note, keys).signedBy.length > 0;
  } catch {
    return false;
  }
}

function sizeIs(size: number): Answer {
  return { status: 409, body: `${size}\n`, type: sizeType };
}

function says(status: Answer['status'], why: string): Answer {
  return { status, body: `${why}\n`, type: plain };
}
