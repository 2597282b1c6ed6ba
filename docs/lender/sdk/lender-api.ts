/** Generated from openapi/lender.json by `node scripts/sdk.mjs`; a test compares the two. */
export interface paths {
  readonly '/v1/checks': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Your own checks in the order they were made */
    readonly get: operations['listChecks'];
    readonly put?: never;
    /** Ask whether a person has refused loans */
    readonly post: operations['makeCheck'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/v1/checks/{checkId}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** One of your own checks with its receipt */
    readonly get: operations['readCheck'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/v1/checks/{checkId}/proof': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Inclusion of one of your own checks in the latest published checkpoint, as a .tlog-proof
     * @description Keep it beside the receipt: it stays evidence when the key that signed the receipt has expired. A check is published within seconds; until then the answer is `not-yet-published` with `Retry-After`.
     */
    readonly get: operations['readCheckProof'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/v1/check-batches': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Ask about many persons at once
     * @description Each item is a full check with its own entry and receipt, in the order of the call; one bad item spoils only itself. Up to 4 MiB. When any item could not be made durable the whole call is answered 503: repeat it with the same key and body, and it goes on where it ended; what was made is found again. A call of which no item could be made leaves no key.
     */
    readonly post: operations['makeCheckBatch'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/v1/loans': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Your own loans as last reported, in the order of their first report */
    readonly get: operations['listLoans'];
    readonly put?: never;
    /**
     * Report a loan that was paid out
     * @description Recorded as you say it: nothing is refused for being bad news. The same contract again: equal, nothing is recorded (200); different, an amendment (201). This release records loans and does not match them with refusals and checks yet, so `findings` is always empty.
     */
    readonly post: operations['reportLoan'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/v1/loans/{loanId}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** One of your own loans with its amendments */
    readonly get: operations['readLoan'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/v1/notices': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * What happened to your applications in flight, oldest first
     * @description A refusal was placed by a person about whom you have a clear check inside `noticeWindow` and have reported no loan for it since: stop that application. One notice an application and placing, within a second of it. The first fetching of each is recorded. It replaces no check: before money moves, ask again.
     */
    readonly get: operations['readNotices'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/v1/party': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Your own scopes, keys, limits and notices behind */
    readonly get: operations['readParty'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/.well-known/oauth-protected-resource': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Where to get tokens for this app, and how they are bound (RFC 9728) */
    readonly get: operations['ProtectedResourceController_show'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    readonly CheckRequest: {
      /** @description IIN of the person to be lent to, twelve digits. */
      readonly iin: string;
      /** @enum {string} */
      readonly product: 'bank-loan' | 'microcredit';
      /**
       * @description Before deciding, or again before money moves.
       * @enum {string}
       */
      readonly stage: 'decision' | 'disbursement';
      /** @description The lender's own number of the application, 1–64 visible ASCII characters; must not hold the IIN in any spelling, nor twelve digits by themselves that may be anybody’s (put a letter in front). */
      readonly loanRef: string;
      /** @enum {string} */
      readonly circumstance?:
        'new' | 'refinancing-same-lender' | 'card-limit' | 'limit-increase' | 'tranche' | 'restructuring';
      /** @enum {string} */
      readonly role?: 'borrower' | 'co-borrower' | 'guarantor';
    };
    readonly ReceiptDto: {
      /** @description The exact canonical text (RFC 8785) of the entry. */
      readonly entry: string;
      /** @description 32 bytes, base64url. */
      readonly salt: string;
      /** @description 32 bytes, base64url; absent when the entry is about nobody. */
      readonly personSalt?: string;
      readonly index: number;
      /** @description Inclusion proof: 32-byte hashes one after the other, the leaf's sibling first, base64url. */
      readonly proof: string;
      /** @description The signed head, a compact JWS with typ tyiym-head+jwt. */
      readonly head: string;
    };
    readonly CheckAnswerDto: {
      readonly checkId: string;
      /**
       * @description Lend only on `clear`, in a receipt that verifies, whose person, stage and loanRef are your own, before `validUntil`, replayed or not.
       * @enum {string}
       */
      readonly verdict: 'clear' | 'refused';
      /**
       * Format: date-time
       * @description The instant the answer is about: that of its entry.
       */
      readonly asOf: string;
      /**
       * Format: date-time
       * @description Absent when refused.
       */
      readonly validUntil?: string;
      readonly receipt: components['schemas']['ReceiptDto'];
    };
    readonly CheckItemDto: {
      readonly checkId: string;
      /** @enum {string} */
      readonly product: 'bank-loan' | 'microcredit';
      /** @enum {string} */
      readonly stage: 'decision' | 'disbursement';
      readonly loanRef: string;
      /** @enum {string} */
      readonly verdict: 'clear' | 'refused';
      /** Format: date-time */
      readonly asOf: string;
      /** Format: date-time */
      readonly validUntil?: string;
    };
    readonly CheckPageDto: {
      readonly items: readonly components['schemas']['CheckItemDto'][];
      /** @description Cursor of the next page, or null. */
      readonly next: string | null;
    };
    readonly BatchedCheck: {
      /** @description IIN of the person to be lent to, twelve digits. */
      readonly iin: string;
      /** @enum {string} */
      readonly product: 'bank-loan' | 'microcredit';
      /**
       * @description Before deciding, or again before money moves.
       * @enum {string}
       */
      readonly stage: 'decision' | 'disbursement';
      /** @description The lender's own number of the application, 1–64 visible ASCII characters; must not hold the IIN in any spelling, nor twelve digits by themselves that may be anybody’s (put a letter in front). */
      readonly loanRef: string;
      /** @enum {string} */
      readonly circumstance?:
        'new' | 'refinancing-same-lender' | 'card-limit' | 'limit-increase' | 'tranche' | 'restructuring';
      /** @enum {string} */
      readonly role?: 'borrower' | 'co-borrower' | 'guarantor';
      /** @description Your own name of this item, 1–64 visible ASCII characters, once in a call; must not hold an IIN of the call in any spelling. Items that share one are not made. */
      readonly ref: string;
    };
    readonly CheckBatchRequest: {
      readonly items: readonly components['schemas']['BatchedCheck'][];
    };
    readonly BatchedAnswer: {
      /** @description As it came; null when it cannot be repeated. Items stand in the order of the call. */
      readonly ref: string | null;
      /** @description Absent with `problem`. */
      readonly checkId?: string;
      /**
       * @description Absent with `problem`: an item without a verdict is never clear.
       * @enum {string}
       */
      readonly verdict?: 'clear' | 'refused';
      /** Format: date-time */
      readonly asOf?: string;
      /**
       * Format: date-time
       * @description Absent when refused.
       */
      readonly validUntil?: string;
      readonly receipt?: components['schemas']['ReceiptDto'];
      /** @description Why this item was not made (RFC 9457); its pointers begin at the item. */
      readonly problem?: components['schemas']['Problem'];
    };
    readonly CheckBatchAnswerDto: {
      readonly items: readonly components['schemas']['BatchedAnswer'][];
    };
    readonly MoneyDto: {
      /**
       * @description Decimal with two places, above zero.
       * @example 1500000.00
       */
      readonly value: string;
      /** @enum {string} */
      readonly currency: 'KZT';
    };
    readonly LoanRequest: {
      /** @description Your own number of the contract, 1–64 characters that can be seen (Unicode NFC), single spaces inside; must not hold the IIN. */
      readonly contractNumber: string;
      /** @description IIN of the borrower, twelve digits. */
      readonly iin: string;
      /** @enum {string} */
      readonly product: 'bank-loan' | 'microcredit';
      /** @enum {string} */
      readonly circumstance?:
        'new' | 'refinancing-same-lender' | 'card-limit' | 'limit-increase' | 'tranche' | 'restructuring';
      readonly amount: components['schemas']['MoneyDto'];
      /**
       * Format: date-time
       * @description When the contract was signed.
       */
      readonly signedAt: string;
      /**
       * Format: date-time
       * @description When the payment instruction became irrevocable: this or `disbursedOn`, one of them.
       */
      readonly disbursedAt?: string;
      /**
       * Format: date
       * @description The day of it (Asia/Almaty), where no instant is known.
       */
      readonly disbursedOn?: string;
      /** @description Your own number of the payment, like `contractNumber`. */
      readonly paymentReference?: string;
      /** @description Your check that stands behind it, if there was one. */
      readonly checkId?: string;
    };
    readonly LoanAnswerDto: {
      readonly loanId: string;
      /** @description Always empty for now: this release records loans and does not match them yet. */
      readonly findings: readonly Record<string, never>[];
    };
    readonly LoanTermsDto: {
      /** @enum {string} */
      readonly product: 'bank-loan' | 'microcredit';
      /** @enum {string} */
      readonly circumstance?:
        'new' | 'refinancing-same-lender' | 'card-limit' | 'limit-increase' | 'tranche' | 'restructuring';
      readonly amount: components['schemas']['MoneyDto'];
      /** Format: date-time */
      readonly signedAt: string;
      /** Format: date-time */
      readonly disbursedAt?: string;
      /** Format: date */
      readonly disbursedOn?: string;
      readonly paymentReference?: string;
      readonly checkId?: string;
    };
    readonly AmendmentDto: {
      /**
       * Format: date-time
       * @description When the loan was reported otherwise.
       */
      readonly at: string;
      /** @description What had been reported until then. */
      readonly before: components['schemas']['LoanTermsDto'];
      /** @description Whether it was reported of another person from then on. */
      readonly isOtherPerson: boolean;
    };
    readonly LoanViewDto: {
      /** @enum {string} */
      readonly product: 'bank-loan' | 'microcredit';
      /** @enum {string} */
      readonly circumstance?:
        'new' | 'refinancing-same-lender' | 'card-limit' | 'limit-increase' | 'tranche' | 'restructuring';
      readonly amount: components['schemas']['MoneyDto'];
      /** Format: date-time */
      readonly signedAt: string;
      /** Format: date-time */
      readonly disbursedAt?: string;
      /** Format: date */
      readonly disbursedOn?: string;
      readonly paymentReference?: string;
      readonly checkId?: string;
      readonly loanId: string;
      readonly contractNumber: string;
      /** @description Always empty for now: this release records loans and does not match them yet. */
      readonly findings: readonly Record<string, never>[];
      /**
       * Format: date-time
       * @description When it was first reported.
       */
      readonly reportedAt: string;
      /** @description Oldest first. */
      readonly amendments: readonly components['schemas']['AmendmentDto'][];
    };
    readonly LoanItemDto: {
      /** @enum {string} */
      readonly product: 'bank-loan' | 'microcredit';
      /** @enum {string} */
      readonly circumstance?:
        'new' | 'refinancing-same-lender' | 'card-limit' | 'limit-increase' | 'tranche' | 'restructuring';
      readonly amount: components['schemas']['MoneyDto'];
      /** Format: date-time */
      readonly signedAt: string;
      /** Format: date-time */
      readonly disbursedAt?: string;
      /** Format: date */
      readonly disbursedOn?: string;
      readonly paymentReference?: string;
      readonly checkId?: string;
      readonly loanId: string;
      readonly contractNumber: string;
      /** @description Always empty for now: this release records loans and does not match them yet. */
      readonly findings: readonly Record<string, never>[];
    };
    readonly LoanPageDto: {
      readonly items: readonly components['schemas']['LoanItemDto'][];
      /** @description Cursor of the next page, or null. */
      readonly next: string | null;
    };
    readonly NoticeItemDto: {
      readonly noticeId: string;
      /**
       * @description Of these `refusal-placed` comes for now: the others belong to what this release does not do yet.
       * @enum {string}
       */
      readonly kind:
        'refusal-placed' | 'breach-found' | 'claim-lodged' | 'release-issued' | 'release-revoked';
      /**
       * Format: date-time
       * @description When it happened.
       */
      readonly at: string;
      /** @description Your own number of the application. */
      readonly loanRef?: string;
      /** @description Its newest clear check. */
      readonly checkId?: string;
    };
    readonly NoticePageDto: {
      readonly items: readonly components['schemas']['NoticeItemDto'][];
      /** @description Keep it and go on from it, also when `items` is empty; null only before your first notice. */
      readonly next: string | null;
    };
    readonly PartyKeyView: {
      readonly kid: string;
      /** @enum {string} */
      readonly use: 'sig' | 'enc';
      readonly certSha256: string | null;
      /** Format: date-time */
      readonly notBefore: string;
      /** Format: date-time */
      readonly expiresAt: string | null;
      /** Format: date-time */
      readonly retiredAt: string | null;
    };
    readonly LimitView: {
      /**
       * @description Name of the policy, as in `RateLimit-Policy`.
       * @enum {string}
       */
      readonly policy: 'checks' | 'checks-beyond' | 'reads' | 'acts';
      /** @description Calls in a window; of `checks`, each item of a batch counts as one. */
      readonly quota: number;
      readonly windowSeconds: number;
    };
    readonly PeopleAskedView: {
      /** @description Different people you have asked about on this legal day (Asia/Almaty). */
      readonly people: number;
      /** @description From so many on, checks are answered 429 `too-many-requests` until the day ends. */
      readonly ceiling: number;
      /**
       * Format: date-time
       * @description When the day ends.
       */
      readonly endsAt: string;
    };
    readonly LookalikeView: {
      /** @enum {string} */
      readonly member: 'contractNumber' | 'paymentReference' | 'historyRef';
      readonly count: number;
      /** Format: date-time */
      readonly lastAt: string;
    };
    readonly PartyView: {
      readonly clientId: string;
      readonly kind: string;
      readonly bin: string;
      readonly scopes: readonly string[];
      readonly keys: readonly components['schemas']['PartyKeyView'][];
      /** @description Over all processes of this app. */
      readonly limits: readonly components['schemas']['LimitView'][];
      /** @description As they were counted last, some seconds ago; null when none were counted today. */
      readonly peopleAsked: components['schemas']['PeopleAskedView'] | null;
      /** @description References of yours that may be the IIN of somebody, since they are counted: number your contracts otherwise. */
      readonly referencesLikeIins: readonly components['schemas']['LookalikeView'][];
      /** @description Notices that were never fetched; more than 10 000 are not counted. */
      readonly noticesBehind: number;
    };
    readonly ProtectedResourceDto: {
      /** @description Audience to ask tokens for (RFC 8707). */
      readonly resource: string;
      readonly authorization_servers: readonly string[];
      readonly scopes_supported: readonly string[];
      readonly bearer_methods_supported: readonly string[];
      /** @description Tokens bound to a client certificate are accepted (RFC 8705). */
      readonly tls_client_certificate_bound_access_tokens: boolean;
      readonly dpop_signing_alg_values_supported: readonly string[];
    };
    readonly Problem: {
      /** Format: uri */
      readonly type: string;
      readonly title: string;
      readonly status: number;
      readonly detail: string;
      readonly code: string;
      /** Format: uuid */
      readonly requestId: string;
      readonly errors?: readonly {
        readonly pointer: string;
        readonly code: string;
      }[];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type SchemaCheckRequest = components['schemas']['CheckRequest'];
export type SchemaReceiptDto = components['schemas']['ReceiptDto'];
export type SchemaCheckAnswerDto = components['schemas']['CheckAnswerDto'];
export type SchemaCheckItemDto = components['schemas']['CheckItemDto'];
export type SchemaCheckPageDto = components['schemas']['CheckPageDto'];
export type SchemaBatchedCheck = components['schemas']['BatchedCheck'];
export type SchemaCheckBatchRequest = components['schemas']['CheckBatchRequest'];
export type SchemaBatchedAnswer = components['schemas']['BatchedAnswer'];
export type SchemaCheckBatchAnswerDto = components['schemas']['CheckBatchAnswerDto'];
export type SchemaMoneyDto = components['schemas']['MoneyDto'];
export type SchemaLoanRequest = components['schemas']['LoanRequest'];
export type SchemaLoanAnswerDto = components['schemas']['LoanAnswerDto'];
export type SchemaLoanTermsDto = components['schemas']['LoanTermsDto'];
export type SchemaAmendmentDto = components['schemas']['AmendmentDto'];
export type SchemaLoanViewDto = components['schemas']['LoanViewDto'];
export type SchemaLoanItemDto = components['schemas']['LoanItemDto'];
export type SchemaLoanPageDto = components['schemas']['LoanPageDto'];
export type SchemaNoticeItemDto = components['schemas']['NoticeItemDto'];
export type SchemaNoticePageDto = components['schemas']['NoticePageDto'];
export type SchemaPartyKeyView = components['schemas']['PartyKeyView'];
export type SchemaLimitView = components['schemas']['LimitView'];
export type SchemaPeopleAskedView = components['schemas']['PeopleAskedView'];
export type SchemaLookalikeView = components['schemas']['LookalikeView'];
export type SchemaPartyView = components['schemas']['PartyView'];
export type SchemaProtectedResourceDto = components['schemas']['ProtectedResourceDto'];
export type SchemaProblem = components['schemas']['Problem'];
export type $defs = Record<string, never>;
export interface operations {
  readonly listChecks: {
    readonly parameters: {
      readonly query?: {
        /** @description Cursor from `next` of the page before; absent or empty: the first. */
        readonly after?: string;
        readonly limit?: number;
        /** @description First instant. */
        readonly from?: string;
        /** @description First instant no longer listed. */
        readonly to?: string;
        readonly loanRef?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CheckPageDto'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly makeCheck: {
    readonly parameters: {
      readonly query?: never;
      readonly header: {
        readonly 'Idempotency-Key': string;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['CheckRequest'];
      };
    };
    readonly responses: {
      readonly 201: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CheckAnswerDto'];
        };
      };
      /** @description The body is longer than 8 KiB; it was not read. */
      readonly 413: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly readCheck: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly checkId: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CheckAnswerDto'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly readCheckProof: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly checkId: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description c2sp.org/tlog-proof@v1 */
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      /** @description No check of yours. */
      readonly 404: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      /** @description `not-yet-published` */
      readonly 409: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly makeCheckBatch: {
    readonly parameters: {
      readonly query?: never;
      readonly header: {
        readonly 'Idempotency-Key': string;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['CheckBatchRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CheckBatchAnswerDto'];
        };
      };
      /** @description The body is longer than 4096 KiB; it was not read. */
      readonly 413: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly listLoans: {
    readonly parameters: {
      readonly query?: {
        /** @description Cursor from `next` of the page before; absent or empty: the first. */
        readonly after?: string;
        readonly limit?: number;
        /** @description First reported at or after this instant. */
        readonly from?: string;
        /** @description First instant no longer listed. */
        readonly to?: string;
        /** @description The one loan of this contract. */
        readonly contractNumber?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoanPageDto'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly reportLoan: {
    readonly parameters: {
      readonly query?: never;
      readonly header: {
        readonly 'Idempotency-Key': string;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['LoanRequest'];
      };
    };
    readonly responses: {
      /** @description It had been reported so before. */
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoanAnswerDto'];
        };
      };
      /** @description Recorded: a new loan or an amendment. */
      readonly 201: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoanAnswerDto'];
        };
      };
      /** @description The body is longer than 16 KiB; it was not read. */
      readonly 413: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly readLoan: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly loanId: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoanViewDto'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly readNotices: {
    readonly parameters: {
      readonly query?: {
        /** @description Cursor from `next` of the page before; absent or empty: the first. */
        readonly after?: string;
        readonly limit?: number;
        /** @description Seconds to wait for a notice when there is none. */
        readonly wait?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['NoticePageDto'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly readParty: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['PartyView'];
        };
      };
      /** @description Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead. */
      readonly 429: {
        headers: {
          /** @description The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10). */
          readonly 'RateLimit-Policy'?: string;
          /** @description What is left of it, and seconds until there is more. */
          readonly RateLimit?: string;
          /** @description Seconds. */
          readonly 'Retry-After': number;
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readonly ProtectedResourceController_show: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProtectedResourceDto'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '4XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description A problem (RFC 9457): `type` is a page that says what to do. */
      readonly '5XX': {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
}
