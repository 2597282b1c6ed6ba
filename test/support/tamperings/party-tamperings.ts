/** Tamperings with parties, keys, officials and law, with checks, loans, notices and kept answers. */
import type { Tampering } from './tampering.js';

const aKey = `ctid = (SELECT min(ctid) FROM party_keys)`;
const keysOf = (app: string, route = '%'): string =>
  `app = '${app}' AND route LIKE '${route}' AND entry_index IS NOT NULL`;
const another =
  '(SELECT index FROM entries e WHERE e.index <> x.entry_index AND e.kind = %L ORDER BY index LIMIT 1)';

const registry: readonly Tampering[] = [
  {
    name: 'a suspended party, admitted',
    sql: `UPDATE parties SET state = 'admitted' WHERE client_id = 'mfo-gamma'`,
    named: 'row-differs parties mfo-gamma',
  },
  {
    name: 'the scopes of a party',
    sql: `UPDATE parties SET scopes = '{checks,loans,feed}' WHERE client_id = 'bank-alpha'`,
    named: 'row-differs parties bank-alpha',
  },
  {
    name: 'the kind of a party',
    sql: `UPDATE parties SET kind = 'mfo' WHERE client_id = 'bank-alpha'`,
    named: 'row-differs parties bank-alpha',
  },
  {
    name: 'the name of a party',
    sql: `UPDATE parties SET name_ru = 'x' WHERE client_id = 'bank-alpha'`,
    named: 'row-differs parties bank-alpha',
  },
  {
    name: 'the number of a party',
    sql: `UPDATE parties SET bin = '111111111111' WHERE client_id = 'bank-alpha'`,
    named: 'row-differs parties bank-alpha',
  },
  {
    name: 'a party nobody admitted',
    sql: `INSERT INTO parties SELECT 'bank-omega', kind, bin, name_kk, name_ru, name_en, scopes, resource, state, admitted_at, entry_index
      FROM parties WHERE client_id = 'bank-alpha'`,
    named: 'row-unknown parties bank-omega',
  },
  {
    name: 'a party, gone',
    sql: `DELETE FROM parties WHERE client_id = 'court'`,
    named: 'row-missing parties court',
  },
  {
    name: 'a key of a party',
    sql: `UPDATE party_keys SET jwk = jwk || '{"x": "AAAA"}' WHERE ${aKey}`,
    named: 'row-differs party_keys',
  },
  {
    name: 'a key nobody admitted',
    sql: `INSERT INTO party_keys SELECT client_id, 'mine', use, jwk, cert_sha256, not_before, expires_at, retired_at, entry_index
      FROM party_keys WHERE client_id = 'bank-alpha' LIMIT 1`,
    named: 'row-unknown party_keys bank-alpha/mine',
  },
  {
    name: 'the life of a key',
    sql: `UPDATE party_keys SET expires_at = now() WHERE ${aKey}`,
    named: 'row-differs party_keys',
  },
  {
    name: 'the certificates of an official',
    sql: `UPDATE officials SET cert_sha256 = '{x}' WHERE official_id = 'official-1'`,
    named: 'row-differs officials official-1',
  },
  {
    name: 'an official, gone',
    sql: `DELETE FROM officials WHERE official_id = 'official-2'`,
    named: 'row-missing officials',
  },
  {
    name: 'the law',
    sql: `UPDATE regime SET value = '999' WHERE name = 'liftDelay'`,
    named: 'row-differs regime',
  },
  {
    name: 'when a law applies',
    sql: `UPDATE regime SET applies_from = applies_from - interval '1 day' WHERE name = 'liftDelay'`,
    named: 'regime',
  },
  { name: 'a law, gone', sql: `DELETE FROM regime WHERE name = 'checkQuota'`, named: 'regime' },
  {
    name: 'the kinds of a key',
    sql: `UPDATE signing_keys SET kinds = kinds || '{refusal.lifted}' WHERE purpose = 'head/lender'`,
    named: 'row-differs signing_keys',
  },
  {
    name: 'the life of a key of the registry',
    sql: `UPDATE signing_keys SET revoked_at = now() WHERE purpose = 'head/lender'`,
    named: 'row-differs signing_keys',
  },
  {
    name: 'a key of the registry that nobody published',
    sql: `INSERT INTO signing_keys SELECT 'mine', purpose, kinds, jwk, from_size, not_before, expires_at, retired_at, revoked_at, entry_index
      FROM signing_keys WHERE purpose = 'head/clerk'`,
    named: 'row-unknown signing_keys mine',
  },
  {
    name: 'a log, closed by nobody',
    sql: `INSERT INTO closed_logs VALUES ('sandbox.tyiym.kz/journal/0', 'sandbox.tyiym.kz/journal/1', 9, sha256('x'), 3)`,
    named: 'row-unknown closed_logs',
  },
  {
    name: 'an act of officials',
    sql: `UPDATE official_acts SET act = replace(act, 'mfo-gamma', 'bank-alpha')`,
    named: 'registry-act-not-signed entry',
  },
  {
    name: 'the signatures under an act',
    sql: `UPDATE official_acts SET cms = ARRAY[cms[2], cms[2]]`,
    named: 'registry-act-not-signed entry',
  },
  {
    name: 'acts of officials, gone',
    sql: 'DELETE FROM official_acts',
    named: 'registry-act-not-signed entry',
  },
  {
    name: 'an act that is listed no more',
    sql: 'DELETE FROM registry_acts WHERE index = (SELECT max(index) FROM registry_acts)',
    named: 'row-differs registry_acts',
  },
  {
    name: 'a migration that is said to have run',
    sql: `INSERT INTO migrations (timestamp, name) VALUES (1, 'Later1')`,
    named: 'row-unknown migrations Later1',
  },
  {
    name: 'a migration that is said not to have run',
    sql: `DELETE FROM migrations WHERE id = 1`,
    named: 'row-missing migrations',
  },
];

const checks: readonly Tampering[] = [
  {
    name: 'a verdict',
    sql: `UPDATE checks SET verdict = 'clear', valid_until = now() WHERE verdict = 'refused'`,
    named: 'row-differs checks',
  },
  { name: 'who asked', sql: `UPDATE checks SET lender = 'mfo-gamma'`, named: 'row-differs checks' },
  {
    name: 'for which application it was asked',
    sql: `UPDATE checks SET loan_ref = 'other'`,
    named: 'row-differs checks',
  },
  {
    name: 'about whom it was asked',
    sql: 'UPDATE checks SET subject = sha256(subject)',
    named: 'row-differs checks',
  },
  {
    name: 'how long a verdict holds',
    sql: `UPDATE checks SET valid_until = valid_until + interval '1 day' WHERE verdict = 'clear'`,
    named: 'row-differs checks',
  },
  { name: 'a check, gone', sql: `DELETE FROM checks WHERE verdict = 'refused'`, named: 'row-missing checks' },
  {
    name: 'a check nobody made',
    sql: `INSERT INTO checks SELECT uuid_floor(at + interval '5 ms'), lender, entry_index, subject_epoch, subject, product, stage, loan_ref,
      verdict, version, at, valid_until FROM checks LIMIT 1`,
    named: 'row-unknown checks',
  },
  { name: 'a figure', sql: 'UPDATE figures SET value = value + 1000', named: 'row-differs figures' },
  {
    name: 'a figure of nothing',
    sql: `INSERT INTO figures VALUES ('lifts-cancelled', date_trunc('hour', now()), 10)`,
    named: 'row-unknown figures',
  },
];

const loans: readonly Tampering[] = [
  { name: 'the amount of a loan', sql: 'UPDATE loans SET amount = 1', named: 'row-differs loans' },
  {
    name: 'the lender of a loan',
    sql: `UPDATE loans SET lender_bin = '111111111111'`,
    named: 'row-differs loans',
  },
  {
    name: 'when a loan was paid out',
    sql: `UPDATE loans SET disbursed_at = disbursed_at - interval '1 year'`,
    named: 'row-differs loans',
  },
  { name: 'the borrower', sql: 'UPDATE loans SET subject = sha256(subject)', named: 'row-differs loans' },
  {
    name: 'whose loan it is, forgotten',
    sql: 'UPDATE loans SET person_id = NULL',
    named: 'row-differs loans',
  },
  {
    name: 'another person’s loan',
    sql: 'UPDATE loans SET person_id = (SELECT person_id FROM people p WHERE p.subject <> loans.subject LIMIT 1)',
    named: 'row-differs loans',
  },
  {
    name: 'what a loan is an amendment of',
    sql: 'UPDATE loans SET about = gen_random_uuid() WHERE entry_index = (SELECT max(entry_index) FROM loans)',
    named: 'row-differs loans',
  },
  {
    name: 'a report, gone',
    sql: 'DELETE FROM loans WHERE entry_index = (SELECT max(entry_index) FROM loans)',
    named: 'row-missing loans',
  },
  {
    name: 'a contract that goes back to its first report',
    sql: 'UPDATE contracts SET entry_index = (SELECT min(entry_index) FROM loans)',
    named: 'row-differs contracts',
  },
  {
    name: 'the number of a contract',
    sql: `UPDATE contracts SET mac = sha256(mac)`,
    named: 'row-differs loans',
  },
  {
    name: 'a contract about nothing',
    sql: `INSERT INTO contracts SELECT (jsonb_populate_record(c, jsonb_build_object('mac', sha256(mac), 'loan_id', gen_random_uuid()))).* FROM contracts c`,
    named: 'row-differs contracts',
  },
  {
    name: 'a loan nobody reported',
    sql: `INSERT INTO loans SELECT (jsonb_populate_record(l, jsonb_build_object('entry_index', 1, 'loan_id', gen_random_uuid()))).* FROM loans l LIMIT 1`,
    named: 'row-unknown loans 1',
  },
];

const notices: readonly Tampering[] = [
  {
    name: 'a notice, gone',
    sql: ['DELETE FROM notice_deliveries', 'DELETE FROM notices'],
    named: 'row-missing notices',
  },
  {
    name: 'to whom a notice goes',
    sql: `UPDATE notices SET lender = 'mfo-gamma'`,
    named: 'row-unknown notices',
  },
  {
    name: 'of what a notice tells',
    sql: `UPDATE notices SET kind = 'claim-lodged'`,
    named: 'row-differs notices',
  },
  {
    name: 'about which application a notice tells',
    sql: `UPDATE notices SET loan_ref = 'other'`,
    named: 'row-unknown notices',
  },
  {
    name: 'when it happened that a notice tells of',
    sql: `UPDATE notices SET at = at - interval '1 day'`,
    named: 'row-unknown notices',
  },
  {
    name: 'the number of a notice that was fetched',
    sql: 'UPDATE notice_deliveries SET notice_id = gen_random_uuid()',
    named: 'row-missing notice_deliveries',
  },
  {
    name: 'that a notice was fetched, gone',
    sql: 'DELETE FROM notice_deliveries',
    named: 'row-missing notice_deliveries',
  },
  {
    name: 'a notice, fetched by nobody',
    sql: 'UPDATE notice_deliveries SET entry_index = 1',
    named: 'row-unknown notice_deliveries 1',
  },
  {
    name: 'how far notices were made, put forward',
    sql: 'UPDATE notices_position SET entry_index = 1000000',
    named: 'row-differs notices_position',
  },
  {
    name: 'how far notices were made, put back',
    sql: 'UPDATE notices_position SET entry_index = 1',
    named: 'row-differs notices_position',
  },
  {
    name: 'a suspicion, gone or new',
    sql: `INSERT INTO harvesting_alarms VALUES ('bank-alpha', 'hour', date_trunc('hour', now()), 1)`,
    named: 'row-unknown harvesting_alarms',
  },
];

const keys: readonly Tampering[] = [
  {
    name: 'a key of a check that answers with another’s',
    sql: `UPDATE idempotency_keys x SET resource = (SELECT check_id FROM checks c WHERE c.check_id <> x.resource LIMIT 1) WHERE ${keysOf('lender', '%/checks')}`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'a key of a check that names another entry',
    sql: `UPDATE idempotency_keys x SET entry_index = ${another.replace('%L', "'check.made'")} WHERE ${keysOf('lender', '%/checks')}`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'a key of a loan that answers with another’s',
    sql: `UPDATE idempotency_keys x SET resource = gen_random_uuid() WHERE ${keysOf('lender', '%/loans')}`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'a key of a correction that answers with another’s',
    sql: `UPDATE idempotency_keys x SET resource = gen_random_uuid() WHERE ${keysOf('bureau', '%/corrections')}`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'whose key it is',
    sql: `UPDATE idempotency_keys SET party = 'mfo-gamma' WHERE ${keysOf('lender')}`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'a key of an entry that is not there',
    sql: `UPDATE idempotency_keys SET entry_index = -5 WHERE ${keysOf('lender')}`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'a citizen’s kept answer under another key',
    sql: `UPDATE idempotency_keys x SET answer = (SELECT answer FROM idempotency_keys y WHERE y.app = 'citizen' AND y.person_id = x.person_id AND y.key <> x.key LIMIT 1)
      WHERE app = 'citizen' AND (SELECT count(*) FROM idempotency_keys y WHERE y.app = 'citizen' AND y.person_id = x.person_id) > 1`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'a citizen’s kept answer, altered',
    sql: `UPDATE idempotency_keys SET answer = set_byte(answer, 40, get_byte(answer, 40) # 1) WHERE app = 'citizen'`,
    named: 'row-differs idempotency_keys',
  },
  {
    name: 'what request a key belongs to',
    sql: `UPDATE idempotency_keys SET body_hmac = sha256(body_hmac) WHERE app = 'lender'`,
    unseen:
      'the hash is keyed and its key is the app’s alone; the caller is told that the key was used for another request, and asks again',
  },
  {
    name: 'keys, gone',
    sql: `DELETE FROM idempotency_keys WHERE app = 'lender'`,
    unseen: 'they end after 72 h anyway; the same request once more is one more entry, which both sides see',
  },
];

export const partyTamperings: readonly Tampering[] = [...registry, ...checks, ...loans, ...notices, ...keys];
