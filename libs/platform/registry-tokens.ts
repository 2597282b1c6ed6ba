/** Injection tokens of what the registry module gives to services. */

/** The lookup keys of every live epoch (`LookupKeys`). */
export const LOOKUP_KEYS = Symbol('LOOKUP_KEYS');
/** Where the pages of problems stand: the public base URL of the log (`string`). */
export const PROBLEM_BASE = Symbol('PROBLEM_BASE');
/** The quota of a lender's checks, `(clientId: string) => { perSecond, beyondPerMinute }`. */
export const CHECK_QUOTA = Symbol('CHECK_QUOTA');
/** The key that wraps the data keys of persons (`SealingKey`). */
export const IDENTITY_KEY = Symbol('IDENTITY_KEY');
