/** The registry's public keys, from a file or from where the log publishes them. */
import type { JwksWithKinds } from '#libs/journal/verify-head.js';
import { readPlainText } from './plain-text.client.js';

const timeoutMs = 5_000;
const lengthLimit = 1_000_000;

/**
 * @param source a file, or an address by https (by http only on this machine, or anybody on the way could put in keys)
 * @throws Error when it cannot be read or is no key set
 */
export async function readJwks(source: string): Promise<JwksWithKinds> {
  const text = /^https?:/.test(source) ? await fetchText(new URL(source)) : readPlainText(source);
  const value: unknown = parse(text, source);
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys))
    throw new Error(`${source} holds no key set`);
  return { keys: value.keys };
}

async function fetchText(url: URL): Promise<string> {
  const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !isHere) throw new Error('keys are fetched by https only');
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const text = await answer.text();
    if (text.length > lengthLimit) throw new Error('the answer is too long');
    return text;
  } catch (cause) {
    throw new Error(`${url.href} gave no keys`, { cause });
  }
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${source} is not JSON`);
  }
}
