/**
 * What goes wrong on the wire, as rules and services throw it: a code of the catalogue and, for single members,
 * where in the request it lies. It knows no HTTP and never carries a value from the request.
 */
import { problemKinds, type ProblemCode } from './catalogue.js';

/** One member of the request that is wrong. */
export interface ProblemPointer {
  /** RFC 6901 JSON pointer into the body, or the name of a header or parameter. */
  readonly pointer: string;
  readonly code: string;
}

export interface ProblemOptions {
  readonly errors?: readonly ProblemPointer[];
  /** Seconds; replaces the catalogue's own. */
  readonly retryAfterS?: number;
  /** What happened outside; logged, never sent. */
  readonly cause?: unknown;
}

/** An expected failure. The filter of `problem.filter.ts` turns it into `application/problem+json`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly ProblemPointer[];
  readonly retryAfterS: number | undefined;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterS = options.retryAfterS ?? problemKinds[code].retryAfterS;
  }
}

/** A 422 or 400 about one member: `{code, errors:[{pointer, code}]}`. */
export function problemAt(pointer: string, code: ProblemCode): Problem {
  return new Problem(code, { errors: [{ pointer, code }] });
}
