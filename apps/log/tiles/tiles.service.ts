/**
 * Tiles and bundles as they lie in the folder of the signer. Only what a published checkpoint holds is shown, because
 * answers are kept for good by whoever asked; and only what a canonical path names, so that no path leads elsewhere.
 */
import { Problem } from '#libs/problem/problem.js';
import { beginningOf, parseTilePath, tilePath, tileWidth, type TileAt } from '#libs/tlog/tile.js';
import type { NewestService } from '../checkpoints/newest.service.js';
import type { ReadFolder } from '../checkpoints/shown.js';

export class TilesService {
  /** Newest published size seen; asked for again when somebody wants more. */
  private size = 0;

  /** @param folder undefined where the log was given none */
  constructor(
    private readonly published: Pick<NewestService, 'newest'>,
    private readonly folder: ReadFolder | undefined,
  ) {}

  /** What lies under a path. @throws Problem `not-found` for what is not published and for every other spelling. */
  async named(path: string): Promise<{ readonly at: TileAt; readonly bytes: Buffer }> {
    const at = parseTilePath(path);
    if (at === undefined || !(await this.isPublished(at))) throw new Problem('not-found');
    return { at, bytes: await this.read(at) };
  }

  /**
   * A tile, or a narrower one as the beginning of the full one: the signer drops partial tiles that became full.
   * @throws Problem `not-found`
   */
  async read(at: TileAt): Promise<Buffer> {
    const exact = await this.folder?.read(tilePath(at));
    if (exact !== undefined) return exact;
    const whole = at.width < tileWidth && (await this.folder?.read(tilePath({ ...at, width: tileWidth })));
    if (!whole) throw new Problem('not-found');
    return beginningOf(at, whole);
  }

  private async isPublished({ level, index, width }: TileAt): Promise<boolean> {
    const end = (index * tileWidth + width) * tileWidth ** (level === 'entries' ? 0 : level);
    if (end > this.size) this.size = (await this.published.newest())?.size ?? 0;
    return end <= this.size;
  }
}
