/** Who can be played: citizens and officials, each with a name, a number, certificates of the sandbox's authority, a key. */
import 'reflect-metadata';
import { X509Certificate } from '@peculiar/x509';
import { Refused } from './refused.js';

export interface Person {
  /** As in `sandbox.json`; what people here are called by, because a number is never typed or shown. */
  readonly name: string;
  readonly iin: string;
  /** What the phone signs with, and the PKCS#8 key that belongs to it. */
  readonly certPem: string;
  readonly keyPem: string;
  /** His further certificates: revoked together with the first. */
  readonly otherCertPems?: readonly string[];
  /** `+7…` */
  readonly phone?: string;
}

/** The person of this name. @throws Refused 404 */
export function personNamed(people: readonly Person[], name: string): Person {
  const found = people.find((person) => person.name === name);
  if (found === undefined) throw new Refused(404, 'nobody here has this name');
  return found;
}

/** What his certificate calls him. */
export function calledInCertificate({ certPem }: Person): { surname: string; given: string } {
  const subject = new X509Certificate(certPem).subjectName;
  return { surname: subject.getField('2.5.4.4')[0] ?? '', given: subject.getField('2.5.4.42')[0] ?? '' };
}
