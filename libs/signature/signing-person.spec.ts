/** Whose certificate it is, and for what. */
import 'reflect-metadata';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import type { CertificateWish, Credential } from '../../apps/sandbox/nca/issue.js';
import { issueAuth, issueOrganisation, PURPOSE } from '../../apps/sandbox/nca/nca.js';
import { buildCms } from '../../test/support/hostile-cms.js';
import {
  AT,
  DAY_MS,
  DOCUMENT,
  IIN,
  makeScene,
  OTHER_IIN,
  type Scene,
} from '../../test/support/signing-scene.js';
import { verifySignature } from './verify-signature.js';

const { digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement } =
  x509.KeyUsageFlags;
const BIN = '990140000000';
let scene: Scene;
beforeAll(async () => {
  scene = await makeScene();
});

const iinOf = async (signer: Credential): Promise<string> => {
  const cms = buildCms({ signer, document: DOCUMENT });
  return (await verifySignature({ cms, document: DOCUMENT, at: AT, trust: scene.trust })).iin;
};

type Name = x509.JsonNameParams;
const named = (...subject: Name): Partial<CertificateWish> => ({
  subject: [{ CN: ['ТЕСТ ӘСЕМ'] }, ...subject],
});
const number = (text: string): Name[number] => ({ '2.5.4.5': [{ printableString: text }] });
const used = (flags: number, ...purposes: string[]): Partial<CertificateWish> => ({
  extensions: [
    new x509.KeyUsagesExtension(flags, true),
    ...(purposes.length > 0 ? [new x509.ExtendedKeyUsageExtension(purposes)] : []),
  ],
});
const SIGNS = digitalSignature | nonRepudiation;
const EMAIL = '1.3.6.1.5.5.7.3.4';

const refusedNames: [string, () => Partial<CertificateWish>][] = [
  ['without a number', () => named({ C: ['KZ'] })],
  ['with the number in the common name only', () => ({ subject: [{ CN: [`IIN${IIN}`] }] })],
  [
    'with the number in the common name and another kind of number',
    () => ({ subject: [{ CN: [`IIN${IIN}`] }, number('PNO-1')] }),
  ],
  [
    'with a common name that prints like a number of its own',
    () => ({ subject: [{ CN: [`x, SERIALNUMBER=IIN${IIN}`] }] }),
  ],
  ['with a BIN for a number', () => named(number(`BIN${BIN}`))],
  ['with a BIN beside the IIN', () => named(number(`IIN${IIN}`), number(`BIN${BIN}`))],
  ['with a BIN before the IIN', () => named(number(`BIN${BIN}`), number(`IIN${IIN}`))],
  ['with a BIN as its unit', () => named(number(`IIN${IIN}`), { OU: [`BIN${BIN}`] })],
  ...(['bmpString', 'universalString', 'ia5String', 'utf8String'] as const).map(
    (type): [string, () => Partial<CertificateWish>] => [
      `with a BIN as its unit in a ${type}`,
      () => named(number(`IIN${IIN}`), { OU: [{ [type]: `BIN${BIN}` }] } as Name[number]),
    ],
  ),
  ['with a BIN among other words', () => named(number(`IIN${IIN}`), { O: [`ЖШС, bin ${BIN}`] })],
  ['with two people in it', () => named(number(`IIN${IIN}`), number(`IIN${OTHER_IIN}`))],
  ['with the same person twice', () => named(number(`IIN${IIN}`), number(`IIN${IIN}`))],
  [
    'with the number beside another in one relative name',
    () => named({ ...number(`IIN${IIN}`), '2.5.4.42': [{ printableString: 'x' }] } as Name[number]),
  ],
  [
    'with two numbers in one relative name',
    () => named({ '2.5.4.5': [{ printableString: `IIN${IIN}` }, { printableString: `IIN${OTHER_IIN}` }] }),
  ],
  ['with eleven digits', () => named(number(`IIN${IIN.slice(1)}`))],
  ['with thirteen digits', () => named(number(`IIN${IIN}0`))],
  ['with a prefix before the prefix', () => named(number(`XIIN${IIN}`))],
  ['with a space after the number', () => named(number(`IIN${IIN} `))],
  ['with a line end after the number', () => named({ '2.5.4.5': [{ utf8String: `IIN${IIN}\n` }] })],
  ['with the prefix in small letters', () => named(number(`iin${IIN}`))],
  ['with the digits alone', () => named(number(IIN))],
  ['with digits of another script', () => named({ '2.5.4.5': [{ utf8String: `IIN${'٠'.repeat(12)}` }] })],
  ['with a number in a string of another type', () => named({ '2.5.4.5': [{ bmpString: `IIN${IIN}` }] })],
  ['with a number under a similar type', () => named({ '2.5.4.97': [{ printableString: `IIN${IIN}` }] })],
];

const refusedUses: [string, () => Partial<CertificateWish>][] = [
  [
    'without key usage',
    () => ({ extensions: [new x509.ExtendedKeyUsageExtension([PURPOSE.naturalPerson])] }),
  ],
  ['for digital signatures only', () => used(digitalSignature, PURPOSE.naturalPerson)],
  ['for non-repudiation only', () => used(nonRepudiation, PURPOSE.naturalPerson)],
  [
    'for signing in, as the authority issues it',
    () => used(digitalSignature | keyEncipherment, PURPOSE.naturalPerson),
  ],
  ['without purposes', () => used(SIGNS)],
  ['for mail only', () => used(SIGNS, EMAIL)],
  ['for any purpose', () => used(SIGNS, '2.5.29.37.0')],
  ['of an organisation', () => used(SIGNS, EMAIL, PURPOSE.organisation)],
  ['of a person and an organisation', () => used(SIGNS, PURPOSE.naturalPerson, PURPOSE.organisation)],
  [
    "of a person and an organisation's signer",
    () => used(SIGNS, PURPOSE.naturalPerson, PURPOSE.organisationSigner),
  ],
  [
    'of a person and a role nobody has heard of in an organisation',
    () => used(SIGNS, PURPOSE.naturalPerson, `${PURPOSE.organisation}.99`),
  ],
  ["with a purpose that only begins like a person's", () => used(SIGNS, `${PURPOSE.naturalPerson}.1`)],
  ["with a purpose a digit longer than a person's", () => used(SIGNS, `${PURPOSE.naturalPerson}1`)],
  [
    'with key usage that is no bit string',
    () => ({
      extensions: [
        new x509.Extension('2.5.29.15', true, Buffer.from('0401c0', 'hex')),
        new x509.ExtendedKeyUsageExtension([PURPOSE.naturalPerson]),
      ],
    }),
  ],
];

describe('a certificate signs for a person', () => {
  it.each([...refusedNames, ...refusedUses])('not %s', async (_row, wish) => {
    await expect(iinOf(await scene.certify(wish()))).rejects.toThrow('certificate-not-for-signing');
  });

  it('not when the authority issued it for signing in, or for an organisation', async () => {
    const wish = {
      iin: IIN,
      name: { surname: 'ТЕСТ', given: 'ӘСЕМ' },
      keyKind: 'ec' as const,
      at: AT - DAY_MS,
    };
    const auth = await issueAuth(scene.authority, wish);
    const organisation = await issueOrganisation(scene.authority, {
      ...wish,
      organisation: { name: 'ЖШС', bin: BIN },
    });
    await expect(iinOf(auth)).rejects.toThrow('certificate-not-for-signing');
    await expect(iinOf(organisation)).rejects.toThrow('certificate-not-for-signing');
  });

  it.each([
    ['as the authority writes it', () => ({})],
    ['when the number is in UTF-8', () => named({ '2.5.4.5': [{ utf8String: `IIN${IIN}` }] })],
    [
      'whatever the common name says',
      () => ({ subject: [{ CN: [`IIN${OTHER_IIN}`] }, number(`IIN${IIN}`)] }),
    ],
    [
      'when it may also encrypt keys, as the authority had it in 2022',
      () => used(SIGNS | keyEncipherment, PURPOSE.naturalPerson),
    ],
    [
      'when it may also agree on keys, as the authority has it since',
      () => used(SIGNS | keyAgreement, PURPOSE.naturalPerson),
    ],
    ['when it may also encrypt data', () => used(SIGNS | dataEncipherment, PURPOSE.naturalPerson)],
    [
      "when a purpose only looks like an organisation's",
      () => used(SIGNS, PURPOSE.naturalPerson, `${PURPOSE.organisation}0`),
    ],
  ])('%s', async (_row, wish) => {
    expect(await iinOf(await scene.certify(wish()))).toBe(IIN);
  });
});
