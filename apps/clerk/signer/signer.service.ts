/**
 * Signs what the Journal has grown to, and only what has grown from what it signed before. It keeps its own frontier
 * and computes every root from leaf hashes itself: a head that says otherwise, a shorter Journal or a second root for
 * one size is refused, loudly and until somebody has looked.
 */
import type { EntityManager } from 'typeorm';
import type { Head } from '#libs/journal/head-row.js';
import { journalHead } from '#libs/journal/journal.store.js';
import type { SigningKey } from '#libs/platform/keys.js';
import { checkpointText, makeVkey, parseVkey, signNote, verifyNote } from '#libs/tlog/note.js';
import { appendLeaves, emptyFrontier, rootOf, type Frontier } from '#libs/tlog/tree.js';
import {
  frontierAt,
  leafHashes,
  newestCheckpoint,
  publishCheckpoint,
  type SignedCheckpoint,
} from './checkpoints.store.js';

/** Why nothing more is signed. */
export type RefusalReason =
  | 'another origin'
  | 'shorter than what was published'
  | 'not the tree of its leaves'
  | 'not the tree that was published'
  | 'another root was published for this size';

/** The database holds another history than the one that was signed; `code` says how. */
export class SigningRefused extends Error {
  constructor(readonly code: RefusalReason) {
    super(`the Journal is ${code}`);
    this.name = 'SigningRefused';
  }
}

export interface SignerSettings {
  readonly tx: EntityManager;
  readonly origin: string;
  /** Ed25519 */
  readonly key: SigningKey;
  /** Machine time in milliseconds. */
  clock(): number;
}

const renewEveryMs = 10 * 60_000;
const pageSize = 10_000;

export class SignerService {
  /** The tree as last published by this process, or as it was resumed from. */
  private tree: Frontier | undefined;
  private signedAt = 0;

  constructor(private readonly settings: SignerSettings) {}

  /**
   * Publishes a checkpoint when the Journal grew or ten minutes have passed.
   * @returns the size published, or undefined when there was nothing to do.
   * @throws SigningRefused
   */
  async publish(): Promise<number | undefined> {
    const { tx, clock } = this.settings;
    const head = await journalHead(tx);
    refuseUnless(head.origin === this.settings.origin, 'another origin');
    const before = (this.tree ??= await this.resume());
    refuseUnless(head.size >= before.size, 'shorter than what was published');
    const isFresh = head.size === before.size && clock() - this.signedAt < renewEveryMs;
    if (head.size === 0 || isFresh) return undefined;
    const after = await this.grow(before, head.size);
    refuseUnless(rootOf(after).equals(head.root), 'not the tree of its leaves');
    // A crash before this statement publishes nothing; after it, the next process resumes from what it wrote.
    const isPublished = await publishCheckpoint(tx, this.sign(head));
    refuseUnless(isPublished, 'another root was published for this size');
    this.tree = after;
    this.signedAt = clock();
    return head.size;
  }

  /**
   * Where to go on: at the newest checkpoint. Its root is under our own signature, so a frontier that hashes to it is
   * the right one, whoever wrote it; failing that the tree is computed from its first leaf.
   */
  private async resume(): Promise<Frontier> {
    const { tx } = this.settings;
    const published = await newestCheckpoint(tx);
    if (published === undefined) return emptyFrontier;
    const kept = this.isOurs(published) ? await frontierAt(tx, published.size) : undefined;
    if (kept !== undefined && rootOf(kept).equals(published.root)) return kept;
    const head = await journalHead(tx);
    refuseUnless(head.size >= published.size, 'shorter than what was published');
    const tree = await this.grow(emptyFrontier, published.size);
    refuseUnless(rootOf(tree).equals(published.root), 'not the tree that was published');
    return tree;
  }

  private async grow(from: Frontier, to: number): Promise<Frontier> {
    let tree = from;
    while (tree.size < to)
      tree = appendLeaves(tree, await leafHashes(this.settings.tx, { from: tree.size, to, limit: pageSize }));
    return tree;
  }

  private sign({ size, root }: Head): SignedCheckpoint {
    const { origin, key } = this.settings;
    return { size, origin, root, note: signNote(checkpointText(origin, size, root), origin, key.key) };
  }

  /** Whether the note carries our signature over exactly this size and root. */
  private isOurs({ size, root, note }: SignedCheckpoint): boolean {
    const { origin, key } = this.settings;
    try {
      const { text } = verifyNote(note, [parseVkey(makeVkey(origin, key.key))]);
      return text === checkpointText(origin, size, root);
    } catch {
      return false;
    }
  }
}

function refuseUnless(holds: boolean, reason: RefusalReason): asserts holds {
  if (!holds) throw new SigningRefused(reason);
}
