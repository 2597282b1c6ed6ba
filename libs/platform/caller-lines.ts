/**
 * Log lines about callers. Those about a known party all stay, because a party has quotas. Of a caller that is not known
 * only the first of each minute are written, by address and for all addresses together, and the rest is counted: a flood
 * of refused requests must not fill a disk. Memory is bounded by the number of addresses that are told apart.
 */
import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import type { FailureLog } from '#libs/problem/problem.filter.js';
import { callerAddress, type Ways } from './limits/caller-address.js';
import { metrics } from './metrics.js';

const linesLeftOut = new Counter({
  name: 'tyiym_log_lines_left_out_total',
  help: 'Lines about callers that are not known, left out because their address had enough of them in that minute.',
  registers: [metrics],
});

/** A request as far as its caller is looked at. */
export interface CallingRequest {
  readonly raw: Pick<IncomingMessage, 'socket' | 'headers'>;
  /** Set once the caller is known. */
  readonly party?: unknown;
}

const minuteMs = 60_000;
/** Lines a minute about one address, and about all addresses together. */
const perAddress = 10;
const perMinute = 300;
/** Addresses that are told apart; what further ones had left out is counted together. */
const maxAddresses = 256;

interface Tally {
  lines: number;
  leftOut: number;
}

export class CallerLines {
  private readonly tallies = new LRUCache<string, Tally>({
    max: maxAddresses,
    dispose: ({ leftOut }, _address, reason) => {
      if (reason === 'evict') this.elsewhere += leftOut;
    },
  });
  private lines = 0;
  /** Left out of addresses that had to make room. */
  private elsewhere = 0;
  private minute: NodeJS.Timeout | undefined;

  /** @param ways which of the app's ways in lie behind a proxy */
  constructor(
    private readonly log: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly ways: Ways,
  ) {}

  /** The log for what happened to this request. */
  of({ raw, party }: CallingRequest): FailureLog {
    if (party !== undefined) return this.log;
    const address = callerAddress(
      { socket: raw.socket, forwardedFor: raw.headers['x-forwarded-for'] },
      this.ways,
    );
    const write =
      (level: keyof FailureLog) =>
      (record: object, message: string): void => {
        if (this.mayWrite(address)) this.log[level](record, message);
      };
    return { info: write('info'), warn: write('warn'), error: write('error') };
  }

  /** Ends the minute: says of each address how many lines were left out, and begins to count anew. */
  tell(): void {
    clearTimeout(this.minute);
    this.minute = undefined;
    for (const [address, { leftOut }] of this.tallies.entries())
      if (leftOut > 0)
        this.log.warn({ address, leftOut }, 'lines about a caller that is not known were left out');
    if (this.elsewhere > 0)
      this.log.warn(
        { leftOut: this.elsewhere },
        'lines about further callers that are not known were left out',
      );
    this.tallies.clear();
    this.lines = 0;
    this.elsewhere = 0;
  }

  private mayWrite(address: string): boolean {
    this.minute ??= setTimeout(() => this.tell(), minuteMs).unref();
    const tally = this.tallies.get(address) ?? { lines: 0, leftOut: 0 };
    this.tallies.set(address, tally);
    if (tally.lines < perAddress && this.lines < perMinute) {
      tally.lines += 1;
      this.lines += 1;
      return true;
    }
    tally.leftOut += 1;
    linesLeftOut.inc();
    return false;
  }
}
