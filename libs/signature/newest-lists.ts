/** What processes tell each other of revocation lists, so that an older one never replaces a newer one. */
import type { RevocationList } from './crl.js';

/** Which list of an issuer it is. */
export type ListEdition = Pick<RevocationList, 'thisUpdate' | 'number'>;

/** The newest list of each issuer that any process has seen. */
export interface NewestLists {
  /**
   * Remembers this edition, and tells the newest one.
   * @param issuer base64url SHA-256 of the issuer's certificate
   */
  seen(issuer: string, edition: ListEdition): Promise<ListEdition>;
}

/** An issuer publishes at least daily; a list that is older serves no lift, however long it calls itself valid. */
export const maxAgeForLiftMs = 26 * 3_600_000;
