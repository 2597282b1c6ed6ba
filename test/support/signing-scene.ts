/**
 * An authority, a person with a certificate and a document to sign, made once for a spec file. Certificates that no
 * honest authority would issue come from `certify`, all for the one key, so that a table of fifty of them is fast.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { type CertificateWish, type Credential, issueCertificate } from '../../apps/sandbox/nca/issue.js';
import {
  type Authority,
  createAuthority,
  issuePerson,
  personSubject,
  PURPOSE,
  signingExtensions,
} from '../../apps/sandbox/nca/nca.js';
import { readTrustAnchors, type TrustAnchors } from '../../libs/signature/trust.js';

export const AT = Date.UTC(2026, 5, 1, 9, 30);
export const DAY_MS = 24 * 3600 * 1000;
/** Synthetic (month 13), from the vectors. */
export const IIN = '061313294730';
export const OTHER_IIN = '561322042500';
export const DOCUMENT = Buffer.from('{"kind":"place","statement":"Бас тарту"}');

export interface Scene {
  readonly authority: Authority;
  readonly trust: TrustAnchors;
  readonly person: Credential;
  /** A certificate for the person's key, by default as the authority would make it. */
  certify(wish?: Partial<CertificateWish>): Promise<Credential>;
}

export async function makeScene(): Promise<Scene> {
  const authority = await createAuthority({ at: AT - 30 * DAY_MS });
  const name = { surname: 'ТЕСТ', given: 'ӘСЕМ' };
  const person = await issuePerson(authority, { iin: IIN, name, keyKind: 'ec', at: AT - DAY_MS });
  const trust = readTrustAnchors({
    roots: [authority.root.certPem],
    intermediates: [authority.issuing.certPem],
  });
  const usual = {
    subject: personSubject({ iin: IIN, name }),
    keyKind: 'ec' as const,
    keyPem: person.keyPem,
    from: AT - DAY_MS,
    to: AT + DAY_MS,
    issuer: authority.issuing,
    extensions: signingExtensions([PURPOSE.naturalPerson]),
  };
  return { authority, trust, person, certify: (wish) => issueCertificate({ ...usual, ...wish }) };
}

/** An extension nobody knows. */
export function unknownExtension(critical: boolean): x509.Extension {
  return new x509.Extension('1.3.6.1.4.1.55555.1', critical, Buffer.from('0500', 'hex'));
}
