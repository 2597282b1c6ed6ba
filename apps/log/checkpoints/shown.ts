/** The checkpoint that lies in a folder of the signer: what anybody was shown last. */
import { parseCheckpoint } from '#libs/tlog/note.js';

/** A checkpoint as it is served. */
export interface PublishedCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

/** The folder, as far as the log may touch it. */
export interface ReadFolder {
  read(path: string): Promise<Buffer | undefined>;
}

/** Undefined when there is none of this log. */
export async function shownIn(folder: ReadFolder, origin: string): Promise<PublishedCheckpoint | undefined> {
  const note = (await folder.read('checkpoint'))?.toString('utf8');
  if (note === undefined) return undefined;
  const { origin: own, size, root } = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  // The folder of a log that was closed shows nothing of its successor.
  return own === origin ? { size, root, note } : undefined;
}
