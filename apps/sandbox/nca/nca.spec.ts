/** The sandbox's authority, judged by openssl: what people get here behaves like what they get from the real one. */
import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { openssl } from '../../../test/support/hostile-cms.js';
import type { Credential } from './issue.js';
import {
  type Authority,
  createAuthority,
  crl,
  issueAuth,
  issueOrganisation,
  issuePerson,
  serialNumberOf,
} from './nca.js';

const AT = Date.UTC(2026, 5, 1);
const wish = { iin: '731324524096', name: { surname: 'ҚАСЫМ', given: 'ӘЛИЯ' }, at: AT };
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority({ at: AT });
});

const SECONDS = AT / 1000;
/** What `openssl verify` says; throws when it refuses. */
const verified = (credential: Credential, more: Record<string, string> = {}, ...args: string[]): void => {
  const files = {
    'root.pem': authority.root.certPem,
    'ca.pem': authority.issuing.certPem,
    'cert.pem': credential.certPem,
    ...more,
  };
  const path = ['-CAfile', 'root.pem', '-untrusted', 'ca.pem'];
  openssl(files, 'verify', '-x509_strict', '-attime', String(SECONDS + 60), ...path, ...args, 'cert.pem');
};

const printed = (credential: Credential): string =>
  openssl(
    { 'cert.pem': credential.certPem },
    'x509',
    '-in',
    'cert.pem',
    '-noout',
    '-text',
    '-nameopt',
    'RFC2253,-esc_msb,utf8',
  ).toString();

describe('the authority of the sandbox', () => {
  it.each(['rsa', 'ec'] as const)(
    'gives a person a signing certificate on %s that openssl takes',
    async (keyKind) => {
      const person = await issuePerson(authority, { ...wish, keyKind });
      verified(person);
      const text = printed(person);
      expect(text).toContain(`serialNumber=IIN${wish.iin}`);
      expect(text).toContain('Digital Signature, Non Repudiation\n');
      expect(text).toContain('E-mail Protection, 1.2.398.3.3.4.1.1\n');
      expect(createPrivateKey(person.keyPem).asymmetricKeyType).toBe(keyKind);
      expect(person.keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      expect(new X509Certificate(person.certPem).checkPrivateKey(createPrivateKey(person.keyPem))).toBe(true);
    },
  );

  it('gives a certificate for signing in, and one for an organisation, with their own usages', async () => {
    const auth = await issueAuth(authority, { ...wish, keyKind: 'ec' });
    const organisation = { name: 'ЖШС', bin: '990140000000' };
    const employee = await issueOrganisation(authority, { ...wish, keyKind: 'ec', organisation });
    verified(auth);
    verified(employee);
    expect(printed(auth)).toContain('Digital Signature, Key Encipherment\n');
    expect(printed(auth)).toContain('TLS Web Client Authentication, 1.2.398.3.3.4.1.1\n');
    expect(printed(employee)).toContain(`OU=BIN${organisation.bin}`);
    expect(printed(employee)).toContain('1.2.398.3.3.4.1.2, 1.2.398.3.3.4.1.2.2\n');
  });

  it('lists what it revoked, so that openssl refuses it and nothing else', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(() => issuePerson(authority, { ...wish, keyKind: 'ec' })),
    );
    if (one === undefined || two === undefined) throw new Error('two people were made');
    const revoked = [{ serialNumber: serialNumberOf(one.certPem), revokedAt: AT }];
    const list = openssl(
      { list: await crl(authority, { at: AT, revoked }) },
      'crl',
      '-inform',
      'DER',
      '-in',
      'list',
    );
    const check = ['-CRLfile', 'list.pem', '-crl_check'];
    verified(two, { 'list.pem': list.toString() }, ...check);
    expect(() => {
      verified(one, { 'list.pem': list.toString() }, ...check);
    }).toThrow('certificate revoked');
  });
});
