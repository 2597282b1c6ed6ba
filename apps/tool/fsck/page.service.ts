/** One page of the Journal with everything that lies beside its entries, fetched while the page before it is judged. */
import type { EntityManager } from 'typeorm';
import { isId, idToUuid } from '#libs/journal/id.js';
import { officialActsBetween } from '#libs/acts/official-acts.store.js';
import type { EntryRow } from './entry-rows.js';
import {
  alarmsOfEntries,
  checkpointsBetween,
  checksOfIds,
  entriesFrom,
  headsBetween,
  keptAnswers,
  keptDocuments,
  peopleOfEntries,
  stampsBetween,
} from './fsck.store.js';

export type Page = NonNullable<Awaited<ReturnType<typeof fetchPage>>>;

/** The page that begins with this entry or, when it is gone, with the next; undefined when there is none. */
export async function fetchPage(
  tx: EntityManager,
  part: { readonly from: number; readonly size: number; readonly limit: number },
) {
  const entries = await entriesFrom(tx, part);
  const last = entries.at(-1);
  if (last === undefined) return undefined;
  const [from, to] = [part.from, last.index + 1];
  return {
    ...{ entries, to },
    // One after the other: they may share a connection.
    heads: await headsBetween(tx, from, to),
    checkpoints: await checkpointsBetween(tx, from, to),
    acts: byEntry(await officialActsBetween(tx, from, to)),
    kept: byEntry(await keptDocuments(tx, from, to)),
    answers: byEntry(await keptAnswers(tx, from, to)),
    alarms: await alarmsOfEntries(
      tx,
      entries.filter(({ kind }) => kind === 'harvesting.suspected').map(({ index }) => index),
    ),
    stamps: await stampsBetween(tx, from, to),
    people: await peopleOfEntries(tx, from, to),
    checks: new Map((await checksOfIds(tx, checksIn(entries))).map((row) => [row.uuid, row])),
  };
}

function byEntry<R extends { readonly entryIndex: number }>(rows: readonly R[]): ReadonlyMap<number, R> {
  return new Map(rows.map((row) => [row.entryIndex, row]));
}

/** The checks that these entries name. A quotation mark inside a value is escaped, so the member is found as it stands. */
function checksIn(entries: readonly EntryRow[]): readonly string[] {
  return entries.flatMap(({ kind, text }) => {
    const id = kind === 'check.made' ? /"checkId":"([^"]*)"/.exec(text ?? '')?.[1] : undefined;
    return id !== undefined && isId('chk', id) ? [idToUuid('chk', id)] : [];
  });
}
