/**
 * Files that others may have read already: each appears whole under its name or not at all, and is on the disk before
 * anybody is told of it. Written aside, synced, renamed, and the folders synced, in this order, so that a crash at any
 * instant leaves nothing but what was there before, whole new files, and leavings that the next start sweeps away.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A path below the folder, with slashes, and all the file holds. */
export interface NamedBytes {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Where new files are written before they get their names; on the same disk, because a rename cannot leave it. */
const aside = '.new';
/** Enough that a disk has work while another file is hashed; few enough that descriptors never run out. */
const writersAtOnce = 8;

export class ImmutableFiles {
  /** @param root absolute; callers name only paths that they have made themselves */
  constructor(private readonly root: string) {}

  /** The bytes of a file; undefined when it is not there. */
  async read(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.root, path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Makes files durable; one that has these bytes already is left alone.
   * @returns the paths that held other bytes, which is for the caller to be alarmed about.
   * @throws when the disk is full or broken: some of the files may be there then, and the same call goes on from there.
   */
  async write(files: readonly NamedBytes[]): Promise<readonly string[]> {
    const differing: string[] = [];
    const folders = new Set<string>();
    await inParallel(files, async ({ path, bytes }) => {
      const held = await this.read(path);
      if (held?.equals(bytes) === true) return;
      if (held !== undefined) differing.push(path);
      for (const folder of await this.put(path, bytes)) folders.add(folder);
    });
    // A crash before this may forget names, not contents; nobody was told of them yet.
    for (const folder of folders) await syncFolder(folder);
    return differing;
  }

  /** Puts new bytes under a name that is meant to change, such as the newest of a row of versions. */
  async replace(path: string, bytes: Buffer): Promise<void> {
    await this.put(path, bytes);
    await syncFolder(dirname(join(this.root, path)));
  }

  /** Removes a folder with what is in it, if it is there. */
  async remove(path: string): Promise<void> {
    await rm(join(this.root, path), { recursive: true, force: true });
  }

  /** Removes what a crash left half written. Only who alone may write calls it. */
  async sweep(): Promise<void> {
    await this.remove(aside);
  }

  /** @returns the folders whose names changed, the file's own first. */
  private async put(path: string, bytes: Buffer): Promise<readonly string[]> {
    const target = join(this.root, path);
    const folder = dirname(target);
    await mkdir(join(this.root, aside), { recursive: true });
    const made = await mkdir(folder, { recursive: true });
    const draft = join(this.root, aside, randomUUID());
    try {
      const file = await open(draft, 'wx', 0o644);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
    return made === undefined ? [folder] : foldersBetween(dirname(made), folder);
  }
}

/** `below` and every folder above it up to `top`. */
function foldersBetween(top: string, below: string): readonly string[] {
  const folders = [below];
  for (let folder = below; folder !== top && folder !== dirname(folder);) {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].toReversed();
  const worker = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await act(item);
  };
  const workers = Array.from({ length: Math.min(writersAtOnce, items.length) }, worker);
  // All of them have ended before anybody is told that one failed: none writes on behind the caller's back.
  for (const ended of await Promise.allSettled(workers)) if (ended.status === 'rejected') throw ended.reason;
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'ENOENT' || code === 'ENOTDIR';
}
