/**
 * What class-validator found wrong with a body, as a Problem with a pointer to each member. A body in which nothing
 * but an IIN is wrong gets the code of the IIN, because callers branch on it.
 */
import { Problem, type ProblemPointer } from './problem.js';

/** What is needed of class-validator's ValidationError. */
export interface InvalidMember {
  readonly property: string;
  readonly value?: unknown;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly InvalidMember[];
}

/** @returns `request-malformed` (400), or `iin-malformed` (422) when only IINs that are there are wrong. */
export function validationProblem(invalid: readonly InvalidMember[]): Problem {
  const errors = invalid.flatMap((member) => pointersOf(member, ''));
  const onlyIin = errors.length > 0 && errors.every(({ code }) => code === 'iin-malformed');
  return new Problem(onlyIin ? 'iin-malformed' : 'request-malformed', { errors });
}

function pointersOf(member: InvalidMember, parent: string): ProblemPointer[] {
  const kinds = Object.keys(member.constraints ?? {});
  const own = kinds.length === 0 ? [] : [pointerOf(member, parent, kinds.includes('whitelistValidation'))];
  const children = (member.children ?? []).flatMap((child) =>
    pointersOf(child, `${parent}/${member.property}`),
  );
  return [...own, ...children];
}

function pointerOf(member: InvalidMember, parent: string, isUnknown: boolean): ProblemPointer {
  const { property } = member;
  // The name of an unknown member is the caller's and may itself be an IIN; one of letters alone cannot be.
  if (isUnknown)
    return {
      pointer: /^[A-Za-z]{1,40}$/.test(property) ? `${parent}/${property}` : parent,
      code: 'member-unknown',
    };
  const pointer = `${parent}/${property}`;
  if ('value' in member && member.value === undefined) return { pointer, code: 'member-missing' };
  return { pointer, code: property === 'iin' ? 'iin-malformed' : 'member-malformed' };
}
