/**
 * A check as it came, judged by hand: the validator of bodies costs more than all the rest of a check. It answers what
 * `CheckRequest` of checks.dto.ts answers, code by code and pointer by pointer, and the test beside it compares the two.
 */
import { borrowerRoles, circumstances, products, stages, type Question } from '#libs/check/check.js';
import { Problem, type ProblemPointer } from '#libs/problem/problem.js';
import { isIin } from '#libs/subject/iin.js';

/** References of lenders: 1–64 visible ASCII characters. */
export function isReference(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]{1,64}$/.test(value);
}

type Test = (value: unknown) => boolean;
const oneOf =
  (words: readonly unknown[]): Test =>
  (value) =>
    words.includes(value);

/** Every member of a check, in the order in which what is wrong with them is reported. */
const tests: Readonly<Record<keyof Question, Test>> = {
  iin: isIin,
  product: oneOf(products),
  stage: oneOf(stages),
  loanRef: isReference,
  circumstance: oneOf(circumstances),
  role: oneOf(borrowerRoles),
};
const members = Object.keys(tests) as readonly (keyof Question)[];
const mayBeAbsent: ReadonlySet<string> = new Set<keyof Question>(['circumstance', 'role']);

/**
 * A parsed JSON value as a question; `beside` names members that belong to the caller.
 * @throws Problem `iin-malformed` when only the IIN is wrong, else `request-malformed`; pointers begin at the value.
 */
export function parseQuestion(value: unknown, beside?: string): Question {
  // Whatever is no object has none of the members; a list also has members of its own that nobody knows.
  const body = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const { iin, product, stage, loanRef, circumstance, role } = body as unknown as Question;
  const isRight =
    isIin(iin) &&
    tests.product(product) &&
    tests.stage(stage) &&
    isReference(loanRef) &&
    (circumstance === undefined || tests.circumstance(circumstance)) &&
    (role === undefined || tests.role(role));
  if (!isRight || hasStrangers(body, beside)) throw problemOf(body, beside);
  return {
    iin,
    product,
    stage,
    loanRef,
    ...(circumstance !== undefined && { circumstance }),
    ...(role !== undefined && { role }),
  };
}

function hasStrangers(body: Readonly<Record<string, unknown>>, beside: string | undefined): boolean {
  for (const name in body) if (!Object.hasOwn(tests, name) && name !== beside) return true;
  return false;
}

/** All that is wrong at once, so that nobody has to correct a body one member at a time. */
function problemOf(body: Readonly<Record<string, unknown>>, beside: string | undefined): Problem {
  const strangers = Object.keys(body).filter((name) => !Object.hasOwn(tests, name) && name !== beside);
  const errors: ProblemPointer[] = strangers.map((name) => ({
    // The name of an unknown member is the caller's and may itself be an IIN; one of letters alone cannot be.
    pointer: /^[A-Za-z]{1,40}$/.test(name) ? `/${name}` : '',
    code: 'member-unknown',
  }));
  for (const name of members) {
    const value = body[name];
    if (value === undefined) {
      if (!mayBeAbsent.has(name)) errors.push({ pointer: `/${name}`, code: 'member-missing' });
    } else if (!tests[name](value)) {
      errors.push({ pointer: `/${name}`, code: name === 'iin' ? 'iin-malformed' : 'member-malformed' });
    }
  }
  const onlyIin = errors.every(({ code }) => code === 'iin-malformed');
  return new Problem(onlyIin ? 'iin-malformed' : 'request-malformed', { errors });
}
