/** Inclusion proofs against published checkpoints, made from the tiles and checked before anybody gets them. */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import { inclusionRoot } from '#libs/tlog/proof.js';
import { inclusionProof, leafHashAt } from '#libs/tlog/tile-reading.js';
import { formatTlogProof } from '#libs/tlog/tlog-proof.js';
import type { NewestService } from '../checkpoints/newest.service.js';
import { checkpointOf } from '../checkpoints/published.store.js';
import type { TilesService } from '../tiles/tiles.service.js';

export class ProofsService {
  constructor(
    private readonly tx: EntityManager,
    private readonly origin: string,
    private readonly published: Pick<NewestService, 'newest'>,
    private readonly tiles: Pick<TilesService, 'read'>,
  ) {}

  /**
   * A `.tlog-proof` (C2SP tlog-proof), without an `extra` line.
   * @param index decimal, as in the query
   * @param size of a published checkpoint; the newest when absent
   * @throws Problem `request-malformed`; `not-found` when no checkpoint of this size was published, or none holds the entry.
   */
  async proof(index: unknown, size: unknown): Promise<string> {
    const place = numberOf('index', index);
    const checkpoint =
      size === undefined
        ? await this.published.newest()
        : await checkpointOf(this.tx, this.origin, numberOf('size', size));
    if (checkpoint === undefined || place >= checkpoint.size) throw new Problem('not-found');
    const read = this.tiles.read.bind(this.tiles);
    const [proof, leaf] = await Promise.all([
      inclusionProof(read, place, checkpoint.size),
      leafHashAt(read, place, checkpoint.size),
    ]);
    // A tile that was altered on the disk is found out here, and not by the court that is shown the proof.
    const root = inclusionRoot(leaf, place, checkpoint.size, proof);
    assert(root.equals(checkpoint.root), 'the tiles do not lead to the published root');
    return formatTlogProof({ index: place, proof, checkpoint: checkpoint.note });
  }
}

function numberOf(name: string, value: unknown): number {
  const number = typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : NaN;
  const code = value === undefined ? 'member-missing' : 'member-malformed';
  if (!Number.isSafeInteger(number))
    throw new Problem('request-malformed', { errors: [{ pointer: name, code }] });
  return number;
}
