/**
 * eGov Mobile's protocol as the phone speaks it: API №1 tells where the document is and hands out a token, API №2
 * gives the document and takes it back signed. Shapes and member names are the phone's, not ours.
 */
import { formatInstant } from '#libs/journal/instant.js';
import { uuidToId } from '#libs/journal/id.js';
import type { Application, ApplicationKind } from '../applications/application.js';

export interface Organisation {
  readonly nameRu: string;
  readonly nameKz: string;
  readonly nameEn: string;
  readonly bin: string;
}

/** API №1. */
export interface PhoneInvitation {
  readonly description: string;
  readonly expiry_date: string;
  readonly organisation: Organisation;
  readonly document: { readonly uri: string; readonly auth_type: 'Token'; readonly auth_token: string };
}

/** API №2, in both directions. */
export interface PhoneDocuments {
  readonly signMethod: 'CMS_WITH_DATA';
  readonly version: 1;
  readonly documentsToSign: readonly PhoneDocument[];
}

export interface PhoneDocument {
  readonly id: number;
  readonly nameRu: string;
  readonly nameKz: string;
  readonly nameEn: string;
  readonly meta: readonly { readonly name: string; readonly value: string }[];
  readonly document: { readonly file: { readonly mime: string; readonly data: string } };
}

const names: Readonly<Record<ApplicationKind, Pick<PhoneDocument, 'nameRu' | 'nameKz' | 'nameEn'>>> = {
  place: {
    nameKz: 'Бас тартуды белгілеу туралы өтініш',
    nameRu: 'Заявление: установить отказ',
    nameEn: 'Application to place the refusal',
  },
  lift: {
    nameKz: 'Бас тартуды алып тастау туралы өтініш',
    nameRu: 'Заявление: снять отказ',
    nameEn: 'Application to lift the refusal',
  },
};
const inLanguage = { kk: 'nameKz', ru: 'nameRu', en: 'nameEn' } as const;

/** Where API №2 of an application is. */
function documentUri(publicBase: string, uuid: string): string {
  return `${publicBase}/egov-mobile/documents/${uuidToId('app', uuid)}`;
}

export function invitationOf(
  application: Application,
  organisation: Organisation,
  publicBase: string,
  token: string,
): PhoneInvitation {
  return {
    description: names[application.kind][inLanguage[application.language]],
    expiry_date: formatInstant(application.expiresAt),
    organisation,
    document: { uri: documentUri(publicBase, application.uuid), auth_type: 'Token', auth_token: token },
  };
}

/** @param document the exact bytes to sign */
export function phoneDocuments(application: Application, document: Buffer): PhoneDocuments {
  const { statement } = JSON.parse(document.toString('utf8')) as { readonly statement: string };
  return {
    signMethod: 'CMS_WITH_DATA',
    version: 1,
    documentsToSign: [
      {
        id: 1,
        ...names[application.kind],
        meta: [{ name: names[application.kind][inLanguage[application.language]], value: statement }],
        document: { file: { mime: 'text/plain', data: document.toString('base64') } },
      },
    ],
  };
}

/** The CMS in what the phone brought back, base64; undefined when it is not the one document we gave it, signed. */
export function signatureIn(body: unknown): string | undefined {
  const documents = member(body, 'documentsToSign');
  if (!Array.isArray(documents) || documents.length !== 1) return undefined;
  const [first] = documents as readonly unknown[];
  const data = member(member(member(first, 'document'), 'file'), 'data');
  return typeof data === 'string' && member(first, 'id') === 1 ? data : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
