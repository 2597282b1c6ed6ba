/**
 * Every table of the registry with who judges it. A table that stands nowhere here fails a test: whoever adds one gives it
 * a slice (`slices.service.ts`), or says here why fsck need not look at it.
 */

/** Judged while the Journal is read, entry by entry, or compared afterwards with what the entries made. */
const replayed = [
  ...[
    'entries',
    'heads',
    'journal_head',
    'checkpoints',
    'checks',
    'refusals',
    'feed',
    'stamps',
    'corrections',
  ],
  ...['loans', 'contracts', 'signed_documents', 'revocation_answers', 'official_acts', 'harvesting_alarms'],
  ...['parties', 'party_keys', 'officials', 'regime', 'signing_keys', 'closed_logs', 'notices'],
  ...['notice_deliveries', 'people', 'figures'],
] as const;

/** Table → why not; what an owner gains by changing it stands in SECURITY.md. */
export const unjudged: Readonly<Record<string, string>> = {
  assertion_ids:
    'identifiers of assertions that are refused after 300 s anyway; one that is gone can be used again until then',
  citizen_turns: 'whose turn it is to be waited for; nothing is decided by it',
  doubts:
    'a difference that the clerk found for itself; taking it out lets it look again, and fsck compares everything anyway',
  revocation_lists:
    'the newest list of each issuer that any process has seen; an older number lets an older list serve, which is judged again with the list kept under the act',
  check_latencies: 'measurements of one hour, for a figure; nothing is decided by them',
  check_shares: 'unlogged; how a quota is shared out this second, remade every second',
  head_looks: 'unlogged; which transactions held the head at the last look, remade every two seconds',
  lender_processes: 'unlogged; which processes live, remade every second',
  move_alarms: 'what the clerk said of a move that it did not make; a line more or less moves nothing',
  move_judgements:
    'what the clerk found right after a request; before the move it judges again, by entries and signatures',
  people_asked:
    'how many people a lender asked about on a day, which only rises and is counted again; no verdict rests on it',
  oidc_payloads:
    'identifiers of assertions and of proofs, for minutes; one that is gone can be used again until then',
  rate_limits: 'unlogged; calls counted in the window that runs now',
  reference_lookalikes:
    'how many references of a party look like a number of a person, for that party to see; no verdict rests on it',
  signer_lease: 'which process signs now; a second signature of one size is kept out by the checkpoints',
};

/** @param sliced tables that slices name */
export function judgedTables(sliced: readonly string[]): ReadonlySet<string> {
  return new Set([...replayed, ...sliced]);
}
