/** The witness lives in the same world, so it is told to look at the clock when somebody has moved it. */
import { request } from 'undici';

const timeoutMs = 5_000;

/** Resolves when the witness has looked, or is not there to look. */
export async function tellWitness(base: string | undefined): Promise<void> {
  if (base === undefined) return;
  const asked = { method: 'POST', headersTimeout: timeoutMs, bodyTimeout: timeoutMs } as const;
  const answer = await request(`${base}/sandbox/clock`, asked).catch(() => undefined);
  await answer?.body.dump();
}
