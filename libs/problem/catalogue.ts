/**
 * Every problem this registry can answer with (RFC 9457): one table of code → status, title and what to do.
 * The pages under `/problems/<code>`, docs/problems.md and OpenAPI are made from it; a code never changes its
 * meaning, because outside programs branch on it.
 */

/** What people read. */
export interface ProblemText {
  /** Short and stable, the same for every occurrence. */
  readonly title: string;
  /** What happened and what the caller can do, in plain words; never a value from a request. `…` marks code. */
  readonly detail: string;
}

export interface ProblemKind extends ProblemText {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Seconds for `Retry-After`, where trying again helps. */
  readonly retryAfterS?: number;
}

const kinds = {
  'request-malformed': {
    status: 400,
    title: 'The request is malformed',
    detail:
      'The body, a header or a parameter does not have the shape the contract gives. Each pointer in `errors` names a member to correct.',
  },
  'not-authenticated': {
    status: 401,
    title: 'Not authenticated',
    detail:
      'The access token is missing, expired, for another audience or not bound to this sender. Get a new one and send its proof.',
  },
  'not-permitted': {
    status: 403,
    title: 'Not permitted',
    detail: 'The token lacks the scope this route asks for, or the kind of party may not use it.',
  },
  'party-suspended': {
    status: 403,
    title: 'The party is suspended',
    detail:
      'The operator has suspended this organisation. Nothing it sends is acted upon until it is admitted again.',
  },
  'citizen-not-present': {
    status: 403,
    title: 'The citizen is not present',
    detail:
      'The citizen assertion is not valid: its signature, issuer, audience, times or single use did not hold, or the sign-in is more than 12 hours old. Make a fresh one after the citizen has signed in.',
  },
  'set-not-yours': {
    status: 403,
    title: 'Another stream’s SET',
    detail: 'The `jti` names an item of another stream. A bureau speaks for its own stream only.',
  },
  'not-found': { status: 404, title: 'Not found', detail: 'There is nothing here for this caller.' },
  'set-unknown': {
    status: 404,
    title: 'No such SET',
    detail: 'The `jti` names no item that your stream has delivered. Take it from the SET as it was signed.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail:
      'This resource does not know this method; the header `Allow` names those it knows. Nothing was done.',
  },
  'request-too-slow': {
    status: 408,
    title: 'The request came too slowly',
    detail:
      'Headers and body did not come within the time a request may take. Nothing was done. Send the request again, over a faster connection.',
  },
  'refusal-already-in-force': {
    status: 409,
    title: 'A refusal is already in force',
    detail: 'The refusal stands and the lock asked for is not longer than the one in force.',
  },
  'no-refusal-in-force': {
    status: 409,
    title: 'No refusal is in force',
    detail: 'There is nothing to lift.',
  },
  'lift-already-pending': {
    status: 409,
    title: 'A lift is already pending',
    detail: 'A lift was signed before and waits for its hour.',
  },
  'no-lift-pending': {
    status: 409,
    title: 'No lift is pending',
    detail: 'There is no pending lift to call off.',
  },
  'application-expired': {
    status: 409,
    title: 'The application has expired',
    detail: 'An application can be signed for 15 minutes. Open a new one.',
  },
  'application-void': {
    status: 409,
    title: 'The application is void',
    detail: 'A newer application or a change of the refusal made this one void. Open a new one.',
  },
  'application-already-signed': {
    status: 409,
    title: 'The application is already signed',
    detail: 'Another signature was accepted for this application.',
  },
  'not-yet-published': {
    status: 409,
    title: 'Not yet published',
    detail:
      'The entry is in the Journal and in no published checkpoint yet. Checkpoints follow within seconds; ask again as `Retry-After` says.',
    retryAfterS: 2,
  },
  'vector-first': {
    status: 409,
    title: 'The vector comes first',
    detail:
      'Post your own vector at this `atSeq` first, and then only the buckets that were named as differing: the registry never gives its digest to whoever has not shown one.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    detail: 'The body exceeds the limit of this route.',
  },
  'media-type-not-supported': {
    status: 415,
    title: 'Media type not supported',
    detail: 'Send `application/json` in UTF-8.',
  },
  'expectation-failed': {
    status: 417,
    title: 'The expectation cannot be met',
    detail: 'Of `Expect` only `100-continue` is known. Nothing was done. Send the request without it.',
  },
  'iin-malformed': {
    status: 422,
    title: 'The IIN is malformed',
    detail: 'An IIN has twelve digits and a control digit that fits. Nothing was looked up.',
  },
  'citizen-assertion-missing': {
    status: 422,
    title: 'The citizen assertion is missing',
    detail:
      'A channel speaks for a person only with `citizenAssertion`, a JWS by its own key. Send one made for this call.',
  },
  'lock-not-allowed': {
    status: 422,
    title: 'The lock is not allowed',
    detail:
      'A placing names one of the locks the regime allows; a lift names none, because it waits for the lock in force.',
  },
  'return-not-allowed': {
    status: 422,
    title: 'The return is not allowed',
    detail:
      'Only a lift may name the hour at which the refusal returns, and only while the regime allows it.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key was used for another body',
    detail: 'The same key came with a different body within 72 hours. Use a new key for a new request.',
  },
  'reference-holds-iin': {
    status: 422,
    title: 'A reference holds the IIN',
    detail:
      'References are kept. Send one that does not contain the IIN of the same request, in whatever spelling. A `loanRef` and an `Idempotency-Key` must not hold anybody’s: twelve digits by themselves that could be an IIN are refused. When yours are another number, put a letter in front: `A` and then the digits.',
  },
  'check-unknown': {
    status: 422,
    title: 'The check is unknown',
    detail:
      '`checkId` names no check of this lender. Leave it out when there was none: a loan without a check is recorded all the same.',
  },
  'instant-in-future': {
    status: 422,
    title: 'The instant has not come yet',
    detail:
      'A loan is reported after it was signed and paid out. Each pointer in `errors` names an instant or a day that lies ahead of the registry time.',
  },
  'signature-malformed': {
    status: 422,
    title: 'The signature is malformed',
    detail:
      'The CMS is not one DER SignedData over id-data with one signer and signed attributes, within 64 KiB, in standard base64 with padding: in one line, in lines of 64 or 76 letters, or as PEM (`-----BEGIN CMS-----`).',
  },
  'signature-content-differs': {
    status: 422,
    title: 'The signature is over other content',
    detail: 'The signature does not cover the bytes of this document.',
  },
  'signature-not-valid': {
    status: 422,
    title: 'The signature is not valid',
    detail:
      'The signature does not verify with the key of the certificate it names, names another certificate as its signer’s than comes with it, or uses an algorithm that is not taken: RSA of 2048 to 4096 bits (PKCS #1 v1.5) or ECDSA on P-256 or P-384, with SHA-256, SHA-384 or SHA-512.',
  },
  'key-not-taken': {
    status: 422,
    title: 'This kind of key is not taken here',
    detail:
      'The signature was made with a key of the national standard (ГОСТ), and this registry has no service that computes it, so whether it is valid was not examined. Sign with an RSA key of the same person.',
  },
  'certificate-not-trusted': {
    status: 422,
    title: 'The certificate is not trusted',
    detail: 'The certificate does not lead to a pinned root at the registry time.',
  },
  'certificate-not-for-signing': {
    status: 422,
    title: 'The certificate is not for signing',
    detail: "Sign with a person's signing certificate, not one for sign-in or one of an organisation.",
  },
  'certificate-revoked': {
    status: 422,
    title: 'The certificate is revoked',
    detail: 'The certification authority has revoked this certificate.',
  },
  'signer-not-applicant': {
    status: 422,
    title: 'The signer is not the applicant',
    detail: 'The certificate belongs to somebody else than the person the document names.',
  },
  'position-not-available': {
    status: 422,
    title: 'No such position',
    detail:
      'The stream has no item of this number yet, or its digest is no longer kept. Take a number up to the last item you applied.',
  },
  'recorded-at-implausible': {
    status: 422,
    title: 'The instant of recording cannot be right',
    detail:
      '`recordedAt` lies before the entry or in the future. Check the clock of the machine that writes the mark.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    detail: 'The limit of this caller is reached. Wait as `Retry-After` says.',
    retryAfterS: 1,
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    detail: 'Request line and headers exceed 16 KiB together. Leave out what this registry does not read.',
  },
  internal: {
    status: 500,
    title: 'Internal failure',
    detail: 'Something failed on our side. Nothing was decided. Quote `requestId` when you report it.',
  },
  'registry-unavailable': {
    status: 503,
    title: 'The registry is unavailable',
    detail:
      'No answer could be made durable, so none is given. Treat it as unknown, never as clear, and try again with the same idempotency key.',
    retryAfterS: 1,
  },
  'registry-not-open': {
    status: 503,
    title: 'The registry is not open yet',
    detail:
      'The refusals of the time before are still being taken over, so nobody is told anything that rests on them. Treat it as unknown, never as clear; the hour of the opening is announced.',
    retryAfterS: 60,
  },
  'revocation-unavailable': {
    status: 503,
    title: 'Revocation cannot be asked',
    detail:
      'The state of the certificate is not known good at present. Try again later with the same signature.',
    retryAfterS: 30,
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof kinds;

/** The table, in the order of status. */
export const problemKinds: Readonly<Record<ProblemCode, ProblemKind>> = kinds;

/** Whether a text is one of our codes, as in a path of `/problems/<code>`. */
export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(kinds, text);
}
