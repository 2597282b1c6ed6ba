/**
 * The files of the public log, made from the leaves in the database and from nothing else: the same leaves give the
 * same bytes, whoever makes them and however often. A file is read back only to go on from the edge of the tree, and
 * only an edge that makes up a signed root is gone on from.
 */
import type { EntityManager } from 'typeorm';
import {
  edgeFrom,
  edgeRoot,
  emptyEdge,
  growEdge,
  partialFiles,
  type Edge,
} from '#libs/tlog/tile-building.js';
import {
  bundleWith,
  hashesOn,
  levelsIn,
  readBundle,
  tilePath,
  tileWidth,
  tileWith,
} from '#libs/tlog/tile.js';
import type { TileAt, TileFile } from '#libs/tlog/tile.js';
import { leafHash, splitHashes } from '#libs/tlog/tree.js';
import { leafWith } from './commitment.js';
import { leavesOf } from './leaves.store.js';

/** Where the files lie. */
export interface LogFolder {
  read(path: string): Promise<Buffer | undefined>;
  /** Durable when it returns. @returns paths that were there with other bytes. */
  write(files: readonly TileFile[]): Promise<readonly string[]>;
}

/** A row of the database says something else than the tree that was signed. */
export class LeafDiffers extends Error {
  /** @param index the entry, where one row alone shows it */
  constructor(readonly index?: number) {
    super(
      index === undefined
        ? 'the leaves are not those of the root that was signed'
        : `the leaf hash of entry ${index} is not that of its commitment`,
    );
    this.name = 'LeafDiffers';
  }
}

export interface LogFilesSettings {
  readonly tx: EntityManager;
  readonly folder: LogFolder;
  /** Told after each page: the size reached. */
  readonly onPage?: (size: number) => Promise<unknown>;
  /** Told which files had to be written again because they held other bytes. */
  readonly onDiffering?: (paths: readonly string[]) => void;
}

/** Whole tiles, so that a page leaves no more than its edge in memory: about 4 MB. */
const pageSize = 40 * tileWidth;

export class LogFilesService {
  constructor(private readonly settings: LogFilesSettings) {}

  /** The edge at this size as its files have it; undefined when one is missing, truncated or altered. */
  async edgeAt(size: number, root: Buffer): Promise<Edge | undefined> {
    try {
      const levels: Buffer[][] = [];
      for (let level = 0; level < levelsIn(size); level += 1) {
        const count = hashesOn(level, size);
        const isEven = count % tileWidth === 0;
        levels.push(isEven ? [] : splitHashes(await this.read(tileWith(level, count - 1, size))));
      }
      const bundle = bundleWith(Math.max(size - 1, 0), Math.max(size, 1));
      const isEven = size % tileWidth === 0;
      const leaves = isEven ? [] : readBundle(await this.read(bundle), bundle.width);
      return edgeFrom(size, root, { levels, leaves });
    } catch (error) {
      // What cannot be read for another reason than its bytes, a disk for one, is not mended by writing.
      if (error instanceof Error && 'syscall' in error) throw error;
      return undefined;
    }
  }

  /** Writes every tile and bundle that fills up on the way from an edge to `to`; partial ones are for `finish`. */
  async grow(from: Edge, to: number): Promise<Edge> {
    let edge = from;
    while (edge.size < to) {
      const { edge: next, full } = growEdge(edge, await this.leaves(edge.size, to));
      await this.write(full);
      edge = next;
      await this.settings.onPage?.(edge.size);
    }
    return edge;
  }

  /** Writes the partial tiles and the partial bundle of this size. */
  async finish(edge: Edge): Promise<void> {
    await this.write(partialFiles(edge));
  }

  /** Makes every file up to this size again, partial ones too. @throws LeafDiffers */
  async rebuild(size: number, root: Buffer): Promise<Edge> {
    const edge = await this.mend(size, root);
    await this.finish(edge);
    return edge;
  }

  /**
   * Writes every full file up to this size again that is missing or holds other bytes. First the leaves are hashed and compared with the root, so that no good file
   * is overwritten from a bad database.
   * @throws LeafDiffers
   */
  async mend(size: number, root: Buffer): Promise<Edge> {
    let measured = emptyEdge;
    while (measured.size < size) {
      measured = growEdge(measured, await this.leaves(measured.size, size)).edge;
      await this.settings.onPage?.(0);
    }
    if (!edgeRoot(measured).equals(root)) throw new LeafDiffers();
    return this.grow(emptyEdge, size);
  }

  private async leaves(from: number, to: number): Promise<Buffer[]> {
    const rows = await leavesOf(this.settings.tx, { from, to, limit: pageSize });
    return rows.map(({ index, leafHash: hash, commitment }) => {
      const leaf = leafWith(commitment);
      if (!leafHash(leaf).equals(hash)) throw new LeafDiffers(index);
      return leaf;
    });
  }

  private async write(files: readonly TileFile[]): Promise<void> {
    const differing = await this.settings.folder.write(files);
    if (differing.length > 0) this.settings.onDiffering?.(differing);
  }

  private async read(at: TileAt): Promise<Buffer> {
    const bytes = await this.settings.folder.read(tilePath(at));
    if (bytes === undefined) throw new Error(`${tilePath(at)} is missing`);
    return bytes;
  }
}
