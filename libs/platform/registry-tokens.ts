/** Injection tokens of what the registry module gives to services. */

/** The lookup keys of every live epoch (`LookupKeys`). */
export const LOOKUP_KEYS = Symbol('LOOKUP_KEYS');
/** The secret under which request bodies are compared (`Buffer`). */
export const IDEMPOTENCY_SECRET = Symbol('IDEMPOTENCY_SECRET');
