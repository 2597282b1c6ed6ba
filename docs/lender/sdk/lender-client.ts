/**
 * One check, fail-closed: time-out 2 s, two retries with the same key, then park. Only `lend: true` means that you may
 * lend; everything else carries the reason why not.
 */
import { randomUUID } from 'node:crypto';
import pRetry from 'p-retry';
import { fetch, type Dispatcher, type RequestInit } from 'undici';
import { whyNot, type Answer, type Question, type Reason, type Trust } from './lendable.js';

export type Decision =
  | { readonly lend: true; readonly answer: Answer }
  | {
      readonly lend: false;
      /** `unanswered`: nothing is known; ask again later with the same key. `not-made`: mend the question. */
      readonly why: Reason | 'unanswered' | 'not-made';
      /** The registry's code (docs/problems.md), when it gave one. */
      readonly code?: string;
      /** What came, as far as it can be kept for a dispute. */
      readonly answer?: unknown;
    };

/** Makes the connections, with your certificate, and the tokens bound to it: see mutual-tls.ts. */
export interface Access {
  readonly dispatcher: Dispatcher;
  token(): Promise<string>;
  /** The token was not accepted: the next one must be fresh. */
  forget(): void;
}

export interface Settings {
  /** The lender app's mutual-TLS address, and the log's. */
  readonly lenderUrl: string;
  readonly logUrl: string;
  /** Your own BIN. */
  readonly bin: string;
  readonly timeoutMs?: number;
  /** Between attempts; what the registry's `Retry-After` says at its shortest. */
  readonly pauseMs?: number;
}

export const defaults = { timeoutMs: 2000, pauseMs: 1000, retries: 2 } as const;
const keysLiveMs = 5 * 60_000;

/** Nothing was learnt: neither clear nor refused. */
class Unanswered extends Error {
  constructor(
    readonly isWorthRepeating: boolean,
    readonly code?: string,
  ) {
    super('unanswered');
  }
}

export class LenderClient {
  private keys: { readonly jwks: Trust['jwks']; readonly at: number } | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly access: Access,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Asks, verifies and decides. Never throws.
   * @param key idempotency key: keep it with the loan, so that a parked check goes on under the same one
   */
  async check(question: Question, key: string = randomUUID()): Promise<Decision> {
    const body = JSON.stringify(question);
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
    const url = `${this.settings.lenderUrl}/v1/checks`;
    try {
      const answer = await this.patiently(async () => {
        const Authorization = `Bearer ${await this.token()}`;
        return this.fetchJson(url, { method: 'POST', body, headers: { ...headers, Authorization } });
      });
      return await this.judge(answer, question);
    } catch (error) {
      if (!(error instanceof Unanswered)) return { lend: false, why: 'unanswered' };
      const why = error.isWorthRepeating ? 'unanswered' : 'not-made';
      return { lend: false, why, ...(error.code !== undefined && { code: error.code }) };
    }
  }

  /** The same answer, judged at this instant: ask this right before the money moves. */
  async judge(answer: unknown, question: Question): Promise<Decision> {
    try {
      const trust = { jwks: await this.publicKeys(), bin: this.settings.bin, now: this.now() };
      const why = whyNot(answer, question, trust);
      return why === undefined ? { lend: true, answer: answer as Answer } : { lend: false, why, answer };
    } catch {
      return { lend: false, why: 'unanswered', answer };
    }
  }

  /** The registry's keys. A key that was withdrawn counts for as long as they are kept, so that is not long. */
  private async publicKeys(): Promise<Trust['jwks']> {
    if (this.keys === undefined || this.now() - this.keys.at > keysLiveMs) {
      const url = `${this.settings.logUrl}/.well-known/jwks.json`;
      const jwks = (await this.patiently(() => this.fetchJson(url, {}))) as Trust['jwks'];
      this.keys = { jwks, at: this.now() };
    }
    return this.keys.jwks;
  }

  private patiently<T>(attempt: () => Promise<T>): Promise<T> {
    const pause = this.settings.pauseMs ?? defaults.pauseMs;
    return pRetry(attempt, {
      retries: defaults.retries,
      ...{ minTimeout: pause, maxTimeout: pause },
      shouldRetry: ({ error }) => error instanceof Unanswered && error.isWorthRepeating,
    });
  }

  private async token(): Promise<string> {
    try {
      return await this.access.token();
    } catch {
      throw new Unanswered(true);
    }
  }

  /** @throws {Unanswered} unless a 2xx with JSON came in time, whole */
  private async fetchJson(url: string, init: RequestInit): Promise<unknown> {
    const { dispatcher } = this.access;
    const signal = AbortSignal.timeout(this.settings.timeoutMs ?? defaults.timeoutMs);
    let status: number, text: string;
    try {
      const response = await fetch(url, { ...init, signal, dispatcher, redirect: 'error' });
      [status, text] = [response.status, await response.text()];
    } catch {
      throw new Unanswered(true);
    }
    if (status === 401) this.access.forget();
    const body = parsed(text);
    if (status === 200 || status === 201) {
      if (body === undefined) throw new Unanswered(true);
      return body;
    }
    const code = (body as { readonly code?: unknown } | null | undefined)?.code;
    const isPassing = status === 401 || status === 429 || status >= 500;
    throw new Unanswered(isPassing, typeof code === 'string' ? code : undefined);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
