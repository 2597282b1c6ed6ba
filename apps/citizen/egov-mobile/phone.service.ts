/** A citizen's phone: lets in whoever scans the QR code first, shows the document, and signs through the same door. */
import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { uuidToId } from '#libs/journal/id.js';
import { IDENTITY_KEY } from '#libs/platform/registry-tokens.js';
import { Problem } from '#libs/problem/problem.js';
import { unseal, type SealingKey } from '#libs/subject/seal.js';
import { mustBeOpen } from '../applications/application.js';
import {
  applicationByPhoneToken,
  applicationByUuid,
  takePhoneSecret,
  type FoundApplication,
} from '../applications/applications.store.js';
import { keyOf } from '#libs/subject/person.js';
import { documentPlace } from '../applications/person-secrets.js';
import { SigningService } from '../applications/signing.service.js';
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

/** Both the secret and the token: 32 bytes in base64url. */
const secretShape = /^[A-Za-z0-9_-]{43}$/;

@Injectable()
export class PhoneService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(IDENTITY_KEY) private readonly identity: SealingKey,
    @Inject(CITIZEN_RESOURCE) private readonly publicBase: string,
    @Inject(ORGANISATION) private readonly organisation: Organisation,
    @Inject(SigningService) private readonly signing: SigningService,
  ) {}

  /** API №1, once per secret. @throws Problem `not-permitted` for a secret that is wrong, used or older than 180 s. */
  async invite(secret: string): Promise<PhoneInvitation> {
    const token = randomBytes(32).toString('base64url');
    const tx = this.dataSource.manager;
    const uuid = secretShape.test(secret)
      ? await takePhoneSecret(tx, sha256(secret), sha256(token))
      : undefined;
    const found = uuid === undefined ? undefined : await applicationByUuid(tx, uuid);
    if (found === undefined) throw new Problem('not-permitted');
    return invitationOf(found.application, this.organisation, this.publicBase, token);
  }

  /** API №2: what to sign. @throws Problem `not-permitted`, `application-expired`, `application-void` */
  async document(applicationId: string, authorization: string | undefined): Promise<PhoneDocuments> {
    const { application, person, sealedDocument, at } = await this.found(applicationId, authorization);
    if (application.stored === 'signed') throw new Problem('not-permitted');
    mustBeOpen(application, undefined, at);
    const key = keyOf(this.identity, person);
    return phoneDocuments(application, unseal(key, documentPlace(application.uuid), sealedDocument));
  }

  /** API №2: the signed document comes back. @throws Problem `not-permitted`, `request-malformed`, those of signing */
  async sign(applicationId: string, authorization: string | undefined, body: unknown): Promise<void> {
    const found = await this.found(applicationId, authorization);
    const cms = signatureIn(body);
    if (cms === undefined) throw new Problem('request-malformed');
    await this.signing.sign(found, cms);
  }

  private async found(applicationId: string, authorization: string | undefined): Promise<FoundApplication> {
    const token = /^Bearer ([A-Za-z0-9_-]{43})$/i.exec(authorization ?? '')?.[1];
    const found =
      token === undefined ? undefined : await applicationByPhoneToken(this.dataSource.manager, sha256(token));
    if (found === undefined || uuidToId('app', found.application.uuid) !== applicationId)
      throw new Problem('not-permitted');
    return found;
  }
}

/** Kept instead of the text: whoever reads the table can use neither. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
