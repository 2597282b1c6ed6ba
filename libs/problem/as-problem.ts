/**
 * Whatever was thrown, as a Problem: ours as it is, what the framework refused by its status, an outside that does
 * not answer as `registry-unavailable`, everything else as `internal`. The original stays behind as `cause`, because
 * its message may hold what the caller sent.
 */
import type { ProblemCode } from './catalogue.js';
import { Problem } from './problem.js';

/** Statuses that Nest and Fastify refuse a request with before it reaches us. */
const codeOfStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'request-malformed',
  401: 'not-authenticated',
  403: 'not-permitted',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-too-slow',
  413: 'payload-too-large',
  415: 'media-type-not-supported',
  417: 'expectation-failed',
  429: 'too-many-requests',
  431: 'headers-too-large',
  503: 'registry-unavailable',
};

/** System and undici codes of an outside that cannot be reached or does not answer in time. */
const unreachable: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/**
 * SQLSTATEs after which trying again helps: connection (08), resources (53), ended or starting (57P), cancelled by a
 * time-out (57014, 25P03, 25P04), a lock not had in time (55P03), serialization and deadlock (40), and what a standby
 * says to a writer (25006).
 */
const passing = /^(08...|53...|57P0[1-5]|57014|25P0[34]|55P03|40(001|P01)|25006)$/;

/** node-postgres reports a lost or refused connection without any code. */
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after calling end)/;

/** An error by its shape, because one from another realm (a VM context) is no `instanceof Error`. */
interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly getStatus?: unknown;
  readonly statusCode?: unknown;
}

/** @returns the same object when it is a Problem already. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (isOutsideFailure(thrown)) return new Problem('registry-unavailable', { cause: thrown });
  const status = statusOf(thrown);
  const code = (status === undefined ? undefined : codeOfStatus[status]) ?? codeOfOtherStatus(status);
  return new Problem(code, { cause: thrown });
}

/** Whether the failure, or one it was caused by, is an outside that did not answer. */
function isOutsideFailure(thrown: unknown): boolean {
  const chain: unknown[] = [];
  for (let at = thrown; isErrorLike(at) && !chain.includes(at); at = at.cause) chain.push(at);
  return chain.some((error) => {
    const { name, code, message } = error as ErrorLike;
    return (
      unreachable.has(code) ||
      (typeof code === 'string' && passing.test(code)) ||
      name === 'TimeoutError' ||
      name === 'CannotExecuteNotConnectedError' ||
      lostConnection.test(message)
    );
  });
}

/** Nest's exceptions say `getStatus()`, Fastify's errors `statusCode`. */
function statusOf(thrown: unknown): number | undefined {
  if (!isErrorLike(thrown)) return undefined;
  const { getStatus, statusCode } = thrown;
  const status: unknown = typeof getStatus === 'function' ? getStatus.call(thrown) : statusCode;
  return typeof status === 'number' ? status : undefined;
}

function codeOfOtherStatus(status: number | undefined): ProblemCode {
  return status !== undefined && status >= 400 && status < 500 ? 'request-malformed' : 'internal';
}

function isErrorLike(thrown: unknown): thrown is ErrorLike {
  const { name, message } = (thrown ?? {}) as { name?: unknown; message?: unknown };
  return typeof name === 'string' && typeof message === 'string';
}
