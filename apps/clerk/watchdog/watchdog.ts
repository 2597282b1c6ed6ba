/**
 * The watchdog: once in ten seconds the clerk asks a check as a bank would, and counts whether it was answered. The day
 * is cut into slots of ten seconds: a slot was answered, was not, or nobody asked in it, which is unknown and never "up".
 */
export const slotMs = 10_000;

/** Time that one request of a question may take: what lenders are told to wait (docs/lender/calls.md). */
export const answerWithinMs = 2000;

/** One question of the watchdog. */
export interface Probe {
  /** Machine time in milliseconds. */
  readonly at: number;
  readonly isAnswered: boolean;
}

/** What came back, or why nothing did. */
export type Reply =
  | { readonly status: number; readonly body: unknown }
  | { readonly failure: Readonly<Record<string, unknown>> };

/** The slot of an instant; each is asked in once. */
export function slotOf(at: number): number {
  return Math.floor(at / slotMs);
}

/**
 * Whether this is an answer on which a lender could go on: a verdict, and a receipt whose entry says the same. What the
 * registry says when it cannot answer (503, 429) is none.
 */
export function isAnswer(reply: Reply): boolean {
  if (!('status' in reply) || reply.status !== 201 || !isRecord(reply.body)) return false;
  const { checkId, verdict, receipt } = reply.body;
  const entry = isRecord(receipt) ? parsed(receipt['entry']) : undefined;
  return (
    (verdict === 'clear' || verdict === 'refused') &&
    typeof checkId === 'string' &&
    isRecord(entry) &&
    entry['checkId'] === checkId &&
    entry['verdict'] === verdict
  );
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
