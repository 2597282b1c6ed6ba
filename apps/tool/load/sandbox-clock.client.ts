/** The sandbox's clock, put forward over its HTTP, because the outside world follows before it answers. */
import { fetch } from 'undici';

const withinMs = 60_000;

/** @param outside base URL of the outside world. @throws Error when it does not answer 200 */
export async function putClockForward(outside: string, hours: number): Promise<void> {
  const response = await fetch(`${outside}/sandbox/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ advanceHours: hours }),
    signal: AbortSignal.timeout(withinMs),
  });
  await response.body?.cancel();
  if (response.status !== 200)
    throw new Error(`the sandbox's clock answered ${String(response.status)}: is the sandbox running?`);
}
