/** What fsck found: a code that stays, the row it lies in, and a sentence. Never an IIN, never a value of a person. */

export interface Finding {
  /** Stable, because scripts branch on it. */
  readonly code: FindingCode;
  /** The entry it lies in. */
  readonly index?: number;
  /** The table and the row it lies in, when that is no entry. */
  readonly table?: string;
  readonly row?: string;
  readonly what: string;
}

/** Every code, with what it means. */
export const findingCodes = {
  'index-gap': 'indexes of entries are not contiguous',
  'entry-malformed': 'the text of an entry is not canonical JSON',
  'entry-blanked': 'the text or the seed of an entry was taken away; this release erases nothing',
  'column-differs': 'a column beside an entry says something else than its text',
  'leaf-differs': 'the leaf hash is not that of entry and seed, or of the commitment',
  'clock-went-back': 'an entry is older than the one before it',
  'head-missing': 'entries without a signed head, or a head that does not follow the one before',
  'head-differs': 'a head has another root, frontier or instant than the entries give',
  'head-signature': 'the signature of a head does not verify with the key published for it',
  'head-kinds': 'the key of a head may not vouch for an entry of its batch',
  'checkpoint-differs': 'a checkpoint is not that of its size, or its note does not verify',
  'published-differs': 'the log serves another end of the Journal than the database has',
  'time-not-witnessed': 'an entry is dated more than 10 s outside the times at which witnesses saw the log',
  'version-differs': 'a refusal version does not follow from the entries before',
  'person-differs': 'the person of an entry is not the one of its subject',
  'act-not-signed': 'an act of a citizen without his valid signature: it moves no verdict',
  'lift-not-requested':
    'a lift that no signed request stands behind, or before its hour: it moves no verdict',
  'revocation-not-shown':
    'a lift without what the authority said of its certificate at that hour: it moves no verdict',
  'move-not-allowed': 'an act that the state of the refusal does not allow: it moves no verdict',
  'verdict-differs': 'a check was answered otherwise than the entries before it say',
  'validity-differs': 'a clear verdict was valid for another time than the regime says',
  'registry-act': 'an act of the operator that could not be applied to the registry before it',
  'founding-differs': 'the founding acts are not those whose digest the configuration pins',
  'record-not-signed': 'a record of verified acts that the clerk’s key has not signed',
  'registry-act-not-signed': 'an act of the operator without two officials’ valid signatures',
  'schema-differs': 'a function, trigger, grant, policy, constraint or role is not the one of the migrations',
  'row-differs': 'a row says something else than the entries',
  'row-missing': 'the entries say that there is a row',
  'row-unknown': 'a row that no entry stands behind',
  'clock-moved': 'the registry’s clock is ahead of its database’s, which only a sandbox’s may be',
  'journal-head-differs': 'the head row is not that of the entries',
} as const;
export type FindingCode = keyof typeof findingCodes;

/** Whether two rows are equal member by member: what nearly all are, told without spelling them as JSON. */
export function isSame(expected: object, actual: object): boolean {
  const [want, have] = [expected as Record<string, unknown>, actual as Record<string, unknown>];
  const names = Object.keys(want);
  return names.length === Object.keys(have).length && names.every((name) => isEqual(want[name], have[name]));
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Buffer.isBuffer(a)) return Buffer.isBuffer(b) && a.equals(b);
  const areRecords = typeof a === 'object' && typeof b === 'object' && a !== null && b !== null;
  return areRecords && !Array.isArray(a) && !Array.isArray(b) && !Buffer.isBuffer(b) && isSame(a, b);
}

/** Members in which a row is not as expected, compared by their JSON; both sides leave absent members out. */
export function differing(expected: object, actual: object): readonly string[] {
  const [want, have] = [plain(expected), plain(actual)];
  const names = new Set([...Object.keys(want), ...Object.keys(have)]);
  return [...names].filter((name) => JSON.stringify(want[name]) !== JSON.stringify(have[name])).toSorted();
}

/** Bytes as base64url and members in one order, so that equal rows have equal texts. */
function plain(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, ordered(member)]));
}

function ordered(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64url');
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, ordered(member)]),
  );
}
