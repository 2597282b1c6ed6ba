/** What the owner of the database, with all its rights and no key of an app, could do to a registry. */

export interface Tampering {
  readonly name: string;
  /** As a superuser, whose triggers do not fire: the owner can switch them off. */
  readonly sql: string | readonly string[];
  /** `code place`, of which the place may be the beginning: the table and the row, or `entry` and its index. */
  readonly named?: string;
  /** Why nobody who reads the database alone can see it; stands in SECURITY.md. */
  readonly unseen?: string;
}
