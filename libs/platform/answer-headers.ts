/** What every answer says to whoever keeps or shows it, whichever route or failure it comes from. */

/** Nothing is taken for another type than it says; nothing is kept unless its route says how long. */
export const alwaysSent = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const;

/** RFC 6797, over TLS alone: from then on a browser asks this host over nothing else. */
export const overTls = { 'Strict-Transport-Security': 'max-age=31536000' } as const;
