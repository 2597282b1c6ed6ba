/**
 * One question by one lender about one person at one instant. What it leaves is an entry whose verdict anybody can
 * recompute from the entries before it.
 */
import { Problem, problemAt } from '#libs/problem/problem.js';
import type { Draft, Made, Seen, Tables } from '#libs/journal/act.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { Party } from '#libs/party/party.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { Rules } from '#libs/refusal/rules.js';
import { verdictOf, type Verdict } from '#libs/refusal/verdict.js';
import { assertOpen, valueAt } from '#libs/regime/regime.js';
import { IinSearch } from '#libs/subject/holds-iin.js';
import type { Iin } from '#libs/subject/iin.js';
import { subjectText, type SubjectKey } from '#libs/subject/subject.js';

export const products = ['bank-loan', 'microcredit'] as const;
export const stages = ['decision', 'disbursement'] as const;
export const circumstances = [
  'new',
  'refinancing-same-lender',
  'card-limit',
  'limit-increase',
  'tranche',
  'restructuring',
] as const;
export const borrowerRoles = ['borrower', 'co-borrower', 'guarantor'] as const;

/** What a lender asks. */
export interface Question {
  readonly iin: Iin;
  readonly product: (typeof products)[number];
  readonly stage: (typeof stages)[number];
  /** The lender's own number of the application, 1–64 visible ASCII characters. */
  readonly loanRef: string;
  readonly circumstance?: (typeof circumstances)[number];
  readonly role?: (typeof borrowerRoles)[number];
}

/** A check as its table keeps it. */
export interface Check {
  readonly uuid: string;
  readonly lender: string;
  readonly entryIndex: number;
  readonly subject: SubjectKey;
  readonly product: Question['product'];
  readonly stage: Question['stage'];
  readonly loanRef: string;
  readonly verdict: Verdict;
  readonly version: number;
  readonly at: number;
  /** Absent when refused. */
  readonly validUntil?: number;
}

/** @throws Problem `reference-holds-iin` */
export function assertNoIin(iin: Iin, references: Readonly<Record<string, string>>): void {
  const search = new IinSearch([iin]);
  for (const [pointer, text] of Object.entries(references))
    if (search.finds(text)) throw problemAt(pointer, 'reference-holds-iin');
}

/**
 * Who may ask now. A token outlives a suspension, a batch does not.
 * @throws Problem `not-permitted`, `party-suspended`, `registry-not-open`
 */
export function lenderOf(rules: Rules, clientId: string, at: number): Party {
  const party = rules.parties.get(clientId);
  if (party === undefined) throw new Problem('not-permitted');
  if (party.state === 'suspended') throw new Problem('party-suspended');
  assertOpen(rules.regime);
  if (!valueAt(rules.regime, 'lenderKinds', at).includes(party.kind)) throw new Problem('not-permitted');
  return party;
}

/** The check itself: what is known of the person decides, in whichever epoch his row stands. */
export function makeCheck(
  seen: Seen<Tables, Rules>,
  lender: Party,
  question: Question,
  subjects: readonly [SubjectKey, ...SubjectKey[]],
): { readonly draft: Draft; row(made: Made): Check } {
  const { at, rules } = seen;
  const refusal = subjects
    .map((subject) => seen.find('refusals', subjectText(subject)) as Refusal | undefined)
    .find((row) => row !== undefined);
  const verdict = verdictOf(refusal);
  const version = refusal?.version ?? 0;
  const seconds = valueAt(rules.regime, 'checkValidity', at, lender.clientId)[question.stage];
  const validUntil = verdict === 'clear' ? at + seconds * 1000 : undefined;
  const { iin, product, stage, loanRef, circumstance, role } = question;
  const uuid = newUuid(at);
  const subject = refusal?.subject ?? subjects[0];
  return {
    draft: {
      kind: 'check.made',
      person: { subject, iin, version },
      party: lender.clientId,
      body: {
        checkId: uuidToId('chk', uuid),
        lender: lender.bin,
        product,
        stage,
        loanRef,
        ...(circumstance !== undefined && { circumstance }),
        ...(role !== undefined && { role }),
        verdict,
        ...(validUntil !== undefined && { validUntil: formatInstant(validUntil) }),
      },
    },
    row: (made) => ({
      uuid,
      lender: lender.clientId,
      entryIndex: made.index,
      subject,
      product,
      stage,
      loanRef,
      verdict,
      version,
      at,
      ...(validUntil !== undefined && { validUntil }),
    }),
  };
}
