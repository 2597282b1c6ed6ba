/**
 * What our log may say of a failure: enough to find the line, nothing the caller sent. Messages of libraries quote
 * their input (`invalid input syntax … "…"`, `Unexpected token … in JSON`), therefore only those of plain Errors and
 * our own asserts are kept, and long numbers are struck out even there.
 */
export interface FailureRecord {
  readonly name: string;
  /** System code, SQLSTATE or code of a library. */
  readonly code?: string;
  readonly message?: string;
  /** Lines of our own code and its callers, innermost first. */
  readonly at?: readonly string[];
  readonly cause?: FailureRecord;
}

const framesKept = 8;
const causesKept = 3;

/** @param thrown whatever was thrown. */
export function failureRecord(thrown: unknown, depth = 0): FailureRecord {
  if (!isErrorLike(thrown)) return { name: typeof thrown };
  const { code } = thrown as Error & { code?: unknown };
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: thrown.name,
    ...(typeof code === 'string' && { code }),
    ...(isOurs(thrown) && { message: thrown.message.replace(/\d{6,}/g, '…') }),
    ...(frames.length > 0 && { at: frames.slice(0, framesKept).map((line) => line.trim()) }),
    ...(thrown.cause !== undefined &&
      depth < causesKept && { cause: failureRecord(thrown.cause, depth + 1) }),
  };
}

/** Whether the message was written by us, or by Node about the machine: no library's error has Error itself as class. */
function isOurs(error: Error & { generatedMessage?: boolean }): boolean {
  if (error.generatedMessage !== undefined) return !error.generatedMessage;
  return error.constructor.name === 'Error' || error.name === 'Problem';
}

/** By its shape, because an error from another realm (a VM context) is no `instanceof Error`. */
function isErrorLike(thrown: unknown): thrown is Error {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'name' in thrown;
}
