/** Asks a key set at its address for the names of its keys. */
import { request } from 'undici';

/** @throws Error when nobody answers within two seconds, or with something else. */
export async function servedKids(url: string): Promise<readonly string[]> {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(2000) });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`answers ${statusCode}`);
  }
  const { keys } = (await body.json()) as { keys?: { kid?: unknown }[] };
  return (keys ?? []).map(({ kid }) => String(kid));
}
