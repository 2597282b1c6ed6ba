/**
 * What a parsed ASN.1 value must be to be used: each reader takes the node where one kind of value is expected and
 * throws at every other, so that a caller reads like the ASN.1 module it follows.
 */
import { BitString, type BaseBlock, GeneralizedTime, Integer, ObjectIdentifier } from 'asn1js';
import { Constructed, OctetString, Sequence, Set as AsnSet, UTCTime } from 'asn1js';

/** The exact bytes a value was read from, tag and length included. */
export function raw(node: BaseBlock): Buffer {
  return Buffer.from(node.valueBeforeDecodeView);
}

/** The members of a SEQUENCE. @throws Error when `node` is something else. */
export function sequence(node: BaseBlock | undefined): readonly BaseBlock[] {
  if (!(node instanceof Sequence)) throw new Error('a SEQUENCE was expected');
  return node.valueBlock.value;
}

/** The members of a SET. @throws Error when `node` is something else. */
export function set(node: BaseBlock | undefined): readonly BaseBlock[] {
  if (!(node instanceof AsnSet)) throw new Error('a SET was expected');
  return node.valueBlock.value;
}

/** The members of a constructed `[tag]`, or undefined when `node` is something else. */
export function tagged(node: BaseBlock | undefined, tag: number): readonly BaseBlock[] | undefined {
  const fits = node instanceof Constructed && node.idBlock.tagClass === 3 && node.idBlock.tagNumber === tag;
  return fits ? node.valueBlock.value : undefined;
}

/** An object identifier in dotted form. @throws Error when `node` is something else. */
export function oid(node: BaseBlock | undefined): string {
  if (!(node instanceof ObjectIdentifier)) throw new Error('an OBJECT IDENTIFIER was expected');
  return node.valueBlock.toString();
}

/** The bytes of an OCTET STRING. @throws Error when `node` is something else. */
export function octets(node: BaseBlock | undefined): Buffer {
  if (!(node instanceof OctetString)) throw new Error('an OCTET STRING was expected');
  return Buffer.from(node.valueBlock.valueHexView);
}

/** The bytes of a BIT STRING without unused bits, as keys and signatures are. */
export function wholeBits(node: BaseBlock | undefined): Buffer {
  if (!(node instanceof BitString) || node.valueBlock.unusedBits !== 0)
    throw new Error('a BIT STRING was expected');
  return Buffer.from(node.valueBlock.valueHexView);
}

/** The content bytes of an INTEGER in lower-case hex, two's complement as DER has them. */
export function integerHex(node: BaseBlock | undefined): string {
  if (!(node instanceof Integer)) throw new Error('an INTEGER was expected');
  return Buffer.from(node.valueBlock.valueHexView).toString('hex');
}

/** A UTCTime or GeneralizedTime in the one form RFC 5280 allows (seconds, `Z`), in ms since the epoch. */
export function instant(node: BaseBlock | undefined): number {
  if (!(node instanceof UTCTime)) throw new Error('a time was expected');
  const text = raw(node).subarray(2).toString('latin1');
  const year = node instanceof GeneralizedTime ? 4 : 2;
  const rest = /^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\dZ$/;
  if (!/^\d+$/.test(text.slice(0, year)) || !rest.test(text.slice(year)))
    throw new Error('not a time as RFC 5280 writes it');
  return node.toDate().getTime();
}
