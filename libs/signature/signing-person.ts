/**
 * Whose certificate it is and what it may be used for. The IIN is taken from the DER subject alone; a
 * printed name is never searched, because whoever chooses a common name can write `IIN…` into it.
 */
import { Problem } from '#libs/problem/problem.js';
import { type Certificate, keyUsageOf, type NameAttribute, purposesOf } from './certificate.js';
import { isUnder, OID } from './oids.js';

/**
 * The twelve digits of the person a signing certificate was issued to.
 * @throws Problem `certificate-not-for-signing` for a certificate of sign-in, of an organisation, or without exactly
 * one IIN.
 */
export function signingPerson(certificate: Certificate): string {
  // What the authority gives for signing bears nonRepudiation, and what it gives for signing in does not. Beside it stood
  // keyEncipherment in 2022 and keyAgreement since, so neither tells anything. What certifies is an authority's.
  const usage = keyUsageOf(certificate);
  const signs = usage?.digitalSignature === true && usage.nonRepudiation && !usage.keyCertSign;
  const purposes = purposesOf(certificate);
  const personal =
    purposes.includes(OID.naturalPerson) && !purposes.some((purpose) => isUnder(purpose, OID.organisation));
  const iin = iinOf(certificate);
  if (!signs || !personal || iin === undefined) throw new Problem('certificate-not-for-signing');
  return iin;
}

/** The IIN, when the subject has exactly one serialNumber, alone in its relative name, and no BIN anywhere. */
function iinOf(certificate: Certificate): string | undefined {
  const names = certificate.subjectNames;
  const holders = names.filter((name) => name.some((attribute) => attribute.type === OID.serialNumber));
  const [holder, ...others] = holders;
  if (holder?.length !== 1 || others.length > 0 || names.flat().some(holdsBin)) return undefined;
  return /^IIN(\d{12})$/.exec(holder[0]?.text ?? '')?.[1];
}

/**
 * Without the zero bytes that BMPString and UniversalString put before each of these letters, a BIN is the same bytes in
 * every string type, known here or not.
 */
function holdsBin({ bytes }: NameAttribute): boolean {
  return /BIN\s*\d{12}/i.test(Buffer.from(bytes.filter((byte) => byte !== 0)).toString('latin1'));
}
