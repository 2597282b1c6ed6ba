/** What every answer of the log carries beside that of all apps: it is public, it runs nothing, and the same bytes need not be sent twice. */
import { createHash } from 'node:crypto';
import { contentSecurityPolicy } from './page.js';

/** The same for every answer. Anybody's page may read what is public anyway, so that receipts verify in a browser. */
export const answerHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'Referrer-Policy': 'no-referrer',
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

/** A strong validator of these bytes (RFC 9110 §8.8.3). */
export function entityTag(body: string | Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

/** Whether the caller holds these bytes already (RFC 9110 §13.1.2, weak comparison). */
export function isHeld(tag: string, ifNoneMatch: string | undefined): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  return tags.includes(tag) || tags.includes('*');
}
