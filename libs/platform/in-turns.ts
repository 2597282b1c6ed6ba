/** A long list worked on a few items a turn of the event loop, so that other calls are heard in between. */
import { setImmediate as turn } from 'node:timers/promises';

/** So many items are worked on before other calls are heard. */
const itemsOfTurn = 64;

/** Maps a list a few items a turn of the event loop, in its order. */
export async function inTurns<T, R>(
  list: readonly T[],
  map: (item: T, place: number) => R,
): Promise<readonly R[]> {
  const mapped: R[] = [];
  for (const [place, item] of list.entries()) {
    if (place > 0 && place % itemsOfTurn === 0) await turn();
    mapped.push(map(item, place));
  }
  return mapped;
}
