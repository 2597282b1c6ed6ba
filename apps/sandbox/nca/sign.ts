/**
 * A person's signature as `openssl cms -sign -binary` makes it: SignedData with one signer, content type, signing time
 * and digest as signed attributes. Used by the phone and the tests; made with pkijs, so that what verifies it is not
 * the code that made it.
 */
import { createHash, X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { signingKey } from './issue.js';

export interface SignWish {
  readonly document: Buffer;
  readonly certPem: string;
  readonly keyPem: string;
  /** Signing time in ms; only a claim of the signer. */
  readonly at: number;
  /** Default false: the document is inside. */
  readonly detached?: boolean;
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
}

const ID_DATA = '1.2.840.113549.1.7.1';
const ID_SIGNED_DATA = '1.2.840.113549.1.7.2';

/** The CMS in DER. */
export async function signDocument(wish: SignWish): Promise<Buffer> {
  const hash = wish.hash ?? 'SHA-256';
  const certificate = pkijs.Certificate.fromBER(new X509Certificate(wish.certPem).raw);
  const encapContentInfo = new pkijs.EncapsulatedContentInfo({ eContentType: ID_DATA });
  // Set afterwards, because the constructor would cut the content into BER fragments.
  if (wish.detached !== true) encapContentInfo.eContent = new asn1js.OctetString({ valueHex: wish.document });
  const signedData = new pkijs.SignedData({
    version: 1,
    encapContentInfo,
    certificates: [certificate],
    signerInfos: [
      new pkijs.SignerInfo({
        version: 1,
        sid: new pkijs.IssuerAndSerialNumber({
          issuer: certificate.issuer,
          serialNumber: certificate.serialNumber,
        }),
        signedAttrs: new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes: attributes(wish, hash) }),
      }),
    ],
  });
  await signedData.sign(await signingKey(wish.keyPem, hash), 0, hash, wish.document);
  const contentInfo = new pkijs.ContentInfo({
    contentType: ID_SIGNED_DATA,
    content: signedData.toSchema(true),
  });
  return Buffer.from(contentInfo.toSchema().toBER());
}

/** In the order DER puts them in: shorter ones first. */
function attributes({ document, at }: SignWish, hash: string): pkijs.Attribute[] {
  const digest = createHash(hash.replace('-', '').toLowerCase()).update(document).digest();
  const attribute = (type: string, value: asn1js.BaseBlock): pkijs.Attribute =>
    new pkijs.Attribute({ type, values: [value] });
  return [
    attribute('1.2.840.113549.1.9.3', new asn1js.ObjectIdentifier({ value: ID_DATA })),
    attribute('1.2.840.113549.1.9.5', new asn1js.UTCTime({ valueDate: new Date(at) })),
    attribute('1.2.840.113549.1.9.4', new asn1js.OctetString({ valueHex: digest })),
  ];
}
