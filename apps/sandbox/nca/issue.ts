/**
 * Making certificates: any subject, any extensions, signed by any credential. `nca.ts` makes with it what the national
 * authority would make; the tests make with it what no authority should. Keys and certificates are PEM in and out, so
 * that openssl reads the same files.
 */
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export type KeyKind = 'rsa' | 'rsa-1024' | 'ec' | 'ec-384';

/** A certificate and the key that belongs to it. */
export interface Credential {
  readonly certPem: string;
  /** PKCS#8, unencrypted. */
  readonly keyPem: string;
}

export interface CertificateWish {
  /** One member a relative name, in order; several types in one member make it multi-valued. */
  readonly subject: x509.JsonNameParams;
  readonly keyKind: KeyKind;
  readonly extensions: readonly x509.Extension[];
  /** Both ms since the epoch; certificates count whole seconds. */
  readonly from: number;
  readonly to: number;
  /** Absent: signs itself. */
  readonly issuer?: Credential;
  /** Absent: a new key of `keyKind`. */
  readonly keyPem?: string;
  /** Of the issuer's signature; SHA-256 unless said. */
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384';
}

const { subtle } = webcrypto;

/** Makes a key and a certificate for it. */
export async function issueCertificate(wish: CertificateWish): Promise<Credential> {
  const keyPem = wish.keyPem ?? (await newKey(wish.keyKind));
  const publicKey = createPublicKey(keyPem).export({ type: 'spki', format: 'der' });
  const issuerKeyPem = wish.issuer?.keyPem ?? keyPem;
  const subject = new x509.Name(wish.subject);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject,
    issuer: wish.issuer === undefined ? subject : nameOf(wish.issuer),
    notBefore: new Date(wish.from),
    notAfter: new Date(wish.to),
    publicKey,
    signingKey: await signingKey(issuerKeyPem, wish.hash),
    signingAlgorithm: signingAlgorithm(issuerKeyPem, wish.hash),
    extensions: [
      ...wish.extensions,
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(
        createPublicKey(issuerKeyPem).export({ type: 'spki', format: 'der' }),
      ),
    ],
  });
  return { certPem: `${certificate.toString('pem')}\n`, keyPem };
}

/** The exact name of the holder, as the issuer's field of what he signs. */
export function nameOf(credential: Credential): x509.Name {
  return new x509.X509Certificate(credential.certPem).subjectName;
}

/** A private key for WebCrypto. */
export async function signingKey(keyPem: string, hash = 'SHA-256'): Promise<webcrypto.CryptoKey> {
  const pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  return subtle.importKey('pkcs8', pkcs8, { ...signingAlgorithm(keyPem, hash) }, true, ['sign']);
}

/** WebCrypto's name for signing with this key. */
export function signingAlgorithm(
  keyPem: string,
  hash = 'SHA-256',
): { name: string; hash: string; namedCurve?: string } {
  const key = createPrivateKey(keyPem);
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash };
  const p384 = key.asymmetricKeyDetails?.namedCurve === 'secp384r1';
  return { name: 'ECDSA', hash, namedCurve: p384 ? 'P-384' : 'P-256' };
}

async function newKey(kind: KeyKind): Promise<string> {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) };
  const pair =
    kind === 'ec' || kind === 'ec-384'
      ? await subtle.generateKey({ name: 'ECDSA', namedCurve: kind === 'ec' ? 'P-256' : 'P-384' }, true, [
          'sign',
        ])
      : await subtle.generateKey({ ...rsa, modulusLength: kind === 'rsa' ? 2048 : 1024 }, true, ['sign']);
  const pkcs8 = Buffer.from(await subtle.exportKey('pkcs8', pair.privateKey));
  return String(
    createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }),
  );
}

/** 20 octets, positive, never zero (RFC 5280 §4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(20);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
