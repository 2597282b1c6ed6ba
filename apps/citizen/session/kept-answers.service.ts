/**
 * Answers kept under their Idempotency-Key: sealed under the key of the person they are about, because they hold what
 * the person signs. Whatever was answered once is answered again, also when the assertion in the body has been used.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { idempotencyName, type IdempotencyRow } from '#libs/journal/idempotency.store.js';
import { keptKey, type KeyedRequest } from '#libs/journal/idempotent.service.js';
import { registryNow } from '#libs/party/parties.store.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { Problem } from '#libs/problem/problem.js';
import { seal, unseal, type Random, type SealingKey } from '#libs/subject/seal.js';
import { PeopleService } from '../applications/people.service.js';
import { personById } from '../applications/people.store.js';
import { answerPlace } from '../applications/person-secrets.js';
import { keepAnswer, keptAnswer, waitForTwin } from './kept-answers.store.js';

/** By how much the clock of a process that appends may be ahead of the database's. */
const maxSkewMs = 1000;

/** @param route `POST /v1/applications` */
export function keyedRequest(
  party: string,
  route: string,
  { key, bodyHmac }: IdempotentRequest,
): KeyedRequest {
  return { app: 'citizen', party, route, key, bodyHmac };
}

/** The row of an answer. @param at registry time, ms */
export function keptRow(
  request: KeyedRequest,
  at: number,
  kept: {
    readonly personId: string;
    readonly key: SealingKey;
    readonly answer: object;
    readonly random: Random;
  },
): IdempotencyRow {
  const plain = Buffer.from(JSON.stringify(kept.answer));
  const answer = seal(kept.key, answerPlace(idempotencyName(request)), plain, kept.random);
  return keptKey(request, at, { personId: kept.personId, answer });
}

@Injectable()
export class KeptAnswers {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(PeopleService) private readonly people: PeopleService,
  ) {}

  /**
   * What this request was answered before, with its row; undefined for a new one.
   * @throws Problem `idempotency-key-reused` when the key came with another body.
   */
  async find<A>(
    request: KeyedRequest,
    tx: EntityManager = this.dataSource.manager,
  ): Promise<{ readonly answer: A; readonly row: IdempotencyRow } | undefined> {
    // By the database's clock and a little ahead, because the clock that dated the row may be: around midnight it
    // would otherwise be looked for in yesterday's partition.
    const row = await keptAnswer(tx, request, (await registryNow(tx)) + maxSkewMs);
    if (row === undefined) return undefined;
    if (!request.bodyHmac.equals(row.bodyHmac)) throw new Problem('idempotency-key-reused');
    assert(row.personId !== undefined && row.answer !== undefined, 'a kept answer without its answer');
    const person = await personById(tx, row.personId);
    assert(person !== undefined, 'a kept answer of nobody');
    const opened = await this.people.open(tx, person);
    assert(opened !== undefined, 'a kept answer of a person whose row does not open');
    const plain = unseal(opened.key, answerPlace(idempotencyName(request)), row.answer);
    return { answer: JSON.parse(plain.toString('utf8')) as A, row };
  }

  /** The same after waiting for a request of the same name that is still being answered. */
  async findAfterTwin<A>(request: KeyedRequest, tx: EntityManager): Promise<A | undefined> {
    await waitForTwin(tx, idempotencyName(request));
    return (await this.find<A>(request, tx))?.answer;
  }

  /** Keeps an answer in the transaction that made it. */
  async keep(
    tx: EntityManager,
    request: KeyedRequest,
    at: number,
    kept: { readonly personId: string; readonly key: SealingKey; readonly answer: object },
  ): Promise<void> {
    await keepAnswer(tx, keptRow(request, at, { ...kept, random: randomBytes }));
  }
}
