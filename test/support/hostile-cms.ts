/**
 * CMS signatures as an attacker would make them: every part can be replaced, left out, doubled or encoded badly, and
 * the signature over it is still a real one where the row wants it real. Built from raw tags and lengths, because no
 * honest library writes most of this.
 */
import { createHash, sign, X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asn1js from 'asn1js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';

/** One value in DER: identifier octet, minimal length, contents. */
export function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const length = body.length.toString(16);
  const long = Buffer.from(length.length % 2 === 0 ? length : `0${length}`, 'hex');
  const head = body.length < 0x80 ? Buffer.from([body.length]) : Buffer.from([0x80 | long.length, ...long]);
  return Buffer.concat([Buffer.from([tag]), head, body]);
}

export const sequence = (...members: readonly Buffer[]): Buffer => tlv(0x30, ...members);
export const set = (...members: readonly Buffer[]): Buffer => tlv(0x31, ...members);
export const octets = (bytes: Buffer): Buffer => tlv(0x04, bytes);
export const integer = (value: number): Buffer => tlv(0x02, Buffer.from([value]));
export const oid = (value: string): Buffer => Buffer.from(new asn1js.ObjectIdentifier({ value }).toBER());

export const ID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  timeStampInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ocspResponse: '1.3.6.1.5.5.7.16.2',
} as const;

export const attribute = (type: string, ...values: readonly Buffer[]): Buffer =>
  sequence(oid(type), set(...values));

/** The two signed attributes every signature needs, the second over `document`. */
export const contentType = (type: string = ID.data): Buffer => attribute(ID.contentType, oid(type));
export const messageDigest = (document: Buffer): Buffer =>
  attribute(ID.messageDigest, octets(createHash('sha256').update(document).digest()));

/** What a row changes; everything left out is as an honest signer would make it. */
export interface CmsParts {
  readonly signer: Credential;
  readonly document: Buffer;
  /** `undefined` leaves the content out; default: attached. */
  readonly content?: Buffer | undefined;
  readonly eContentType?: string;
  readonly certificates?: readonly Buffer[];
  /** Raw members of `[1]`. */
  readonly crls?: readonly Buffer[];
  /** `undefined` leaves `[0]` out, and the document itself is signed. */
  readonly attributes?: readonly Buffer[] | undefined;
  readonly sid?: Buffer;
  readonly digestAlgorithm?: string;
  readonly signatureAlgorithm?: string;
  /** What the signature is really made with; default SHA-256. */
  readonly signedWith?: 'sha512';
  /** What is signed instead of the attributes. */
  readonly signedBytes?: Buffer;
  readonly version?: number;
  readonly signerVersion?: number;
  /** Raw members of the signer's `[1]`. */
  readonly unsigned?: readonly Buffer[];
  readonly afterSigners?: readonly Buffer[];
}

/** A complete ContentInfo; the signer's key must be P-256. */
export function buildCms(parts: CmsParts): Buffer {
  const eContent = 'content' in parts ? parts.content && octets(parts.content) : octets(parts.document);
  const certificates = parts.certificates ?? [der(parts.signer)];
  const signedData = sequence(
    integer(parts.version ?? 1),
    set(algorithm(parts.digestAlgorithm ?? ID.sha256)),
    sequence(oid(parts.eContentType ?? ID.data), ...(eContent ? [tlv(0xa0, eContent)] : [])),
    ...(certificates.length > 0 ? [tlv(0xa0, ...certificates)] : []),
    ...(parts.crls ? [tlv(0xa1, ...parts.crls)] : []),
    set(signerInfo(parts)),
    ...(parts.afterSigners ?? []),
  );
  return sequence(oid(ID.signedData), tlv(0xa0, signedData));
}

function signerInfo(parts: CmsParts): Buffer {
  const attributes =
    'attributes' in parts ? parts.attributes : [contentType(), messageDigest(parts.document)];
  const signed = parts.signedBytes ?? (attributes ? set(...attributes) : parts.document);
  return sequence(
    integer(parts.signerVersion ?? 1),
    parts.sid ?? issuerAndSerial(parts.signer),
    algorithm(parts.digestAlgorithm ?? ID.sha256),
    ...(attributes ? [tlv(0xa0, ...attributes)] : []),
    algorithm(parts.signatureAlgorithm ?? ID.ecdsaSha256),
    octets(sign(parts.signedWith ?? 'sha256', signed, parts.signer.keyPem)),
    ...(parts.unsigned ? [tlv(0xa1, ...parts.unsigned)] : []),
  );
}

export const algorithm = (type: string): Buffer => sequence(oid(type));

export function der(credential: Pick<Credential, 'certPem'>): Buffer {
  return new X509Certificate(credential.certPem).raw;
}

/** `sid` naming the certificate of `credential`. */
export function issuerAndSerial(credential: Pick<Credential, 'certPem'>): Buffer {
  const [tbs] = members(der(credential));
  const [, serial, , issuer] = members(tbs ?? Buffer.alloc(0));
  return sequence(issuer ?? Buffer.alloc(0), serial ?? Buffer.alloc(0));
}

/** The members of a constructed DER value, as bytes. */
export function members(value: Buffer): Buffer[] {
  const parsed = asn1js.fromBER(value).result;
  const inside =
    parsed.valueBlock instanceof Object && 'value' in parsed.valueBlock ? parsed.valueBlock.value : [];
  return (inside as asn1js.BaseBlock[]).map((member) => Buffer.from(member.valueBeforeDecodeView));
}

/** `levels` SEQUENCEs, one in the other. */
export function nested(levels: number): Buffer {
  return Array.from({ length: levels }).reduce<Buffer>((inner) => sequence(inner), Buffer.alloc(0));
}

/** A signature as a response to an OCSP question, made by the attacker himself: "good", in `crls` of the CMS. */
export function homeMadeOcspAnswer(): Buffer {
  const good = sequence(
    tlv(0x0a, Buffer.from([0])),
    tlv(0xa0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octets(nested(3)))),
  );
  return tlv(0xa1, oid(ID.ocspResponse), good);
}

/** The same value with its outer length indefinite, as streaming BER writers do. */
export function indefinite(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([value.readUInt8(0), 0x80]), ...members(value), Buffer.from([0, 0])]);
}

/**
 * Signs with `openssl cms -sign`; the document is read as `doc`, and `files` are whatever else a row needs.
 * @returns what it wrote.
 */
export function opensslCms(
  given: { signer: Credential; document: Buffer; files?: Readonly<Record<string, string>> },
  ...args: readonly string[]
): Buffer {
  const { certPem, keyPem } = given.signer;
  const signing = [
    'cms',
    '-sign',
    '-signer',
    'cert.pem',
    '-inkey',
    'key.pem',
    '-in',
    'doc',
    '-outform',
    'DER',
  ];
  return openssl(
    { 'cert.pem': certPem, 'key.pem': keyPem, doc: given.document, ...given.files },
    ...signing,
    ...args,
  );
}

/** Runs openssl in a folder of its own that holds `files`; gives back what it printed, throws when it refuses. */
export function openssl(
  files: Readonly<Record<string, string | Buffer>>,
  ...args: readonly string[]
): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'openssl-'));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(folder, name), content, { mode: 0o600 });
    return execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
