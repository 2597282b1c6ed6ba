/**
 * The way from a signer's certificate to a pinned root (RFC 5280 §6.1, narrowed): every certificate on it valid at the
 * registry's clock, every authority entitled to certify, no critical extension we do not act upon. Certificates that
 * came with the signature may be steps, never ends.
 */
import { Problem } from '#libs/problem/problem.js';
import { verifies } from './algorithms.js';
import { basicConstraintsOf, type Certificate, isSelfIssued, keyUsageOf } from './certificate.js';
import { OID } from './oids.js';
import type { TrustAnchors } from './trust.js';

/** Authorities between signer and root; the national hierarchy has one. */
const MAX_INTERMEDIATES = 3;

/** Extensions this library acts upon, or may pass over because nothing here depends on a policy. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.basicConstraints,
  OID.certificatePolicies,
]);

export interface PathQuestion {
  readonly certificate: Certificate;
  /** Certificates that came with the signature. */
  readonly hints: readonly Certificate[];
  readonly trust: TrustAnchors;
  /** Registry time in ms. */
  readonly at: number;
}

/**
 * The authorities from the issuer up to and including the root.
 * @throws Problem `certificate-not-trusted` when there is no such way.
 */
export function trustedPath(question: PathQuestion): readonly Certificate[] {
  const { certificate, at } = question;
  const path = usable(certificate, at) ? climb(question, [certificate]) : undefined;
  if (path === undefined) throw new Problem('certificate-not-trusted');
  return path.slice(1);
}

/**
 * The pinned authority whose name the certificate gives as its issuer's, for signatures that are computed elsewhere.
 * @throws Problem `certificate-not-trusted` when none is pinned, or one of the two may not be used at `at`.
 */
export function pinnedIssuer({ certificate, trust, at }: PathQuestion): Certificate {
  const issuer = [...trust.intermediates, ...trust.roots].find(
    (authority) => authority.subject.equals(certificate.issuer) && isAuthority(authority, at, 0),
  );
  if (issuer === undefined || !usable(certificate, at)) throw new Problem('certificate-not-trusted');
  return issuer;
}

/** Depth first: `below` is the way so far, its last member the one whose issuer is sought. */
function climb(question: PathQuestion, below: readonly Certificate[]): readonly Certificate[] | undefined {
  const { trust, hints, at } = question;
  const last = below.at(-1);
  if (last === undefined) return undefined;
  const issues = (authority: Certificate): boolean =>
    authority.subject.equals(last.issuer) &&
    isAuthority(authority, at, countedAuthorities(below)) &&
    verifies({ ...last, data: last.tbs, publicKey: authority.publicKey });

  const root = trust.roots.find(issues);
  if (root !== undefined) return [...below, root];
  if (below.length > MAX_INTERMEDIATES) return undefined;
  for (const authority of [...trust.intermediates, ...hints]) {
    if (below.includes(authority) || !issues(authority)) continue;
    const path = climb(question, [...below, authority]);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** The authorities that count against a path length: those that took a key over from themselves do not (RFC 5280 §6.1.4). */
function countedAuthorities([, ...authorities]: readonly Certificate[]): number {
  return authorities.filter((authority) => !isSelfIssued(authority)).length;
}

/** Whether it may certify at `at`, with `authoritiesBelow` counted authorities between it and the signer. */
function isAuthority(authority: Certificate, at: number, authoritiesBelow: number): boolean {
  const { ca, pathLength } = basicConstraintsOf(authority);
  const mayCertify = ca && keyUsageOf(authority)?.keyCertSign === true;
  return mayCertify && authoritiesBelow <= (pathLength ?? Infinity) && usable(authority, at);
}

/** Valid at `at` and without a critical extension that is not understood. */
function usable(certificate: Certificate, at: number): boolean {
  const understood = [...certificate.extensions].every(
    ([id, { critical }]) => !critical || UNDERSTOOD.has(id),
  );
  return understood && certificate.notBefore <= at && at <= certificate.notAfter;
}
