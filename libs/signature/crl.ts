/**
 * A revocation list as its issuer signed it (RFC 5280 §5), complete lists only: a list that covers part of the
 * certificates, or changes since another list, would let silence pass for "good". Entries are walked, not parsed as a
 * tree, because a national list has very many.
 */
import { verifies } from './algorithms.js';
import { instant, integerHex, oid, sequence, tagged, wholeBits } from './asn1.js';
import { type Certificate, extensionsOf, keyUsageOf } from './certificate.js';
import { assertDer, contents, type DerLimits, members, readDer } from './der.js';
import { OID } from './oids.js';

export interface RevocationList {
  /** Both ms since the epoch. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** CRLNumber (RFC 5280 §5.2.3), where the list has one: it rises with every list of its issuer. */
  readonly number?: bigint;
  /** Serial numbers, lower-case hex as `Certificate.serialNumber`; whatever the reason, they are not good. */
  readonly revoked: ReadonlySet<string>;
}

/** Sizes a list may have: the first also bounds what is fetched. */
export const CRL_LIMITS: DerLimits = { maxBytes: 64 * 1024 * 1024, maxDepth: 16 };
/** Everything but the entries is small. */
const PART_LIMITS: DerLimits = { maxBytes: 16 * 1024, maxDepth: 16 };

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;

/**
 * Verifies that `issuer` signed a list and reads it, in this order: lists come over plain HTTP, and what anybody on the
 * way could have written is not walked, only measured.
 * @throws Error when it is not DER, of another issuer, badly signed, without `nextUpdate`, partial or a delta.
 */
export function readCrl(der: Buffer, issuer: Certificate): RevocationList {
  const [tbs, outerAlgorithm, signature, more] = members(der);
  if (tbs === undefined || outerAlgorithm === undefined || signature === undefined || more !== undefined)
    throw new Error('not a revocation list');
  const [, , name] = members(tbs);
  if (name?.equals(issuer.subject) !== true) throw new Error('of another issuer');
  const signed = {
    data: tbs,
    signature: wholeBits(parse(signature)),
    signatureAlgorithm: oid(sequence(parse(outerAlgorithm))[0]),
    publicKey: issuer.publicKey,
  };
  if (keyUsageOf(issuer)?.crlSign !== true || !verifies(signed)) throw new Error('not signed by the issuer');
  assertDer(der, CRL_LIMITS);
  const list = readTbs(tbs);
  if (!list.algorithm.equals(outerAlgorithm)) throw new Error('two signature algorithms');
  return list;
}

const pem = /^\s*-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----\s*$/;
const lineEnds: ReadonlySet<number> = new Set([0x0a, 0x0d]);

/**
 * The DER of a list as servers hand it out: as it is, with line ends behind it, or as PEM. Everything else is given back
 * as it came, for `readCrl` to refuse.
 */
export function derOfList(body: Buffer): Buffer {
  if (body[0] !== SEQUENCE) {
    const text = pem.exec(body.toString('latin1'))?.[1];
    return text === undefined ? body : Buffer.from(text, 'base64');
  }
  const long = (body[1] ?? 0) & 0x7f;
  const isLong = (body[1] ?? 0) > 0x80 && long <= 4 && body.length >= 2 + long;
  const length = isLong ? 2 + long + body.readUIntBE(2, long) : 2 + (body[1] ?? 0);
  return body.subarray(length).every((octet) => lineEnds.has(octet)) ? body.subarray(0, length) : body;
}

/** TBSCertList: version, algorithm, issuer, two times, entries, extensions. */
function readTbs(tbs: Buffer): RevocationList & { algorithm: Buffer } {
  const [version, algorithm, , thisUpdate, nextUpdate, ...tail] = members(tbs);
  if (version === undefined || integerHex(parse(version)) !== '01') throw new Error('not a version 2 list');
  if (algorithm === undefined || thisUpdate === undefined || nextUpdate === undefined || !isTime(nextUpdate))
    throw new Error('does not say until when it holds');
  const entries = tail[0]?.[0] === SEQUENCE ? tail.shift() : undefined;
  const wrapped = tail.shift();
  if (tail.length > 0) throw new Error('unknown members of the list');
  const extensions = extensionsOf(wrapped === undefined ? undefined : tagged(parse(wrapped), 0)?.[0]);
  assertComplete(extensions);
  const number = extensions.get(OID.crlNumber)?.value;
  return {
    algorithm,
    ...(number !== undefined && { number: BigInt(`0x${integerHex(parse(number))}`) }),
    thisUpdate: instant(parse(thisUpdate)),
    nextUpdate: instant(parse(nextUpdate)),
    revoked: new Set(entries === undefined ? [] : serialNumbers(entries)),
  };
}

/** Delta lists and distribution points are refused whether they are marked critical or not. */
function assertComplete(found: ReturnType<typeof extensionsOf>): void {
  const partial = found.has(OID.deltaCrlIndicator) || found.has(OID.issuingDistributionPoint);
  if (partial || [...found.values()].some(({ critical }) => critical)) throw new Error('a partial list');
}

function* serialNumbers(entries: Buffer): Generator<string> {
  for (const entry of members(entries)) {
    const [serial, , extensions] = members(entry);
    if (serial?.[0] !== INTEGER) throw new Error('an entry without a number');
    // An indirect list names another issuer in a critical extension of its entries.
    if (extensions !== undefined && hasCritical(extensions))
      throw new Error('an entry that is not understood');
    yield contents(serial).toString('hex');
  }
}

/** Whether one of the extensions says TRUE between its name and its value. */
function hasCritical(extensions: Buffer): boolean {
  for (const extension of members(extensions))
    for (const part of members(extension)) if (part[0] === BOOLEAN && part.at(-1) !== 0) return true;
  return false;
}

function isTime(value: Buffer): boolean {
  return value[0] === UTC_TIME || value[0] === GENERALIZED_TIME;
}

function parse(value: Buffer): ReturnType<typeof readDer> {
  return readDer(value, PART_LIMITS);
}
