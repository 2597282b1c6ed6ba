/**
 * A Problem as the wire shows it (RFC 9457). Everything in it comes from the catalogue or from our own code: never a
 * value from the request.
 */
import { problemKinds, type ProblemCode } from './catalogue.js';
import type { Problem, ProblemPointer } from './problem.js';

export interface ProblemDocument {
  /** Address of the page about this code, `<public base of the log>/problems/<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  /** Names this occurrence in our log. */
  readonly requestId: string;
  /** Absent when no single member is to blame. */
  readonly errors?: readonly ProblemPointer[];
}

/** The media type of every problem answer. */
export const problemMediaType = 'application/problem+json';

/** @param base public base URL of the log, without a final slash. */
export function problemDocument(problem: Problem, base: string, requestId: string): ProblemDocument {
  const { status, title, detail } = problemKinds[problem.code];
  return {
    type: `${base}/problems/${problem.code}`,
    title,
    status,
    detail,
    code: problem.code,
    requestId,
    ...(problem.errors.length > 0 && { errors: problem.errors }),
  };
}
