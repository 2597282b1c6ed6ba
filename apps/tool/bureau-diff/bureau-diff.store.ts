/** SQL of how a bureau stands against the registry. */
import type { EntityManager } from 'typeorm';

/** A bureau and its stream, as of now. */
export interface BureauStanding {
  readonly bureau: string;
  readonly headSeq: number;
  readonly sealedSeq: number;
  readonly ackedSeq: number;
  readonly inForce: number;
  /** Items of the newest version of a person that the bureau has not said it recorded, or whose stamp was lost. */
  readonly unstamped: number;
  /** The newest digest it posted; null before the first. */
  readonly agrees: boolean | null;
  readonly differing: readonly number[] | null;
  readonly atSeq: number | null;
  readonly postedAt: Date | null;
  readonly theirInForce: number | null;
}

export async function standings(tx: EntityManager): Promise<readonly BureauStanding[]> {
  return tx.query<BureauStanding[]>(
    `SELECT s.client_id AS bureau, h.feed_seq AS "headSeq", s.sealed_seq AS "sealedSeq", s.acked_seq AS "ackedSeq",
       s.in_force AS "inForce", d.agrees, d.differing, d.at_seq AS "atSeq", d.posted_at AS "postedAt",
       d.in_force AS "theirInForce",
       (SELECT count(*) FROM stream_members m WHERE m.stream_id = s.stream_id AND coalesce((SELECT t.state <> 'stamped'
         FROM stamps t WHERE t.seq = m.seq AND t.client_id = s.client_id ORDER BY t.entry_index DESC LIMIT 1), true)) AS unstamped
     FROM streams s CROSS JOIN journal_head h LEFT JOIN digests d ON d.stream_id = s.stream_id ORDER BY s.client_id`,
  );
}
