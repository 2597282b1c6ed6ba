/** A citizen's phone: lets in whoever scans the QR code first, shows the document, and signs through the same door. */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { uuidToId } from '#libs/journal/id.js';
import { Problem } from '#libs/problem/problem.js';
import { unseal } from '#libs/subject/seal.js';
import { mustBeOpen } from '../applications/application.js';
import {
  applicationByPhoneToken,
  applicationByUuid,
  takePhoneSecret,
  type FoundApplication,
} from '../applications/applications.store.js';
import { SigningService } from '../applications/signing.service.js';
import { isPhoneSecret, phoneDocumentPlace, phoneHash, phoneKey, phoneToken } from './phone-secret.js';
import { CITIZEN_RESOURCE } from '../session/citizen-presence.service.js';
import {
  invitationOf,
  phoneDocuments,
  signatureIn,
  type Organisation,
  type PhoneDocuments,
  type PhoneInvitation,
} from './phone.js';

/** Injection token of the `Organisation` shown on the phone. */
export const ORGANISATION = Symbol('ORGANISATION');

@Injectable()
export class PhoneService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CITIZEN_RESOURCE) private readonly publicBase: string,
    @Inject(ORGANISATION) private readonly organisation: Organisation,
    @Inject(SigningService) private readonly signing: SigningService,
  ) {}

  /** API №1, once per secret. @throws Problem `not-permitted` for a secret that is wrong, used or older than 180 s. */
  async invite(secret: string): Promise<PhoneInvitation> {
    if (!isPhoneSecret(secret)) throw new Problem('not-permitted');
    const token = phoneToken(secret);
    const tx = this.dataSource.manager;
    const uuid = await takePhoneSecret(tx, phoneHash(secret), phoneHash(token));
    const found = uuid === undefined ? undefined : await applicationByUuid(tx, uuid);
    if (found === undefined) throw new Problem('not-permitted');
    return invitationOf(found.application, this.organisation, this.publicBase, token);
  }

  /** API №2: what to sign. @throws Problem `not-permitted`, `application-expired`, `application-void` */
  async document(applicationId: string, authorization: string | undefined): Promise<PhoneDocuments> {
    const { found, document } = await this.opened(applicationId, authorization);
    const { application, at } = found;
    if (application.stored === 'signed' || document === undefined) throw new Problem('not-permitted');
    mustBeOpen(application, undefined, at);
    return phoneDocuments(application, document);
  }

  /** API №2: the signed document comes back. @throws Problem `not-permitted`, `request-malformed`, those of signing */
  async sign(
    applicationId: string,
    authorization: string | undefined,
    body: unknown,
    gone: AbortSignal,
  ): Promise<void> {
    const { found } = await this.opened(applicationId, authorization);
    const cms = signatureIn(body);
    if (cms === undefined) throw new Problem('request-malformed');
    await this.signing.sign(found, cms, gone);
  }

  /** Before the body is read. @throws Problem `not-permitted` */
  async mustBeKnown(applicationId: string, authorization: string | undefined): Promise<void> {
    await this.opened(applicationId, authorization);
  }

  /** The application of a token, with the document once it is the token of its QR code; a signed one has none any more. */
  private async opened(
    applicationId: string,
    authorization: string | undefined,
  ): Promise<{ readonly found: FoundApplication; readonly document: Buffer | undefined }> {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined || !isPhoneSecret(token)) throw new Problem('not-permitted');
    const found = await applicationByPhoneToken(this.dataSource.manager, phoneHash(token));
    if (found === undefined || uuidToId('app', found.application.uuid) !== applicationId)
      throw new Problem('not-permitted');
    const { application, phoneDocument } = found;
    if (phoneDocument === undefined) return { found, document: undefined };
    try {
      const place = phoneDocumentPlace(application.uuid);
      return { found, document: unseal(phoneKey(token), place, phoneDocument) };
    } catch (cause) {
      // The row names a token that is not the one of its QR code: it was altered.
      throw new Problem('not-permitted', { cause });
    }
  }
}
