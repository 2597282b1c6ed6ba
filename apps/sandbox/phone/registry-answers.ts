/**
 * What a phone reads from the registry (API №1 and №2 of eGov Mobile), checked member by member, because a phone
 * believes nothing it fetched before it has the shape it knows.
 */
import { PhoneFailure } from './phone-failure.js';

/** The answer of API №1: who asks, and where the documents are. */
export interface Invitation {
  readonly description: string;
  readonly expiryDate: string;
  readonly organisation: Organisation;
  readonly uri: string;
  /** Absent where API №2 asks for no proof. */
  readonly authToken?: string;
}

export interface Organisation {
  readonly nameRu: string;
  readonly nameKz: string;
  readonly nameEn: string;
  readonly bin: string;
}

/** The answer of API №2 with all it says, and what is sent back with signatures as data. */
export interface Bundle {
  readonly signMethod: 'CMS_WITH_DATA' | 'CMS_SIGN_ONLY';
  readonly documentsToSign: readonly DocumentToSign[];
}

export interface DocumentToSign {
  readonly id: number | string;
  readonly nameRu: string;
  readonly nameKz: string;
  readonly nameEn: string;
  readonly meta?: readonly { readonly name: string; readonly value: string }[];
  /** Standard base64. */
  readonly document: { readonly file: { readonly mime: string; readonly data: string } };
}

/** @throws PhoneFailure naming the member that is wrong */
export function readInvitation(answer: unknown): Invitation {
  const organisation = memberOf(answer, 'organisation');
  const document = memberOf(answer, 'document');
  const authType = textOf(document, 'auth_type');
  // The third, `Eds`, wants a signed XML, and no key of a phone here signs in.
  if (authType !== 'Token' && authType !== 'None')
    throw new PhoneFailure('auth_type is neither Token nor None');
  return {
    description: textOf(answer, 'description'),
    expiryDate: textOf(answer, 'expiry_date'),
    organisation: { ...namesOf(organisation), bin: textOf(organisation, 'bin') },
    uri: textOf(document, 'uri'),
    ...(authType === 'Token' && { authToken: textOf(document, 'auth_token') }),
  };
}

/** @throws PhoneFailure naming the member that is wrong */
export function readBundle(answer: unknown): Bundle {
  const signMethod = textOf(answer, 'signMethod');
  if (signMethod !== 'CMS_WITH_DATA' && signMethod !== 'CMS_SIGN_ONLY')
    throw new PhoneFailure('signMethod is neither CMS_WITH_DATA nor CMS_SIGN_ONLY');
  const documentsToSign = listOf(answer, 'documentsToSign').map(readDocument);
  if (documentsToSign.length === 0) throw new PhoneFailure('there is nothing to sign');
  return { ...(answer as object), signMethod, documentsToSign };
}

function readDocument(answer: unknown): DocumentToSign {
  const id = memberOf(answer, 'id');
  if (typeof id !== 'number' && typeof id !== 'string') throw new PhoneFailure('id is no identifier');
  const file = memberOf(memberOf(answer, 'document'), 'file');
  const data = textOf(file, 'data');
  if (Buffer.from(data, 'base64').toString('base64') !== data) throw new PhoneFailure('data is not base64');
  const hasMeta = typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'meta');
  const meta = hasMeta ? listOf(answer, 'meta').map(readMeta) : undefined;
  return {
    ...(answer as object),
    id,
    ...namesOf(answer),
    ...(meta && { meta }),
    document: { file: { ...(file as object), mime: textOf(file, 'mime'), data } },
  };
}

function readMeta(item: unknown): { name: string; value: string } {
  return { name: textOf(item, 'name'), value: textOf(item, 'value') };
}

function namesOf(value: unknown): { nameRu: string; nameKz: string; nameEn: string } {
  return {
    nameRu: textOf(value, 'nameRu'),
    nameKz: textOf(value, 'nameKz'),
    nameEn: textOf(value, 'nameEn'),
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
    throw new PhoneFailure(`the registry's answer lacks ${name}`);
  return (value as Record<string, unknown>)[name];
}

function textOf(value: unknown, name: string): string {
  const member = memberOf(value, name);
  if (typeof member !== 'string') throw new PhoneFailure(`${name} is not a text`);
  return member;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const member = memberOf(value, name);
  if (!Array.isArray(member)) throw new PhoneFailure(`${name} is not a list`);
  return member;
}
