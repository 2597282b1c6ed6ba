/**
 * Asks a check over the way of every bank: a token of the authorization server, a DPoP proof, the lender's public address.
 * The person asked about is one its operator answers for; his number is in a secret file, in memory and in the request.
 */
import { createPublicKey, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { watchdogId } from '#libs/party/party.js';
import { PartyClient } from '#libs/platform/access/party.client.js';
import { machineClock } from '#libs/platform/clock.js';
import { readSecretFile, type WatchdogConfig } from '#libs/platform/config.js';
import { failureRecord } from '#libs/problem/failure-record.js';
import { isIin, type Iin } from '#libs/subject/iin.js';
import { answerWithinMs, type Reply } from './watchdog.js';

export class WatchdogClient {
  private constructor(
    private readonly client: PartyClient,
    private readonly url: string,
    private readonly iin: Iin,
  ) {}

  /** @throws Error when a file cannot be read, or the number in it is none */
  static async of(config: WatchdogConfig, issuer: string): Promise<WatchdogClient> {
    const { keyFile, iinFile, lender: resource, caFile } = config;
    const iin = readSecretFile(iinFile).trim();
    if (!isIin(iin)) throw new Error(`${iinFile}: there is no IIN in it`);
    const kid = await calculateJwkThumbprint(await exportJWK(createPublicKey(readSecretFile(keyFile))));
    const client = await PartyClient.of(
      { issuer, urls: {}, ...(caFile !== undefined && { tlsCaFile: caFile }) },
      { clientId: watchdogId, scopes: ['checks'], resource, kid, keyFile },
      machineClock,
      answerWithinMs,
    );
    return new WatchdogClient(client, `${resource}/v1/checks`, iin);
  }

  /** One question. Whatever goes wrong is the reply. */
  async ask(): Promise<Reply> {
    const { iin } = this;
    const question = { iin, product: 'bank-loan', stage: 'decision', loanRef: watchdogId };
    try {
      const response = await this.client.call('POST', this.url, {
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() },
        body: JSON.stringify(question),
      });
      return { status: response.status, body: await response.json() };
    } catch (error) {
      return { failure: { ...failureRecord(error) } };
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
