/**
 * The national certification authority of the sandbox: a root, an issuing authority under it, people's certificates in
 * the shape the real one gives them (subject, usages and purposes), and its lists of what it revoked. Everything it
 * knows is in the PEM files it hands out; the clock is an argument.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { type Credential, issueCertificate, nameOf, signingAlgorithm, signingKey } from './issue.js';

export interface Authority {
  readonly root: Credential;
  readonly issuing: Credential;
}

export interface PersonWish {
  readonly iin: string;
  readonly name: { readonly surname: string; readonly given: string };
  readonly keyKind: 'rsa' | 'ec';
  /** ms; the certificate is valid from here for `years` (default 3). */
  readonly at: number;
  readonly years?: number;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;
const { digitalSignature, nonRepudiation, keyEncipherment, keyCertSign, cRLSign } = x509.KeyUsageFlags;

/** Purposes the real authority writes into ExtendedKeyUsage. */
export const PURPOSE = {
  naturalPerson: '1.2.398.3.3.4.1.1',
  organisation: '1.2.398.3.3.4.1.2',
  organisationSigner: '1.2.398.3.3.4.1.2.2',
} as const;

/** A root (P-384, 20 years) and an issuing authority (P-256, 15 years, path length 0). */
export async function createAuthority({ at }: { at: number }): Promise<Authority> {
  const root = await issueCertificate({
    subject: [{ C: ['KZ'] }, { CN: ['Sandbox Root CA'] }],
    keyKind: 'ec-384',
    from: at - DAY_MS,
    to: at + 20 * YEAR_MS,
    hash: 'SHA-384',
    extensions: authorityExtensions(1),
  });
  const issuing = await issueCertificate({
    subject: [{ C: ['KZ'] }, { CN: ['Sandbox NCA'] }],
    keyKind: 'ec',
    from: at - DAY_MS,
    to: at + 15 * YEAR_MS,
    issuer: root,
    hash: 'SHA-384',
    extensions: authorityExtensions(0),
  });
  return { root, issuing };
}

/** A person's signing certificate: the one that places and lifts. */
export async function issuePerson(authority: Authority, wish: PersonWish): Promise<Credential> {
  return issue(authority, wish, personSubject(wish), signingExtensions([PURPOSE.naturalPerson]));
}

/** A person's certificate for signing in, which must not sign an application. */
export async function issueAuth(authority: Authority, wish: PersonWish): Promise<Credential> {
  return issue(authority, wish, personSubject(wish), [
    new x509.KeyUsagesExtension(digitalSignature | keyEncipherment, true),
    new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.2', PURPOSE.naturalPerson]),
  ]);
}

/** The certificate of somebody who signs for an organisation: his IIN and its BIN. */
export async function issueOrganisation(
  authority: Authority,
  wish: PersonWish & { organisation: { name: string; bin: string } },
): Promise<Credential> {
  const { name, bin } = wish.organisation;
  const subject = [...personSubject(wish), { O: [name] }, { OU: [`BIN${bin}`] }];
  return issue(
    authority,
    wish,
    subject,
    signingExtensions([PURPOSE.organisation, PURPOSE.organisationSigner]),
  );
}

/** Which certificates were revoked, and when. */
export interface Revocation {
  /** Hex. */
  readonly serialNumber: string;
  readonly revokedAt: number;
}

export interface CrlWish {
  readonly at: number;
  readonly revoked: readonly Revocation[];
  /** Default: one day. */
  readonly validForMs?: number;
  readonly extensions?: readonly x509.Extension[];
}

/** The issuing authority's list, DER; it also works for any other credential that may sign lists. */
export async function crl({ issuing }: { issuing: Credential }, wish: CrlWish): Promise<Buffer> {
  const list = await x509.X509CrlGenerator.create({
    issuer: nameOf(issuing),
    thisUpdate: new Date(wish.at),
    nextUpdate: new Date(wish.at + (wish.validForMs ?? DAY_MS)),
    entries: wish.revoked.map(({ serialNumber, revokedAt }) => ({
      serialNumber,
      revocationDate: new Date(revokedAt),
    })),
    extensions: [...(wish.extensions ?? [])],
    signingKey: await signingKey(issuing.keyPem),
    signingAlgorithm: signingAlgorithm(issuing.keyPem),
  });
  return Buffer.from(list.rawData);
}

/** Serial number of a certificate, lower-case hex. */
export function serialNumberOf(certPem: string): string {
  return new x509.X509Certificate(certPem).serialNumber;
}

function issue(
  authority: Authority,
  wish: PersonWish,
  subject: x509.JsonNameParams,
  extensions: readonly x509.Extension[],
): Promise<Credential> {
  return issueCertificate({
    subject,
    extensions,
    keyKind: wish.keyKind,
    from: wish.at,
    to: wish.at + (wish.years ?? 3) * YEAR_MS,
    issuer: authority.issuing,
  });
}

/** As the real one writes it: common name, surname, serialNumber `IIN…`, country, given name. */
export function personSubject({ iin, name }: Pick<PersonWish, 'iin' | 'name'>): x509.JsonNameParams {
  return [
    { CN: [{ utf8String: `${name.surname} ${name.given}` }] },
    { '2.5.4.4': [{ utf8String: name.surname }] },
    { '2.5.4.5': [{ printableString: `IIN${iin}` }] },
    { C: [{ printableString: 'KZ' }] },
    { '2.5.4.42': [{ utf8String: name.given }] },
  ];
}

/** Usages and purposes of a signing certificate. */
export function signingExtensions(purposes: readonly string[]): x509.Extension[] {
  return [
    new x509.KeyUsagesExtension(digitalSignature | nonRepudiation, true),
    new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.4', ...purposes]),
    new x509.CertificatePolicyExtension(['1.2.398.3.3.2.3']),
  ];
}

/** Of an authority that may have `pathLength` authorities below it. */
export function authorityExtensions(pathLength: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ];
}
