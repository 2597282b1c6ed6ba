/**
 * Every receipt in every answer, verified as anybody could verify it, and then compared with the Journal: the entry it
 * shows must stand there, under a head that was committed.
 */
import type { EntityManager } from 'typeorm';
import { ReceiptError } from '#libs/journal/receipt-error.js';
import { verifyReceipt } from '#libs/journal/verify-receipt.js';
import { jwkSet, keysNewestFirst } from '#libs/acts/jwk-set.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { Answer } from './answers.js';

export interface Given {
  readonly receipt: Readonly<Record<string, unknown>>;
  /** The person it must be about. */
  readonly iin?: string;
  /** Where it was given. */
  readonly place: string;
}

/** Finds every receipt in answers, and the person each must be about. */
export class GivenReceipts {
  /** Application or check to the IIN it is about: later calls name only the id. */
  private readonly owners = new Map<string, string>();

  /** The receipts in these answers, in their order. */
  in(answers: readonly Answer[]): readonly Given[] {
    return answers.flatMap(({ route, url, status, text, iin, iinsByRef }) => {
      if (status >= 300 || !text.startsWith('{')) return [];
      const body = JSON.parse(text) as unknown;
      const named = url.split(/[/?]/).find((part) => this.owners.has(part));
      return this.receiptsIn(
        body,
        iin ?? (named === undefined ? undefined : this.owners.get(named)),
        `${status} ${route}`,
        iinsByRef,
      );
    });
  }

  /** Receipts at any depth; an object with an id that was met before is about its owner. */
  private receiptsIn(
    value: unknown,
    named: string | undefined,
    place: string,
    iinsByRef: Answer['iinsByRef'],
  ): readonly Given[] {
    if (typeof value !== 'object' || value === null) return [];
    const members = value as Readonly<Record<string, unknown>>;
    const iin = iinsByRef?.get(members['ref']) ?? named;
    const id = [members['applicationId'], members['checkId']].find((each) => typeof each === 'string');
    if (id !== undefined && iin !== undefined) this.owners.set(id, iin);
    const about = id === undefined ? iin : this.owners.get(id);
    return Object.entries(members).flatMap(([name, member]) =>
      name === 'receipt' && typeof member === 'object' && member !== null
        ? [{ receipt: member as Given['receipt'], place, ...(about !== undefined && { iin: about }) }]
        : this.receiptsIn(member, about, place, iinsByRef),
    );
  }
}

export class ReceiptAudit {
  private readonly given = new GivenReceipts();

  /** @param tx of a role that may read keys, entries and heads. */
  constructor(
    private readonly tx: EntityManager,
    private readonly log: { readonly origin: string; readonly issuer: string },
  ) {}

  /** What is wrong with the receipts in these answers, in words. */
  async faults(answers: readonly Answer[]): Promise<string[]> {
    const given = this.given.in(answers);
    if (given.length === 0) return [];
    const jwks = jwkSet(keysNewestFirst((await new RegistryReader({}).read(this.tx)).registry));
    const now = await this.now();
    const found: string[] = [];
    for (const { receipt, iin, place } of given) {
      const say = (what: string): unknown => found.push(`a receipt in ${place}: ${what}`);
      try {
        const { person } = await verifyReceipt(receipt, jwks, {
          now,
          ...this.log,
          ...(iin !== undefined && { iin }),
        });
        if (person === 'not-compared') say('nobody knows whom it is about');
        if (!(await this.isCommitted(receipt))) say('the Journal does not hold its entry and head');
      } catch (error) {
        if (!(error instanceof ReceiptError)) throw error;
        say(error.code);
      }
    }
    return found;
  }

  /** A head that was signed for a batch which never came to be would verify all the same. */
  private async isCommitted({ index, entry, head }: Given['receipt']): Promise<boolean> {
    const rows = await this.tx.query<object[]>(
      'SELECT FROM entries e, heads h WHERE e.index = $1 AND e.entry = $2 AND h.jws = $3 AND e.index < h.size',
      [index, entry, head],
    );
    return rows.length === 1;
  }

  /** Registry time in whole seconds. */
  private async now(): Promise<number> {
    const [clock] = await this.tx.query<{ now: number }[]>(
      'SELECT floor(extract(epoch FROM registry_now()))::float8 AS now',
    );
    return clock?.now ?? 0;
  }
}
