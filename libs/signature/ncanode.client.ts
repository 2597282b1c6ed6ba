/**
 * National signatures (ГОСТ) through an NCANode 3 service. The service only computes: structure, content, usage, person
 * and clock are judged here, and its answer counts only where it names the very certificate we hold. NCANode says
 * `valid: true` of a signature without certificates and marks an unanswered OCSP question "not revoked", so every
 * member is read for itself and whatever is unclear fails.
 */
import { Agent, request } from 'undici';
import { Problem } from '#libs/problem/problem.js';
import { readCertificate } from './certificate.js';
import { sha256 } from './digest.js';
import { type NcanodeAnswer, readAnswer, readReport, reportOfOnlySigner } from './ncanode-answer.js';
import { nationalSigner } from './national-signer.js';
import { isGost } from './oids.js';
import {
  evidenceOfGood,
  type RevocationAnswer,
  type RevocationEvidence,
  type RevocationQuestion,
  unlessUnavailable,
} from './revocation.js';
import type { SignatureVerifier } from './signature-verifier.js';
import type { VerifiedSigner } from './verified-signer.js';
import {
  assertSameContent,
  namedCertificate,
  reading,
  readSignature,
  type SignatureInput,
} from './verify-signature.js';

export interface NcanodeOptions {
  /** Base address, no final slash. */
  readonly url: string;
  readonly timeoutMs?: number;
}

const MAX_ANSWER_BYTES = 256 * 1024;

export class NcanodeClient implements SignatureVerifier {
  private readonly agent = new Agent({ maxResponseSize: MAX_ANSWER_BYTES });

  constructor(private readonly options: NcanodeOptions) {}

  /**
   * As `verifySignature`, the signature and the issuer's signature computed by the service.
   * @throws Problem; `revocation-unavailable` when the service does not answer.
   */
  async verify(input: SignatureInput): Promise<VerifiedSigner> {
    const { cms, binding } = readSignature(input.cms);
    assertSameContent(cms, input.document);
    const certificate = namedCertificate({ cms, binding });
    if (!isGost(certificate.keyAlgorithm)) throw new Problem('signature-not-valid');
    // No revocation question here, so that "not valid" can only mean the signature or the path.
    const answer = await this.ask('/cms/verify', {
      cms: input.cms.toString('base64'),
      data: input.document.toString('base64'),
      revocationCheck: [],
    });
    const report = reading('signature-not-valid', () => reportOfOnlySigner(answer));
    if (answer?.valid !== true || !report.valid || !report.isAbout(certificate))
      throw new Problem('signature-not-valid');
    return nationalSigner(input);
  }

  /** The service's answer to an OCSP question is the evidence; its bytes are kept. */
  async knownGood(question: RevocationQuestion): Promise<RevocationEvidence> {
    return evidenceOfGood(await this.answer(question));
  }

  /** The same, where "revoked" is an answer as well. @throws Problem `revocation-unavailable` */
  async answer({ signer }: RevocationQuestion): Promise<RevocationAnswer> {
    const answer = await this.ask('/x509/info', {
      certs: [signer.certificateDer.toString('base64')],
      revocationCheck: ['OCSP'],
    });
    const report = unlessUnavailable(() => readReport(answer?.signers));
    if (answer === undefined || !report.isAbout(readCertificate(signer.certificateDer)))
      throw new Problem('revocation-unavailable');
    const der = answer.bytes;
    const evidence = { kind: 'ncanode', der, sha256: sha256(der), stale: false } as const;
    if (report.revoked) return { status: 'revoked', evidence, freshUntil: Infinity };
    if (!answer.valid || !report.valid || !report.answeredByOcsp) throw new Problem('revocation-unavailable');
    return { status: 'good', evidence, freshUntil: Infinity };
  }

  /** Ends the connections; the process can exit. */
  async close(): Promise<void> {
    await this.agent.close();
  }

  /** Undefined for 400, its word for something it cannot make sense of. @throws Problem for every trouble of its own. */
  private async ask(path: string, body: object): Promise<NcanodeAnswer | undefined> {
    const { status, bytes } = await this.post(path, JSON.stringify(body));
    return status === 400 ? undefined : unlessUnavailable(() => readAnswer(status, bytes));
  }

  private async post(path: string, body: string): Promise<{ status: number; bytes: Buffer }> {
    try {
      const response = await request(`${this.options.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body,
        dispatcher: this.agent,
        signal: AbortSignal.timeout(this.options.timeoutMs ?? 10_000),
      });
      return { status: response.statusCode, bytes: Buffer.from(await response.body.arrayBuffer()) };
    } catch (cause) {
      throw new Problem('revocation-unavailable', { cause });
    }
  }
}
