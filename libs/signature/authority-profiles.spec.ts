/**
 * What the National Certification Authority issues, by the profiles of its published test certificates (docs/counterparts.md
 * names them): the same subjects, usages, purposes and further extensions, under keys of our own. National keys only say that
 * they are of that kind.
 */
import 'reflect-metadata';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import { type Credential, issueCertificate } from '../../apps/sandbox/nca/issue.js';
import { der } from '../../test/support/hostile-cms.js';
import { national } from '../../test/support/national.js';
import { readCertificate } from './certificate.js';
import { isGost } from './oids.js';
import { pinnedIssuer, trustedPath } from './path.js';
import { signingPerson } from './signing-person.js';

const { digitalSignature, nonRepudiation, keyEncipherment, keyAgreement, keyCertSign, cRLSign } =
  x509.KeyUsageFlags;
/** The number of the authority's test person, whose control digit is not right: a certificate is not asked for that. */
const IIN = '123456789011';
const EMAIL = '1.3.6.1.5.5.7.3.4';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const PERSON = '1.2.398.3.3.4.1.1';
const ORGANISATION = '1.2.398.3.3.4.1.2';

const printable = (text: string): [{ printableString: string }] => [{ printableString: text }];
const person: x509.JsonNameParams = [
  { CN: ['ТЕСТОВ ТЕСТ'] },
  { '2.5.4.4': ['ТЕСТОВ'] },
  { '2.5.4.5': printable(`IIN${IIN}`) },
  { C: ['KZ'] },
  { '2.5.4.42': ['ТЕСТОВИЧ'] },
];
const head: x509.JsonNameParams = [...person, { O: ['АО "ТЕСТ"'] }, { OU: ['BIN123456789021'] }];
const system: x509.JsonNameParams = [
  { '0.9.2342.19200300.100.1.1': ['1.2.398.6.10.1.1'] },
  { CN: ['ИС "Тест"'] },
  { C: ['KZ'] },
  { O: ['АО "ТЕСТ"'] },
  { OU: ['BIN123456789021'] },
];

interface Profile {
  readonly year: number;
  readonly kind: 'rsa' | 'gost';
  readonly subject: x509.JsonNameParams;
  readonly usage: number;
  readonly purposes: readonly string[];
  readonly signs: boolean;
  /** In some, the purposes are critical and the usage is not. */
  readonly isTurned?: boolean;
}
const signing = digitalSignature | nonRepudiation;
const profiles: Readonly<Record<string, Profile>> = {
  'a person’s for signing, RSA, 2021': {
    year: 2021,
    kind: 'rsa',
    subject: person,
    usage: signing,
    purposes: [EMAIL, PERSON],
    signs: true,
  },
  'a person’s for signing, RSA, 2022': {
    year: 2022,
    kind: 'rsa',
    subject: person,
    usage: signing,
    purposes: [EMAIL, PERSON],
    signs: true,
  },
  'a person’s for signing with keyEncipherment, RSA, 2022': {
    year: 2022,
    kind: 'rsa',
    subject: person,
    usage: signing | keyEncipherment,
    purposes: [EMAIL, PERSON],
    signs: true,
  },
  'a person’s for signing in, RSA, 2022': {
    year: 2022,
    kind: 'rsa',
    subject: person,
    usage: digitalSignature | keyEncipherment,
    purposes: [CLIENT, PERSON],
    signs: false,
  },
  'a person’s for signing, ГОСТ, 2023': {
    year: 2023,
    kind: 'gost',
    subject: person,
    usage: signing | keyAgreement,
    purposes: [EMAIL, PERSON],
    signs: true,
  },
  'a person’s for signing, ГОСТ, 2026': {
    year: 2026,
    kind: 'gost',
    subject: person,
    usage: signing | keyAgreement,
    purposes: [EMAIL, PERSON],
    signs: true,
  },
  'of the head of an organisation, ГОСТ, 2022': {
    year: 2022,
    kind: 'gost',
    subject: head,
    usage: signing,
    purposes: [EMAIL, ORGANISATION, `${ORGANISATION}.1`],
    signs: false,
  },
  'of the head of an organisation, ГОСТ, 2026': {
    year: 2026,
    kind: 'gost',
    subject: head,
    usage: signing | keyAgreement,
    purposes: [EMAIL, ORGANISATION, `${ORGANISATION}.1`],
    signs: false,
  },
  'of an employee who signs, ГОСТ, 2026': {
    year: 2026,
    kind: 'gost',
    subject: head,
    usage: signing | keyAgreement,
    purposes: [EMAIL, ORGANISATION, `${ORGANISATION}.2`],
    signs: false,
    isTurned: true,
  },
  'of an information system, ГОСТ, 2026': {
    year: 2026,
    kind: 'gost',
    subject: system,
    usage: signing | keyAgreement,
    purposes: [ORGANISATION, `${ORGANISATION}.6`],
    signs: false,
  },
  'of a person with the usages of an authority, which nobody issues': {
    year: 2026,
    kind: 'rsa',
    subject: person,
    usage: signing | keyCertSign,
    purposes: [EMAIL, PERSON],
    signs: false,
  },
};

/** Pointers and policies as they stand in the published ones; none is critical, and none is asked here. */
const further = [
  new x509.CertificatePolicyExtension(['1.2.398.3.3.2']),
  new x509.CRLDistributionPointsExtension(['http://test.pki.gov.kz/crl/nca_gost2022_test.crl']),
  new x509.Extension('2.5.29.46', false, Buffer.from('3000', 'hex')),
  new x509.Extension('1.3.6.1.5.5.7.1.1', false, Buffer.from('3000', 'hex')),
  new x509.Extension('1.2.398.3.3.5', false, Buffer.from('300a06082a830e0303050101', 'hex')),
];

const at = (year: number): number => Date.UTC(year, 5, 1);
let authority: Credential;
let issuing: Credential;
beforeAll(async () => {
  const years = { keyKind: 'ec', from: at(2019), to: at(2030) } as const;
  // No path length, as in the authority's own.
  const extensions = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ];
  const named = (name: string): x509.JsonNameParams => [{ CN: [name] }, { C: ['KZ'] }];
  authority = await issueCertificate({ ...years, extensions, subject: named('НЕГІЗГІ КО TEST (RSA)') });
  issuing = await issueCertificate({
    ...{ ...years, extensions, subject: named('ҰКО 3.0 (RSA TEST)'), issuer: authority },
  });
});

async function issued({
  year,
  kind,
  subject,
  usage,
  purposes,
  isTurned = false,
}: Profile): Promise<Credential> {
  const made = await issueCertificate({
    ...{ subject, issuer: issuing, keyKind: kind === 'rsa' ? 'rsa' : 'ec', from: at(year), to: at(year + 1) },
    extensions: [
      new x509.KeyUsagesExtension(usage, !isTurned),
      new x509.ExtendedKeyUsageExtension([...purposes], isTurned),
      ...further,
    ],
  });
  return kind === 'gost' ? national(made) : made;
}

describe('a certificate as the authority issues it', () => {
  it.each(Object.entries(profiles))('is told for what it is: %s', async (_name, profile) => {
    const certificate = readCertificate(der(await issued(profile)));
    const [root, intermediate] = [authority, issuing].map((each) => readCertificate(der(each)));
    if (root === undefined || intermediate === undefined) throw new Error('no authority');
    const trust = { roots: [root], intermediates: [intermediate] };
    const question = { certificate, hints: [], trust, at: at(profile.year) + 86_400_000 };
    expect(isGost(certificate.keyAlgorithm)).toBe(profile.kind === 'gost');
    if (profile.kind === 'gost') expect(pinnedIssuer(question)).toBe(intermediate);
    else expect(trustedPath(question)).toEqual([intermediate, root]);
    const said = (): string => signingPerson(certificate);
    if (profile.signs) expect(said()).toBe(IIN);
    else expect(said).toThrow('certificate-not-for-signing');
  });
});
