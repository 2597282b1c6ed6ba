/**
 * How far a receipt is proven. *signed*: a key of the registry that counts says so. *logged*: the entry is at its place
 * in a tree the log published. *witnessed*: enough of the pinned witnesses signed that tree. A head key that has expired
 * or was stolen can sign any date, so then only the last two are left.
 */
import { ReceiptError } from '#libs/journal/receipt-error.js';
import type { HeadPayload } from '#libs/journal/head.js';
import type { Entry } from '#libs/journal/entry.js';
import type { JwksWithKinds } from '#libs/journal/verify-head.js';
import {
  readDisclosed,
  type DisclosedEntry,
  type Expectations,
  type VerifiedReceipt,
} from '#libs/journal/verify-receipt.js';
import { verifyConsistency } from '#libs/tlog/proof.js';
import {
  PublishedError,
  verifyTlogProof,
  type Policy,
  type Published,
} from '#libs/tlog/verify-tlog-proof.js';
import { answerOf, outcomeOf, type Outcome } from './outcome.js';
import { differing, type Expected } from './question.js';

export type Level = 'none' | 'signed' | 'logged' | 'witnessed';

export interface Question {
  /** Without keys the head is not examined, and only what was published counts. */
  readonly jwks?: JwksWithKinds;
  readonly expectations: Expectations;
  readonly members: readonly Expected[];
  readonly policy: Policy;
  /** A `.tlog-proof` of the entry and, where known, the proof from the head's tree to its checkpoint. */
  readonly published?: { readonly proof: string; readonly consistency?: readonly Buffer[] };
}

/** Holds: everything that was asked for is proven. */
export interface Proven {
  readonly valid: true;
  readonly level: Exclude<Level, 'none'>;
  readonly entry: Entry;
  readonly index: number;
  readonly person: VerifiedReceipt['person'];
  /** The head and its key, where they still count. */
  readonly head?: HeadPayload;
  readonly key?: VerifiedReceipt['key'];
  readonly published?: Published;
}

export interface NotProven {
  readonly valid: false;
  /** How far it is proven all the same. */
  readonly level: Level;
  readonly code: string;
  readonly reason: string;
}

const forked = {
  code: 'head-forked',
  reason: 'The head of the receipt is of a Journal that the published log did not grow from: keep both.',
};
/** What a published checkpoint makes good. */
const outlived: readonly string[] = ['head-key-revoked', 'head-key-expired'];

/** @param text JSON of a receipt, or of an answer that carries one */
export async function judge(text: string, question: Question): Promise<Proven | NotProven> {
  const { jwks, expectations, members, policy, published } = question;
  const signed = jwks && (await outcomeOf(text, jwks, expectations, members));
  if (published === undefined) return signedOnly(signed);
  if (signed?.valid === false && !outlived.includes(signed.code)) return { ...signed, level: 'none' };
  const disclosed = disclosedIn(text, expectations, members);
  if ('code' in disclosed) return { ...disclosed, valid: false, level: 'none' };
  const head = signed?.valid === true ? signed.receipt : undefined;
  const before: Level = head === undefined ? 'none' : 'signed';
  const found = publishedOf(published.proof, disclosed, policy, before);
  if ('code' in found) return { ...found, valid: false };
  if (head && published.consistency && !grewFrom(head, found, published.consistency))
    return { ...forked, valid: false, level: before };
  const { entry, index, person } = disclosed;
  return {
    valid: true,
    level: found.level,
    ...{ entry, index, person },
    ...(head && { head: head.head, key: head.key }),
    published: found,
  };
}

function signedOnly(signed: Outcome | undefined): Proven | NotProven {
  if (signed === undefined)
    return { valid: false, level: 'none', code: 'no-keys', reason: 'Neither keys nor a proof were given.' };
  return signed.valid ? { valid: true, ...signed.receipt } : { ...signed, level: 'none' };
}

interface Reason {
  readonly code: string;
  readonly reason: string;
}

function disclosedIn(
  text: string,
  { iin }: Expectations,
  members: readonly Expected[],
): DisclosedEntry | Reason {
  try {
    const { receipt, claims } = answerOf(text);
    const disclosed = readDisclosed(receipt, iin);
    const claimed = differing(disclosed.entry, claims).join(', ');
    if (claimed !== '') return { code: 'answer-differs', reason: `The answer says otherwise: ${claimed}.` };
    const missed = differing(disclosed.entry, members).join(', ');
    if (missed !== '') return { code: 'expectation-differs', reason: `The entry does not state: ${missed}.` };
    return disclosed;
  } catch (error) {
    if (error instanceof ReceiptError) return { code: error.code, reason: error.message };
    throw error;
  }
}

/** The evidence, or why not and how far it goes without the witnesses. */
function publishedOf(
  proof: string,
  leaf: Pick<DisclosedEntry, 'leafHash' | 'index'>,
  policy: Policy,
  before: Level,
): Published | (Reason & { readonly level: Level }) {
  try {
    return verifyTlogProof(proof, leaf.leafHash, policy, leaf.index);
  } catch (error) {
    if (!(error instanceof PublishedError)) throw error;
    const { code, message: reason } = error;
    if (code !== 'quorum-missing') return { code, reason, level: before };
    const without = publishedOf(proof, leaf, { ...policy, quorum: 0 }, before);
    return { code, reason, level: 'code' in without ? before : 'logged' };
  }
}

function grewFrom(
  { head }: VerifiedReceipt,
  { checkpoint }: Published,
  consistency: readonly Buffer[],
): boolean {
  const root = Buffer.from(head.root, 'base64url');
  return (
    head.origin === checkpoint.origin &&
    verifyConsistency(head.size, root, checkpoint.size, checkpoint.root, consistency)
  );
}
