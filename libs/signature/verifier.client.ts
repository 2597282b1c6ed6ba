/** The verifier a process uses, made from its configuration: our own rules and lists, and NCANode where there is one. */
import { NcanodeClient } from './ncanode.client.js';
import type { NewestLists } from './newest-lists.js';
import { RevocationClient } from './revocation.client.js';
import { chooseVerifier, type ChosenVerifier, type SignatureVerifier } from './signature-verifier.js';
import { verifySignature } from './verify-signature.js';

export interface VerifierOptions {
  /** Common name of an issuer, or `*` for every other, → address of its list. */
  readonly crlUrls: Readonly<Record<string, string>>;
  /** Base address without a final slash; absent: national signatures are refused. */
  readonly ncanodeUrl?: string | null;
}

/** What a process knows beside its configuration. */
export interface VerifierMemory {
  /** The newest lists that any process has seen. */
  readonly newest?: NewestLists;
}

/** `close` ends its connections, so that the process can exit. */
export function makeVerifier(
  options: VerifierOptions,
  { newest }: VerifierMemory = {},
): ChosenVerifier & { close(): Promise<void> } {
  const lists = new RevocationClient({ crlUrls: options.crlUrls, ...(newest && { newest }) });
  const url = options.ncanodeUrl ?? undefined;
  const national = url === undefined ? undefined : new NcanodeClient({ url });
  const local: SignatureVerifier = {
    verify: verifySignature,
    knownGood: (question) => lists.knownGood(question),
    answer: (question) => lists.answer(question),
  };
  return {
    ...chooseVerifier(local, national),
    close: async () => {
      await Promise.all([lists.close(), national?.close()]);
    },
  };
}
