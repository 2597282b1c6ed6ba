/**
 * One look at the readiness a second, shared by all who ask on any port of the process, because anybody may ask and each
 * look takes a connection that the calls need. While a look hangs no second one begins beside it.
 */
import { setTimeout as wait } from 'node:timers/promises';

/** What `GET /readyz` tells: each thing that is wrong or soon will be, by name. */
export interface ReadinessReport {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly warnings?: readonly string[];
}

/** Injection token of `() => Promise<ReadinessReport>`. */
export const READINESS = Symbol('READINESS');
export type Readiness = () => Promise<ReadinessReport>;

export interface Sharing {
  /** For so long after a look began its report counts. */
  readonly freshMs: number;
  /** Nobody who asks waits longer; a look that takes longer is one of a database that does not answer. */
  readonly patienceMs: number;
  /** Machine time, ms, that only rises. */
  clock(): number;
}

const unanswered: ReadinessReport = { ok: false, problems: ['database'] };
const usual: Sharing = { freshMs: 1000, patienceMs: 2000, clock: () => performance.now() };

/** One for each readiness, which a process has once, however many ports show it. */
const shared = new WeakMap<Readiness, Readiness>();

/** What the readiness says, at most a second old. */
export function reportOf(readiness: Readiness): Promise<ReadinessReport> {
  const known = shared.get(readiness) ?? sharedReadiness(readiness);
  shared.set(readiness, known);
  return known();
}

/** A readiness that is looked at once in `freshMs`; one that cannot be asked is not ready. */
export function sharedReadiness(look: Readiness, { freshMs, patienceMs, clock }: Sharing = usual): Readiness {
  let known: { readonly report: ReadinessReport; readonly until: number } | undefined;
  let asking: Promise<ReadinessReport> | undefined;

  const ask = async (): Promise<ReadinessReport> => {
    const until = clock() + freshMs;
    const patience = new AbortController();
    const looking = look().catch(() => unanswered);
    const given = wait(patienceMs, unanswered, { signal: patience.signal, ref: false });
    // Rejected by the abort below, when the look was the faster one.
    given.catch(() => undefined);
    void looking.then(() => {
      patience.abort();
      asking = undefined;
    });
    const report = await Promise.race([looking, given]);
    known = { report, until };
    return report;
  };

  return () => {
    if (asking !== undefined) return asking;
    if (known !== undefined && clock() < known.until) return Promise.resolve(known.report);
    return (asking = ask());
  };
}
