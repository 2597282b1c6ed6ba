/**
 * Signs what the Journal has grown to, and only what has grown from what it published before. It hashes every leaf
 * itself, so a head that says otherwise, a shorter Journal or a second root for one size is refused, loudly and until
 * somebody has looked. Each turn goes through the same steps, whatever happened to the turn before:
 *
 *     lease → tiles → reserve (compare-and-swap) → cosignatures → the file `checkpoint` → published
 *
 * and begins at the newest checkpoint that anybody can have seen.
 */
import type { EntityManager } from 'typeorm';
import type { Head } from '#libs/journal/head-row.js';
import { LeafDiffers, LogFilesService } from '#libs/journal/log-files.service.js';
import { journalHead } from '#libs/journal/journal.store.js';
import type { ImmutableFiles } from '#libs/platform/immutable-files.js';
import type { SigningKey } from '#libs/platform/keys.js';
import { checkpointText, parseCheckpoint, signNote } from '#libs/tlog/note.js';
import { edgeRoot, emptyEdge, partialFiles, type Edge } from '#libs/tlog/tile-building.js';
import { tilePath } from '#libs/tlog/tile.js';
import {
  endLease,
  isComparedNow,
  keepComparison,
  markPublished,
  reserve,
  standing,
  takeLease,
  type Reserved,
  type SignedCheckpoint,
} from './checkpoints.store.js';
import type { CosignaturesService } from './cosignatures.service.js';
import { SigningRefused, refuseUnless, type RefusalReason } from './signing-refused.js';

export interface SignerSettings {
  readonly tx: EntityManager;
  readonly origin: string;
  /** Ed25519 */
  readonly key: SigningKey;
  /** Where tiles, bundles and the newest checkpoint lie. */
  readonly files: ImmutableFiles;
  readonly witnesses: Pick<CosignaturesService, 'gather'>;
  /** Machine time in milliseconds. */
  clock(): number;
  /** This process, drawn when it started. */
  readonly holder: string;
  /** Told which files held other bytes than the leaves give, and were written again. */
  readonly onMended?: (paths: readonly string[]) => void;
}

/** Where a turn begins: a tree whose files are all there, and the newest size that stands signed. */
interface Ground {
  readonly edge: Edge;
  readonly signed: number;
}

const renewEveryMs = 10 * 60_000;
const leaseMs = 5000;
/** Partial tiles stay this long beside the full one, for whoever is still reading an older checkpoint. */
const outgrownForMs = 10 * 60_000;
const newestPath = 'checkpoint';

export class SignerService {
  private ground: Ground | undefined;
  private signedAt = 0;
  private outgrown: { readonly folder: string; readonly at: number }[] = [];
  private readonly logFiles: LogFilesService;

  constructor(private readonly settings: SignerSettings) {
    const { tx, files, holder, onMended } = settings;
    this.logFiles = new LogFilesService({
      tx,
      folder: files,
      onPage: () => takeLease(tx, holder, leaseMs),
      ...(onMended && { onDiffering: onMended }),
    });
  }

  /**
   * Publishes a checkpoint when the Journal grew or ten minutes have passed.
   * @returns the size published, or undefined when there was nothing to do or another process holds the lease.
   * @throws SigningRefused
   */
  async publish(): Promise<number | undefined> {
    try {
      if (await takeLease(this.settings.tx, this.settings.holder, leaseMs)) return await this.turn();
    } catch (error) {
      // Whatever was known may no longer be so: the next turn looks again.
      this.ground = undefined;
      if (error instanceof SigningRefused && error.isAnotherHistory)
        await keepComparison(this.settings.tx, false);
      throw error;
    }
    this.ground = undefined;
    return undefined;
  }

  /** Gives the lease back, so that another process may go on at once. */
  async end(): Promise<void> {
    await endLease(this.settings.tx, this.settings.holder);
  }

  private async turn(): Promise<number | undefined> {
    const { tx, clock, holder, files } = this.settings;
    const head = await journalHead(tx);
    refuseUnless(head.origin === this.settings.origin, 'another origin');
    // Under a server that was started anew lies perhaps another copy.
    if (!(await isComparedNow(tx))) this.ground = undefined;
    const before = (this.ground ??= await this.resume(head));
    refuseUnless(head.size >= before.edge.size, 'shorter than what was published');
    const isFresh = head.size === before.edge.size && clock() - this.signedAt < renewEveryMs;
    if (head.size === 0 || isFresh) return undefined;
    // A crash while tiles are written leaves some that nobody was told of; the next turn makes the same bytes again.
    const edge = await this.growTo(before.edge, head.size);
    refuseUnless(edgeRoot(edge).equals(head.root), 'not the tree of its leaves');
    await this.logFiles.finish(edge);
    const checkpoint = this.sign(head);
    // The one step that decides. A crash before it has signed nothing; after it, this root is the only one of its size.
    const reserved = await reserve(tx, checkpoint, { holder, after: before.signed });
    if (reserved !== 'reserved') return this.standBack(reserved);
    // A crash here leaves a checkpoint that is reserved and was shown to no reader: the next turn signs it, or a larger one.
    const lines = await this.settings.witnesses.gather({
      ...{ size: head.size, note: checkpoint.note },
      read: async (at) => (await files.read(tilePath(at))) ?? Buffer.alloc(0),
    });
    const note = checkpoint.note + lines.join('');
    // From here on the world may have it. A crash after this: the file tells the next turn where to begin.
    await files.replace(newestPath, Buffer.from(note));
    await markPublished(tx, { size: head.size, note }, lines.length);
    this.ground = { edge, signed: head.size };
    this.signedAt = clock();
    await this.forgetPartials(before.edge, edge);
    return head.size;
  }

  /**
   * Where to go on: at the newest checkpoint that anybody can have seen, in the database or in the folder. A database
   * that was put back is found out here, because the folder remembers; a folder that was lost or altered is made again
   * from the database.
   */
  private async resume(head: Head): Promise<Ground> {
    const { tx, files } = this.settings;
    await files.sweep();
    const { signed, published } = await standing(tx, this.settings.origin);
    const shown = [await this.newestInFolder(), published].filter((each) => each !== undefined);
    const [newest, older] = shown.toSorted((a, b) => b.size - a.size);
    refuseUnless(newest === undefined || head.size >= newest.size, 'shorter than what was published');
    const isFork = newest?.size === older?.size && newest?.root.equals(older?.root ?? newest.root) === false;
    refuseUnless(!isFork, 'not the tree that was published');
    let edge = newest === undefined ? emptyEdge : await this.edgeOf(newest);
    if (signed !== undefined && signed.size > edge.size) {
      // Reserved and never shown: whatever is signed next must contain it.
      edge = await this.growTo(edge, signed.size);
      refuseUnless(edgeRoot(edge).equals(signed.root), 'not the tree that was published');
    }
    // From here on the registry answers again, if its server was started anew.
    await keepComparison(tx, true);
    return { edge, signed: signed?.size ?? 0 };
  }

  private async edgeOf({ size, root }: Pick<SignedCheckpoint, 'size' | 'root'>): Promise<Edge> {
    const edge = await this.logFiles.edgeAt(size, root);
    if (edge !== undefined) return edge;
    return this.orRefuse('not the tree that was published', () => this.logFiles.rebuild(size, root));
  }

  private growTo(edge: Edge, size: number): Promise<Edge> {
    return this.orRefuse('not the tree of its leaves', () => this.logFiles.grow(edge, size));
  }

  private async orRefuse(reason: RefusalReason, act: () => Promise<Edge>): Promise<Edge> {
    try {
      return await act();
    } catch (cause) {
      throw cause instanceof LeafDiffers ? new SigningRefused(reason, { cause }) : cause;
    }
  }

  private async newestInFolder(): Promise<{ size: number; root: Buffer } | undefined> {
    const note = await this.settings.files.read(newestPath);
    if (note === undefined) return undefined;
    const text = note.toString('utf8');
    const { origin, size, root } = parseCheckpoint(text.slice(0, text.lastIndexOf('\n\n') + 1));
    // The folder of a log that was closed (`log.broken`) is not that of its successor.
    refuseUnless(origin === this.settings.origin, 'another origin');
    return { size, root };
  }

  private standBack(reserved: Exclude<Reserved, 'reserved'>): undefined {
    this.ground = undefined;
    // A row that was made up under our role's name is signed over in the next turn, also when nothing has grown.
    this.signedAt = -Infinity;
    refuseUnless(reserved !== 'another root', 'another root was published for this size');
    return undefined;
  }

  private sign({ size, root }: Head): SignedCheckpoint {
    const { origin, key } = this.settings;
    return { size, origin, root, note: signNote(checkpointText(origin, size, root), origin, key.key) };
  }

  /** Partial tiles of a tile that has become full are its beginnings: after a while they are served from it. */
  private async forgetPartials(before: Edge, after: Edge): Promise<void> {
    const { clock, files } = this.settings;
    const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
    const open = new Set(partialFiles(after).map(({ path }) => folderOf(path)));
    const grownOver = partialFiles(before)
      .map(({ path }) => folderOf(path))
      .filter((folder) => !open.has(folder));
    this.outgrown.push(...grownOver.map((folder) => ({ folder, at: clock() })));
    const isOld = ({ at }: { at: number }): boolean => clock() - at >= outgrownForMs;
    for (const { folder } of this.outgrown.filter(isOld)) await files.remove(folder);
    this.outgrown = this.outgrown.filter((each) => !isOld(each));
  }
}
