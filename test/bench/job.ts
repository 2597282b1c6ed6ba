/** What the bench and its clients, processes of their own, tell each other. */
import type { Watched, Cpu } from './cpu.js';

/** Whom to ask about: the sandbox's own people, and people of a load, of whom those below `refused` have a refusal. */
export interface People {
  readonly citizens: readonly { readonly iin: string; readonly verdict: 'clear' | 'refused' }[];
  readonly refused: number;
  readonly seed: number;
}

/** One round of one contestant. */
export interface Job {
  /** Says what an answer must look like. */
  readonly asks: 'bare' | 'check' | 'reference' | 'placing';
  readonly host: string;
  /** Connections are shared out over them. */
  readonly ports: readonly number[];
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  readonly connections: number;
  /** Checks a call; without it each is a call of its own. */
  readonly batch?: number;
  readonly ms: number;
  /** Questions a second of the open loop; without it the loop is closed. */
  readonly perSecond?: number;
  /** Request headers that are the same each time. */
  readonly headers: Readonly<Record<string, string>>;
  /** Signs so many DPoP proofs before the round begins. */
  readonly dpop?: {
    readonly keyFile: string;
    readonly token: string;
    /** Of the checks; of a signature it is this and the path of its application. */
    readonly url: string;
    readonly proofs: number;
  };
  readonly people: People;
  /** Applications to sign, each once; then nobody is asked about. */
  readonly placings?: readonly Placing[];
  readonly verify: {
    readonly jwks: { readonly keys: readonly unknown[] };
    readonly issuer: string;
    readonly origin: string;
  };
  readonly watched: Watched;
}

/** An application that was opened and is to be signed. */
export interface Placing {
  readonly iin: string;
  readonly applicationId: string;
  /** base64 */
  readonly cms: string;
}

/** What was done beside a round at a fixed rate. */
export interface Beside {
  readonly what: string;
  readonly answered: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Seconds of its own process. */
  readonly cpu: number;
}

export interface Round {
  /** Good answers; of a batch, one for each item. */
  readonly answered: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Receipts that were verified whole. */
  readonly verified: number;
  /** What was wrong, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  readonly cpu: Cpu;
  readonly beside?: Beside;
}
