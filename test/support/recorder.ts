/**
 * Writes down calls as their callers see them: when each was made, when it was answered and with what. A 503, a lost
 * connection and a killed process are no answers; anything else that is thrown is a surprise, and a fault.
 */
import { asProblem } from '#libs/problem/as-problem.js';
import type { Call, Told } from './history.js';

/** A process that ended owes answers that nobody will give. */
export class ProcessEnded extends Error {}

export class Recorder {
  readonly calls: Call[] = [];
  /** What should not have been thrown, in words. */
  readonly surprises: string[] = [];

  /** Makes one call and writes it down. @returns what was told, undefined when nothing was. */
  async call(
    what: Pick<Call, 'kind' | 'key' | 'person'>,
    make: () => Promise<Told>,
  ): Promise<Told | undefined> {
    const { kind, key, person } = what;
    const madeAt = performance.now();
    const told = await make().catch((error: unknown) => this.toldBy(error, `${kind} ${key}`));
    const answered = told && { at: performance.now(), told };
    this.calls.push({ kind, key, person, madeAt, ...(answered && { answered }) });
    return told;
  }

  private toldBy(error: unknown, what: string): Told | undefined {
    if (error instanceof ProcessEnded) return undefined;
    const { code } = asProblem(error);
    if (code === 'internal') this.surprises.push(`${what}: ${String(error)}`);
    return code === 'registry-unavailable' || code === 'internal' ? undefined : { refusedAs: code };
  }
}
