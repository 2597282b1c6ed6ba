/**
 * The mirror: a second copy of the public log, taken from its public addresses only. Everything is hashed before it is
 * kept, so what lies here is what the log's key signed; a log that shows another past, or files that are not those it
 * signed, is refused, said aloud and written down, and what was copied before stays as it was.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { auditBundle, emptyHashEdge, frontierOf, type HashEdge, type ReadFile } from '#libs/tlog/audit.js';
import type { Vkey } from '#libs/tlog/note.js';
import { beginningOf, parseTilePath, tilePath, tileWidth, type TileAt } from '#libs/tlog/tile.js';
import { rootOf, splitHashes } from '#libs/tlog/tree.js';
import { verifyCheckpoint } from '#libs/tlog/verify-tlog-proof.js';
import { writeDurably } from './durable-file.js';

export interface MirrorSettings {
  /** Bytes at a path of the log; undefined when it has none. */
  readonly get: (path: string) => Promise<Buffer | undefined>;
  readonly logKeys: readonly Vkey[];
  readonly dir: string;
  /** Told of what was refused, once for each reason. */
  readonly onRefusal: (line: string) => void;
}

/** What is known of the copy; sizes of trees, and hashes in base64. */
export interface MirrorState {
  /** Entries below the newest full bundle that was copied, and the edge of the tree there. */
  readonly full: { readonly size: number; readonly levels: readonly string[] };
  readonly newest: { readonly size: number; readonly root: string };
  /** Partial files of the newest checkpoint. */
  readonly partials: readonly string[];
}

const empty: MirrorState = {
  full: { size: 0, levels: [] },
  newest: { size: 0, root: '' },
  partials: [],
};
const evidenceLimit = 4_000_000;

/** The log does not fit what was copied of it, or what it signed. */
class Refused extends Error {}

export class Mirror {
  private kept: MirrorState;
  private refusal: string | undefined;
  private evidence = 0;

  constructor(private readonly settings: MirrorSettings) {
    const file = this.at('mirror.json');
    this.kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as MirrorState) : empty;
  }

  /** The size copied, and why the log is refused while it is. */
  get state(): { readonly size: number; readonly refused?: string } {
    return { size: this.kept.newest.size, ...(this.refusal !== undefined && { refused: this.refusal }) };
  }

  /** A file of the copy by its path; undefined for every other path. */
  fileOf(path: string): Buffer | undefined {
    const isOurs = path === 'checkpoint' || parseTilePath(path) !== undefined;
    return isOurs && existsSync(this.at(path)) ? readFileSync(this.at(path)) : undefined;
  }

  /** One look at the log: copies what is new. Never throws for what the log shows. */
  async follow(): Promise<void> {
    const note = (await this.settings.get('checkpoint'))?.toString('utf8');
    if (note === undefined) return;
    try {
      await this.copy(note);
      this.refusal = undefined;
    } catch (error) {
      // Of the log's making is what does not verify; the network and our disk are no news about the log.
      if (!(error instanceof Refused) && (error as Error).name !== 'PublishedError') throw error;
      this.refuse((error as Error).message, note);
    }
  }

  private async copy(note: string): Promise<void> {
    const policy = { log: this.settings.logKeys, witnesses: [], quorum: 0 };
    const { size, root } = verifyCheckpoint(note, policy).checkpoint;
    const { newest } = this.kept;
    // A cache on the way may hold an older one; what it says of the past was copied already.
    if (size < newest.size) return;
    const spelled = root.toString('base64');
    if (size === newest.size && size > 0 && spelled !== newest.root)
      throw new Refused(`it has another root for the ${size} entries that were copied`);
    if (size === newest.size) return this.keepCheckpoint(note);
    let edge = edgeOf(this.kept.full);
    let isSame = newest.size === 0 || (newest.size === edge.size && isRoot(edge, newest.root));
    let fetched: Map<string, Buffer> = new Map();
    for (let at = edge; at.size < size;) {
      fetched = new Map();
      const step = await auditBundle(at, { size, root }, this.collecting(fetched), [newest.size]);
      const [finding] = step.findings;
      if (finding) throw new Refused(`${finding.path} ${finding.what}`);
      isSame ||= step.roots.get(newest.size)?.toString('base64') === newest.root;
      at = step.edge;
      if (at.size > newest.size && !isSame)
        throw new Refused(`it did not grow from the ${newest.size} entries that were copied`);
      if (at.size === size && !isRoot(at, spelled))
        throw new Refused('its entries do not make up the root it signed');
      if (at.size % tileWidth === 0) {
        edge = at;
        this.keepFiles(fetched);
      }
    }
    this.keepFiles(fetched);
    this.finish(
      note,
      edge,
      { size, root: spelled },
      [...fetched.keys()].filter((path) => path.includes('.p/')),
    );
  }

  /** The state before the checkpoint, so that whoever reads the checkpoint finds every file that it needs. */
  private finish(
    note: string,
    edge: HashEdge,
    newest: MirrorState['newest'],
    partials: readonly string[],
  ): void {
    const levels = edge.levels.map((each) => Buffer.concat(each).toString('base64'));
    const before = this.kept.partials;
    this.kept = { full: { size: edge.size, levels }, newest, partials };
    writeDurably(this.at('mirror.json'), `${JSON.stringify(this.kept)}\n`);
    this.keepCheckpoint(note);
    for (const path of before) if (!partials.includes(path)) rmSync(this.at(path), { force: true });
  }

  private keepCheckpoint(note: string): void {
    const file = this.at('checkpoint');
    if (!existsSync(file) || readFileSync(file, 'utf8') !== note) writeDurably(file, note);
  }

  private keepFiles(files: ReadonlyMap<string, Buffer>): void {
    for (const [path, bytes] of files) writeDurably(this.at(path), bytes);
  }

  private collecting(fetched: Map<string, Buffer>): ReadFile {
    return async (at: TileAt) => {
      const path = tilePath(at);
      const bytes = (await this.settings.get(path)) ?? (await this.beginningOfFull(at));
      if (bytes !== undefined) fetched.set(path, bytes);
      return bytes;
    };
  }

  /** A partial file may have made room for the full one. */
  private async beginningOfFull(at: TileAt): Promise<Buffer | undefined> {
    const full =
      at.width < tileWidth ? await this.settings.get(tilePath({ ...at, width: tileWidth })) : undefined;
    return full && beginningOf(at, full);
  }

  private refuse(why: string, note: string): void {
    if (this.refusal === why) return;
    this.refusal = why;
    this.settings.onRefusal(why);
    const line = `${JSON.stringify({ why, note, copied: this.kept.newest })}\n`;
    this.evidence += line.length;
    if (this.evidence > evidenceLimit) return;
    mkdirSync(dirname(this.at('refused.ndjson')), { recursive: true, mode: 0o700 });
    appendFileSync(this.at('refused.ndjson'), line, { mode: 0o600 });
  }

  private at(path: string): string {
    return join(this.settings.dir, path);
  }
}

function edgeOf({ size, levels }: MirrorState['full']): HashEdge {
  if (size === 0) return emptyHashEdge;
  return { size, levels: levels.map((each) => splitHashes(Buffer.from(each, 'base64'))) };
}

function isRoot(edge: HashEdge, root: string): boolean {
  return rootOf(frontierOf(edge)).toString('base64') === root;
}
