/**
 * Asks whether a certificate is revoked, at the configured addresses only and where they send on: an address inside a
 * certificate is the sender's choice when the certificate is. A list is kept for seconds, so that a burst of signatures
 * is one download, and an older list never replaces a newer one, also not one that another process has seen.
 */
import { LRUCache } from 'lru-cache';
import { Agent, interceptors, request, type Dispatcher } from 'undici';
import { Problem } from '#libs/problem/problem.js';
import { type Certificate, readCertificate } from './certificate.js';
import { CRL_LIMITS, derOfList, readCrl, type RevocationList } from './crl.js';
import { sha256 } from './digest.js';
import { maxAgeForLiftMs, type ListEdition, type NewestLists } from './newest-lists.js';
import { OID } from './oids.js';
import {
  assertNotListed,
  evidenceOfGood,
  type RevocationAnswer,
  type RevocationEvidence,
  type RevocationQuestion,
} from './revocation.js';
import type { IssuedCertificate } from './verified-signer.js';

export interface RevocationOptions {
  /** Common name of an issuer, or `*` for every other, → address of its list. */
  readonly crlUrls: Readonly<Record<string, string>>;
  /** For one download from the first byte sent to the last received. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Registry time for which a downloaded list is used again. */
  readonly maxAgeMs?: number;
  /** What all processes have seen; without it a process remembers only its own lists. */
  readonly newest?: NewestLists;
}

interface KeptList {
  readonly list: RevocationList;
  readonly der: Buffer;
  readonly sha256: string;
  /** Registry time of the download. */
  readonly fetchedAt: number;
  /** Whether some process has seen a newer one, or that could not be asked. */
  readonly isOutdated: boolean;
}

interface Wanted {
  readonly issuer: Certificate;
  readonly url: string;
  readonly at: number;
}

const maxRedirections = 3;

export class RevocationClient {
  private readonly agent: Agent;
  private readonly dispatcher: Dispatcher;
  private readonly lists: LRUCache<string, KeptList, Wanted>;

  constructor(private readonly options: RevocationOptions) {
    this.agent = new Agent({ maxResponseSize: options.maxBytes ?? CRL_LIMITS.maxBytes });
    // A list is believed for its issuer's signature and for being the newest, wherever it lies.
    this.dispatcher = this.agent.compose(interceptors.redirect({ maxRedirections }));
    this.lists = new LRUCache<string, KeptList, Wanted>({
      max: 16,
      fetchMethod: (_key, kept, { context }) => this.renew(context, kept),
    });
  }

  /**
   * Evidence that the certificate is good at `at`. Authorities that came with the signature are asked about as well.
   * @throws Problem `certificate-revoked`, or `revocation-unavailable` when nobody says "good".
   */
  async knownGood(question: RevocationQuestion): Promise<RevocationEvidence> {
    return evidenceOfGood(await this.answer(question));
  }

  /**
   * The same, where "revoked" is an answer as well: the list that says so of the certificate or of an authority above.
   * @throws Problem `revocation-unavailable`
   */
  async answer(question: RevocationQuestion): Promise<RevocationAnswer> {
    for (const authority of question.signer.unpinned) {
      const above = await this.ask(authority, question);
      if (above.status === 'revoked') return above;
    }
    return this.ask(question.signer, question);
  }

  private async ask(asked: IssuedCertificate, question: RevocationQuestion): Promise<RevocationAnswer> {
    const { at } = question;
    const issuer = readCertificate(asked.issuerCertificateDer);
    const url = this.addressFor(issuer);
    if (url === undefined) throw new Problem('revocation-unavailable');
    const { list, der, sha256, isOutdated } = await this.listOf({ issuer, url, at });
    const { certificateDer } = asked;
    const stale = isOutdated || at > list.nextUpdate;
    const evidence = { kind: 'crl', der, sha256, stale } as const;
    const freshUntil = Math.min(list.nextUpdate, list.thisUpdate + maxAgeForLiftMs);
    const answer = { evidence, freshUntil };
    try {
      assertNotListed(list, { ...question, certificateDer });
      // What makes safer may rest on an older list, and is asked about again; what loosens may not.
      if (question.staleCrlHoursAllowed === 0 && (isOutdated || at > freshUntil))
        throw new Problem('revocation-unavailable');
      return { ...answer, status: 'good' };
    } catch (error) {
      if (error instanceof Problem && error.code === 'certificate-revoked')
        return { ...answer, status: 'revoked' };
      throw error;
    }
  }

  /** Ends the connections; the process can exit. */
  async close(): Promise<void> {
    await this.agent.close();
  }

  private addressFor(issuer: Certificate): string | undefined {
    const names = issuer.subjectNames.flat().filter(({ type }) => type === OID.commonName);
    const key = names.at(-1)?.text ?? '*';
    const { crlUrls } = this.options;
    return Object.hasOwn(crlUrls, key) ? crlUrls[key] : crlUrls['*'];
  }

  private async listOf(wanted: Wanted): Promise<KeptList> {
    const key = `${sha256(wanted.issuer.der)} ${wanted.url}`;
    const kept = this.lists.peek(key);
    const age = kept === undefined ? Infinity : Math.abs(wanted.at - kept.fetchedAt);
    try {
      const forceRefresh = age > (this.options.maxAgeMs ?? 5_000);
      const found = await this.lists.fetch(key, { context: wanted, forceRefresh });
      if (found === undefined) throw new Error('no list was downloaded');
      return found;
    } catch (cause) {
      throw new Problem('revocation-unavailable', { cause });
    }
  }

  /** A list in hand goes on serving while its address is silent; `assertNotListed` says for how long. */
  private async renew(wanted: Wanted, kept: KeptList | undefined): Promise<KeptList> {
    const found = await this.download(wanted, kept).catch((cause: unknown) => {
      if (kept === undefined) throw cause;
      return kept;
    });
    return { ...found, isOutdated: await this.isOutdated(wanted.issuer, found.list) };
  }

  private async isOutdated(issuer: Certificate, list: RevocationList): Promise<boolean> {
    const { newest } = this.options;
    if (newest === undefined) return false;
    try {
      return isOlder(list, await newest.seen(sha256(issuer.der), list));
    } catch {
      // Nobody can say that no newer one was seen, and unknown is never good.
      return true;
    }
  }

  private async download(
    { issuer, url, at }: Wanted,
    kept: KeptList | undefined,
  ): Promise<Omit<KeptList, 'isOutdated'>> {
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? 5_000);
    const answer = await request(url, { dispatcher: this.dispatcher, signal });
    const der = derOfList(Buffer.from(await answer.body.arrayBuffer()));
    if (answer.statusCode !== 200) throw new Error(`the list's address answers ${String(answer.statusCode)}`);
    const digest = sha256(der);
    if (digest === kept?.sha256) return { ...kept, fetchedAt: at };
    const list = readCrl(der, issuer);
    const older = kept !== undefined && isOlder(list, kept.list);
    return older ? { ...kept, fetchedAt: at } : { list, der, sha256: digest, fetchedAt: at };
  }
}

/** By its instant, or by its number where both have one. */
function isOlder(list: ListEdition, other: ListEdition): boolean {
  const isNumberLower = list.number !== undefined && other.number !== undefined && list.number < other.number;
  return list.thisUpdate < other.thisUpdate || isNumberLower;
}
