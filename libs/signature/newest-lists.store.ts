/** SQL of the newest revocation list of each issuer, which citizen and clerk share, so that a restart forgets nothing. */
import type { EntityManager } from 'typeorm';
import type { NewestLists } from './newest-lists.js';

/** Remembers in the database. */
export function newestLists(tx: EntityManager): NewestLists {
  return {
    seen: async (issuer, { thisUpdate, number }) => {
      const rows: { number: string | null; thisUpdate: number }[] = await tx.query(
        `SELECT number::text AS number, (extract(epoch FROM this_update) * 1000)::float8 AS "thisUpdate"
         FROM see_revocation_list($1, $2, $3)`,
        [Buffer.from(issuer, 'base64url'), number?.toString() ?? null, new Date(thisUpdate)],
      );
      const [newest] = rows;
      if (newest === undefined) throw new Error('no list was remembered');
      const known = newest.number === null ? {} : { number: BigInt(newest.number) };
      return { thisUpdate: newest.thisUpdate, ...known };
    },
  };
}
