/** The proof that a check is in the public log, handed out only when it leads from the entry in our own Journal. */
import assert from 'node:assert/strict';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { checkOf } from '#libs/check/checks.store.js';
import { idToUuid } from '#libs/journal/id.js';
import { leavesOf } from '#libs/journal/leaves.store.js';
import { Problem } from '#libs/problem/problem.js';
import { parseCheckpoint } from '#libs/tlog/note.js';
import { inclusionRoot } from '#libs/tlog/proof.js';
import { parseTlogProof } from '#libs/tlog/tlog-proof.js';

/** Asks the log for the `.tlog-proof` of an index; undefined while no published checkpoint holds it. */
export type FetchProof = (index: number) => Promise<string | undefined>;
export const FETCH_PROOF = Symbol('FETCH_PROOF');

@Injectable()
export class ProofsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(FETCH_PROOF) private readonly fetchProof: FetchProof,
  ) {}

  /** @throws Problem `not-found`, also for another lender's check; `not-yet-published`; `registry-unavailable`. */
  async proof(clientId: string, checkId: string): Promise<string> {
    const tx = this.dataSource.manager;
    const check = await checkOf(tx, clientId, idToUuid('chk', checkId));
    if (check === undefined) throw new Problem('not-found');
    const index = check.entryIndex;
    const text = await this.fetchProof(index);
    if (text === undefined) throw new Problem('not-yet-published');
    const proof = parseTlogProof(text);
    const note = proof.checkpoint;
    const { size, root } = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
    const [leaf] = await leavesOf(tx, { from: index, to: index + 1, limit: 1 });
    assert(leaf !== undefined && proof.index === index, 'the proof of this entry');
    assert(
      inclusionRoot(leaf.leafHash, index, size, proof.proof).equals(root),
      'the proof leads to the root',
    );
    return text;
  }
}
