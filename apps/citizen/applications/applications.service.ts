/**
 * Opening an application: a short transaction of its own, because nothing is in force before a signature. The head of
 * the Journal is never touched here.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { assertNoIin } from '#libs/check/check.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { Journal } from '#libs/journal/journal.service.js';
import type { Party } from '#libs/party/party.js';
import { registryNow } from '#libs/party/parties.store.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import type { Rules } from '#libs/refusal/rules.js';
import type { Iin } from '#libs/subject/iin.js';
import { seal, type SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, type LookupKeys } from '#libs/subject/subject.js';
import { CITIZEN_RESOURCE, CitizenPresence, useUp } from '../session/citizen-presence.service.js';
import { KeptAnswers, keyedRequest } from '../session/kept-answers.service.js';
import type { Presence } from '../session/presence.js';
import { waitForTwin } from '../session/kept-answers.store.js';
import type { CitizenTables } from '../tables.store.js';
import {
  askOf,
  lawAt,
  movesOf,
  phoneMs,
  signableMs,
  type Ask,
  type Language,
  type Wish,
} from './application.js';
import { insertApplication } from './applications.store.js';
import { documentOf } from './document.js';
import { PHONE_LAUNCH_URL, phoneLinks, type PhoneLinks } from '../egov-mobile/phone-links.js';
import { phoneDocumentPlace, phoneHash, phoneKey, phoneToken } from '../egov-mobile/phone-secret.js';
import { PeopleService } from './people.service.js';
import type { OpenPerson, Person } from '#libs/subject/person.js';
import { documentPlace } from './person-secrets.js';

export interface OpenRequest extends Wish {
  readonly citizenAssertion?: unknown;
  readonly language: Language;
}

/** The answer: the exact bytes to sign, and the way to a phone. */
export interface Opened {
  readonly applicationId: string;
  readonly kind: 'place' | 'lift';
  /** Standard base64. */
  readonly document: string;
  /** base64url. */
  readonly documentSha256: string;
  readonly expiresAt: string;
  readonly egovMobile: PhoneLinks;
}

const route = 'POST /v1/applications';

@Injectable()
export class ApplicationsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Journal) private readonly journal: Journal<CitizenTables, Rules>,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(CITIZEN_RESOURCE) readonly publicBase: string,
    @Inject(PHONE_LAUNCH_URL) readonly launchUrl: string,
    @Inject(PeopleService) private readonly people: PeopleService,
    @Inject(CitizenPresence) private readonly presence: CitizenPresence,
    @Inject(KeptAnswers) private readonly kept: KeptAnswers,
  ) {}

  /**
   * Opens an application, or gives again what the same request opened.
   * @throws Problem `citizen-assertion-missing`, `citizen-not-present`, `reference-holds-iin`,
   *   `idempotency-key-reused`, `lock-not-allowed`, `return-not-allowed`, `refusal-already-in-force`, `no-refusal-in-force`, `lift-already-pending`
   */
  async open(
    channel: Party,
    wish: OpenRequest,
    idempotent: IdempotentRequest,
  ): Promise<{ readonly answer: Opened; readonly isReplay: boolean }> {
    const request = keyedRequest(channel.clientId, route, idempotent);
    // Before the assertion is looked at: in a replay it is used up, and may be days old.
    const before = await this.kept.find<Opened>(request);
    if (before !== undefined) return { answer: before.answer, isReplay: true };
    const presence = await this.presence.verify(channel, wish.citizenAssertion);
    assertNoIin(presence.citizen.iin, { 'Idempotency-Key': request.key });
    return this.dataSource.transaction(async (tx) => {
      const twins = await this.kept.findAfterTwin<Opened>(request, tx);
      if (twins !== undefined) return { answer: twins, isReplay: true };
      await useUp(tx, presence);
      const opened = await this.openFor(tx, presence, wish);
      await this.kept.keep(tx, request, opened.at, opened);
      return { answer: opened.answer, isReplay: false };
    });
  }

  private async openFor(
    tx: EntityManager,
    { citizen }: Presence,
    wish: OpenRequest,
  ): Promise<{ answer: Opened; at: number; personId: string; key: SealingKey }> {
    const { person, key } = await this.personOf(tx, citizen.iin);
    // Read in the person's turn: the application opened last is the one that stays open.
    const at = Math.trunc(await registryNow(tx));
    const refusal = await refusalOf(tx, this.keys, citizen.iin);
    const law = lawAt(this.journal.rules().regime, at);
    const ask = askOf(wish, refusal, law);
    movesOf(ask, refusal, law.liftDelayHours, at);
    const waitHours = Math.max(ask.lockHours, law.liftDelayHours);
    const opened = this.opened(ask, { citizen, language: wish.language, waitHours, at, person, key });
    await insertApplication(tx, opened.row);
    return { answer: opened.answer, at, personId: person.personId, key };
  }

  private opened(
    ask: Ask,
    of: {
      readonly citizen: Presence['citizen'];
      readonly language: Language;
      readonly waitHours: number;
      readonly at: number;
      readonly person: Person;
      readonly key: SealingKey;
    },
  ): { row: Parameters<typeof insertApplication>[1]; answer: Opened } {
    const { citizen, language, at, person } = of;
    const uuid = newUuid(at);
    const applicationId = uuidToId('app', uuid);
    const expiresAt = at + signableMs;
    const { iin, channel, method } = citizen;
    const document = documentOf({
      ...{ applicationId, ask, iin, nonce: randomBytes(32), openedAt: at, expiresAt },
      ...{ channel, language, waitHours: of.waitHours },
    });
    const documentSha256 = createHash('sha256').update(document).digest();
    const secret = randomBytes(32).toString('base64url');
    return {
      row: {
        ...ask,
        ...{
          uuid,
          personId: person.personId,
          subject: person.subject,
          channel,
          identifiedBy: method,
          language,
        },
        ...{ documentSha256, openedAt: at, expiresAt, phoneExpiresAt: at + phoneMs },
        sealedDocument: seal(of.key, documentPlace(uuid), document, randomBytes),
        phoneDocument: seal(phoneKey(phoneToken(secret)), phoneDocumentPlace(uuid), document, randomBytes),
        phoneSecretSha256: phoneHash(secret),
      },
      answer: {
        applicationId,
        kind: ask.kind,
        document: document.toString('base64'),
        documentSha256: documentSha256.toString('base64url'),
        expiresAt: formatInstant(expiresAt),
        egovMobile: phoneLinks(this, secret),
      },
    };
  }

  /** The person, whose turn it is until the end of the transaction. */
  private async personOf(tx: EntityManager, iin: Iin): Promise<OpenPerson> {
    const [newest] = subjectsOf(this.keys, iin);
    assert(newest !== undefined);
    // One opening at a time for one person, or two would leave two open applications.
    await waitForTwin(tx, `opening for ${newest.bytes.toString('base64url')}`);
    return this.people.openOrAdd(tx, iin);
  }
}
