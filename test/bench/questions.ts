/**
 * What the hammer asks, and whether an answer is right. Each answer is looked at: its status, that it repeats the
 * question's own reference, and the verdict that must come. Of some the receipt is verified whole, while the load runs.
 */
import { randomBytes } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { verifyReceipt } from '#libs/journal/verify-receipt.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import type { Job, People } from './job.js';
import { signProofs } from './proofs.js';

/** One person to ask about, with the answer that must come. */
export interface Asked {
  readonly iin: string;
  readonly verdict: 'clear' | 'refused';
}

const verdict = Buffer.from(',"verdict":"');

/** Enough that neither side can keep them all in a cache of its own by chance. */
const strangers = 20_000;
/** About three million of twenty have a refusal. */
const refusedOfTwenty = 3;

/** People in random order: those of the sandbox, those with a loaded refusal, and those nobody knows. */
export function peopleToAsk({ citizens, refused, seed }: People): readonly Asked[] {
  const anybody = (): number => Math.floor(Math.random() * strangers * 50);
  const some = Array.from({ length: strangers }, (_, place): Asked => {
    const isRefused = refused > 0 && place % 20 < refusedOfTwenty;
    const number = isRefused ? Math.floor(Math.random() * refused) : refused + anybody();
    return { iin: iinOfPerson(number, seed), verdict: isRefused ? 'refused' : 'clear' };
  });
  // Each of the sandbox's own comes as often as one in a hundred.
  return some.map((person, place) =>
    place % 100 === 0 ? (citizens[(place / 100) % citizens.length] ?? person) : person,
  );
}

/** Requests by number, and what is to be said of their answers. */
export interface Asking {
  /** How many answers were verified whole. */
  readonly verified: number;
  /** The text of a whole request; undefined when there are no more. */
  request(number: number): string | undefined;
  /** What is wrong with an answer; undefined when nothing is. */
  faultOf(number: number, status: number, body: Buffer): string | undefined;
  /** Verifies what the answer, or one item of a batch, proves. @throws when it proves nothing or something else */
  verify(number: number, body: string): Promise<void>;
}

/** Checks, one by one or in batches. */
export class Questions implements Asking {
  verified = 0;
  private readonly run = randomBytes(6).toString('hex');
  private readonly head: string;
  private readonly proofs: readonly string[] | undefined;

  /** @param people in the order in which they are asked about, again and again. */
  constructor(
    private readonly job: Job,
    private readonly people: readonly Asked[],
    nonce: string | undefined,
  ) {
    const headers = Object.entries(job.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const path = job.batch === undefined ? '/v1/checks' : '/v1/check-batches';
    this.head = `POST ${path} HTTP/1.1\r\nhost: ${job.host}:${String(job.ports[0])}\r\n${headers.join('')}content-type: application/json\r\n`;
    const { dpop } = job;
    this.proofs =
      dpop &&
      signProofs(
        dpop,
        Array.from({ length: dpop.proofs }, () => ({ method: 'POST', url: dpop.url })),
        nonce,
      );
  }

  request(number: number): string | undefined {
    const proof = this.proofs?.[number];
    if (this.proofs !== undefined && proof === undefined) return undefined;
    const body =
      this.job.batch === undefined ? `{${this.question(number)}}` : this.items(number, this.job.batch);
    const dpop = proof === undefined ? '' : `dpop: ${proof}\r\n`;
    return `${this.head}${dpop}idempotency-key: ${this.reference(number)}\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`;
  }

  faultOf(number: number, status: number, body: Buffer): string | undefined {
    if (this.job.batch !== undefined) return this.faultOfBatch(number, this.job.batch, status, body);
    if (status !== 201) return `status ${String(status)}`;
    if (!body.includes(`"${this.reference(number)}`) && !body.includes(`\\"${this.reference(number)}`))
      return 'another loanRef';
    const { verdict } = this.person(number);
    if (this.job.asks !== 'bare' && !body.includes(`"verdict":"${verdict}"`)) return 'another verdict';
    return undefined;
  }

  async verify(asked: number, body: string): Promise<void> {
    const { batch } = this.job;
    const place = batch === undefined ? 0 : Math.floor(Math.random() * batch);
    const number = batch === undefined ? asked : asked * batch + place;
    type Answer = { readonly receipt: { readonly entry: string } & string };
    const whole = JSON.parse(body) as Answer & { readonly items: readonly Answer[] };
    const answer = batch === undefined ? whole : whole.items[place];
    if (answer === undefined) throw new Error('a batch that lacks an item');
    const entry =
      this.job.asks === 'check'
        ? await this.receipt(number, answer.receipt)
        : await this.signed(answer.receipt);
    const { iin, verdict } = this.person(number);
    const wrong = [
      ...(entry['loanRef'] === this.reference(number) ? [] : ['loanRef']),
      ...(entry['verdict'] === verdict ? [] : ['verdict']),
      ...(entry['stage'] === 'decision' && entry['product'] === 'bank-loan' ? [] : ['stage or product']),
      ...(JSON.stringify(answer).includes(iin) ? ['an IIN in the answer'] : []),
    ];
    if (wrong.length > 0) throw new Error(`a receipt with another ${wrong.join(', ')}`);
    this.verified += 1;
  }

  private question(number: number): string {
    return `"iin":"${this.person(number).iin}","product":"bank-loan","stage":"decision","loanRef":"${this.reference(number)}"`;
  }

  private items(number: number, batch: number): string {
    const items = Array.from(
      { length: batch },
      (_, place) => `{"ref":"${String(place)}",${this.question(number * batch + place)}}`,
    );
    return `{"items":[${items.join(',')}]}`;
  }

  /** Of a batch: as many verdicts as items, no problem among them, the first and the last its own. */
  private faultOfBatch(number: number, batch: number, status: number, body: Buffer): string | undefined {
    if (status !== 200) return `status ${String(status)}`;
    if (body.includes('"problem":')) return 'an item with a problem';
    let verdicts = 0;
    // Once in the item; the one in its entry is escaped.
    for (let at = body.indexOf(verdict); at !== -1; at = body.indexOf(verdict, at + 1)) verdicts += 1;
    if (verdicts !== batch) return 'another number of verdicts';
    const ends = [this.reference(number * batch), this.reference(number * batch + batch - 1)];
    return ends.every((reference) => body.includes(`"${reference}\\"`)) ? undefined : 'another loanRef';
  }

  private async receipt(number: number, receipt: unknown): Promise<Readonly<Record<string, unknown>>> {
    const { jwks, issuer, origin } = this.job.verify;
    const now = Math.floor(Date.now() / 1000);
    const { iin } = this.person(number);
    return (await verifyReceipt(receipt, jwks, { now, iin, issuer, origin })).entry;
  }

  /** The reference's receipt is a JWS by its one key. */
  private async signed(jws: string): Promise<Readonly<Record<string, unknown>>> {
    const key = await importJWK(this.job.verify.jwks.keys[0] as object, 'ES256');
    const { payload } = await compactVerify(jws, key);
    return JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>;
  }

  private person(number: number): Asked {
    const person = this.people[number % this.people.length];
    if (person === undefined) throw new Error('there is nobody to ask about');
    return person;
  }

  private reference(number: number): string {
    return `${this.run}-${String(number)}`;
  }
}
