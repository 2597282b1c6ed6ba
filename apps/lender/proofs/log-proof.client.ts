/** Asks the public log for a proof, as anybody can: the lender app has no tiles of its own. */
import { Problem } from '#libs/problem/problem.js';

const timeoutMs = 2_000;
const lengthLimit = 100_000;

/**
 * The `.tlog-proof` of an entry against the newest published checkpoint; undefined when that does not hold it yet.
 * @throws Problem `registry-unavailable` when the log does not answer.
 */
export async function fetchProof(logBase: string, index: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`${logBase}/proof?index=${index}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    if (answer.status === 404) return undefined;
    if (answer.status !== 200 || text.length > lengthLimit) throw new Error(`status ${answer.status}`);
    return text;
  } catch (cause) {
    throw new Problem('registry-unavailable', { cause });
  }
}
