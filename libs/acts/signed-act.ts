/**
 * Whether an act is what two officials signed: the kept text says what the entry says, both CMS verify over its exact
 * bytes, and their signers are two of the officials admitted at that time.
 */
import { readCanonical } from '#libs/journal/canonical.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { VerifiedSigner } from '#libs/signature/verified-signer.js';
import { verifySignature } from '#libs/signature/verify-signature.js';
import type { SealingKey } from '#libs/subject/seal.js';
import type { Body } from './members.js';
import { actingOfficials } from './official-changes.js';
import type { Registry } from './registry.js';
import { unsealAct, type OfficialActRow } from './sealed-act.js';

/** An entry that claims two officials' signatures. */
export interface ClaimedAct {
  readonly kind: string;
  readonly at: number;
  readonly members: Body;
}

/** What it is judged by. */
export interface ActKeys {
  /** The registry before it. */
  readonly registry: Registry;
  /** The log it must be about; undefined: whichever it names. */
  readonly origin: string | undefined;
  readonly identityKey: SealingKey;
  /** Undefined: officials' signatures cannot be judged. */
  readonly trust: TrustAnchors | undefined;
}

/** The two signers, or in words what is wrong. */
export type SignedBy = { readonly signers: readonly VerifiedSigner[] } | { readonly fault: string };

/** Members every entry has, and those that only the officials' signatures add. */
export const membersOfEveryAct: ReadonlySet<string> = new Set([
  ...['v', 'id', 'kind', 'at', 'actId', 'by', 'cmsSha256'],
]);

/** @param act the row of `official_acts` for this entry, if there is one. */
export async function signersOf(
  { kind, at, members }: ClaimedAct,
  act: OfficialActRow | undefined,
  { registry, origin, identityKey, trust }: ActKeys,
): Promise<SignedBy> {
  if (act === undefined || act.actId !== members['actId']) return { fault: 'no signed act is kept' };
  const stated = readCanonical(act.act);
  if (stated?.['actId'] !== act.actId) return { fault: 'the signed act has another number' };
  if (stated['kind'] !== kind || (origin !== undefined && stated['origin'] !== origin))
    return { fault: 'the signed act is another' };
  if (!saysTheSame(stated['body'], members)) return { fault: 'the signed act says something else' };
  if (trust === undefined) return { fault: 'the configuration has no `nca` to judge its signatures by' };
  try {
    const signers: VerifiedSigner[] = [];
    for (const cms of unsealAct(act, identityKey))
      signers.push(await verifySignature({ cms, document: Buffer.from(act.act), at, trust }));
    const by = signers.map(
      ({ certSha256 }) =>
        actingOfficials(registry).find((each) => each.certSha256.includes(certSha256))?.officialId,
    );
    const isTwo = by.length === 2 && new Set(by).size === 2 && !by.includes(undefined);
    const arePeople = new Set(signers.map(({ iin }) => iin)).size === 2;
    const hashes = signers.map(({ cmsSha256 }) => cmsSha256);
    const isNamed = same(by, members['by']) && same(hashes, members['cmsSha256']);
    return isTwo && arePeople && isNamed
      ? { signers }
      : { fault: 'it does not have the signatures of two officials' };
  } catch {
    return { fault: 'its signatures do not verify' };
  }
}

/** `fromSize` is the one member that the writer adds, because only it knows the place. */
function saysTheSame(body: unknown, members: Body): boolean {
  const own = Object.entries(members).filter(([name]) => !membersOfEveryAct.has(name) && name !== 'fromSize');
  return same(Object.fromEntries(own), body);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([name, member]) => [name, sorted(member)]);
}
