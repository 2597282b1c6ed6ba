/** Tamperings with refusals, people, applications, and what citizens signed. */
import type { Tampering } from './tampering.js';

const anAct = `(SELECT min(index) FROM entries WHERE kind = 'lift.requested')`;
const flip = (column: string, at = 40): string =>
  `${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`;
const open = `application_id = (SELECT application_id FROM applications WHERE state = 'open' ORDER BY 1 LIMIT 1)`;
const signed = `application_id = (SELECT application_id FROM applications WHERE state = 'signed' ORDER BY 1 LIMIT 1)`;
const other = '(SELECT person_id FROM people p WHERE p.person_id <> x.person_id ORDER BY person_id LIMIT 1)';

const refusals: readonly Tampering[] = [
  {
    name: 'a refusal, lifted',
    sql: `UPDATE refusals SET state = 'none' WHERE state = 'in-force'`,
    named: 'row-differs refusals',
  },
  {
    name: 'a lock, made short',
    sql: 'UPDATE refusals SET lock_hours = 0 WHERE lock_hours = 24',
    named: 'row-differs refusals',
  },
  {
    name: 'the hour of a lift, made near',
    sql: `UPDATE refusals SET lifts_at = lift_requested_at WHERE state = 'lift-pending'`,
    named: 'row-differs refusals',
  },
  {
    name: 'a return, cancelled',
    sql: `UPDATE refusals SET place_again_after_hours = NULL WHERE place_again_after_hours IS NOT NULL`,
    named: 'row-differs refusals',
  },
  {
    name: 'a version',
    sql: `UPDATE refusals SET version = version + 1 WHERE state = 'in-force'`,
    named: 'row-differs refusals',
  },
  {
    name: 'who asked for a lift',
    sql: `UPDATE refusals SET requested_by = gen_random_uuid() WHERE state = 'lift-pending'`,
    named: 'row-differs refusals',
  },
  {
    name: 'the leaf a refusal goes on from',
    sql: `UPDATE refusals SET ${flip('moved_leaf', 0)} WHERE state = 'in-force'`,
    named: 'row-differs refusals',
  },
  {
    name: 'a refusal, gone',
    sql: `DELETE FROM refusals WHERE state = 'in-force'`,
    named: 'row-missing refusals',
  },
  {
    name: 'a refusal that is said to be the sentinel',
    sql: `UPDATE refusals SET state = 'sentinel' WHERE state = 'in-force'`,
    named: 'row-missing refusals',
  },
  {
    name: 'a refusal nobody placed',
    sql: `INSERT INTO refusals (subject, subject_epoch, state, version, lock_hours, placed_at, moved_leaf, entry_index)
      VALUES (sha256('x'), 1, 'in-force', 1, 0, now(), sha256('y'), 3)`,
    named: 'row-unknown refusals',
  },
  {
    name: 'the sentinel, gone',
    sql: `DELETE FROM refusals WHERE state = 'sentinel'`,
    named: 'row-missing refusals',
  },
  {
    name: 'a second sentinel',
    sql: `INSERT INTO refusals (subject, subject_epoch, state, version, lock_hours) VALUES (sha256('x'), 1, 'sentinel', 0, 0)`,
    named: 'row-unknown refusals',
  },
];

const people: readonly Tampering[] = [
  { name: 'a sealed number', sql: `UPDATE people SET ${flip('iin')}`, named: 'row-differs people' },
  { name: 'a data key', sql: `UPDATE people SET ${flip('data_key')}`, named: 'row-differs people' },
  {
    name: 'a person under another pseudonym',
    sql: 'UPDATE people SET subject = sha256(subject)',
    named: 'row-differs people',
  },
  {
    name: 'the numbers of two people, exchanged',
    sql: `UPDATE people p SET iin = q.iin, data_key = q.data_key FROM people q WHERE p.person_id <> q.person_id
      AND q.person_id IN (SELECT person_id FROM people ORDER BY 1 LIMIT 2) AND p.person_id IN (SELECT person_id FROM people ORDER BY 1 LIMIT 2)`,
    named: 'row-differs people',
  },
  {
    name: 'everybody whom bureaus were told of, gone',
    sql: 'DELETE FROM people p USING feed f WHERE p.subject = f.subject',
    named: 'row-missing people',
  },
  {
    name: 'when a person was first seen',
    sql: `UPDATE people SET first_seen_at = first_seen_at + interval '1 hour'`,
    unseen: 'nothing is decided by it, and no entry says it',
  },
];

const applications: readonly Tampering[] = [
  {
    name: 'the kind of an open application',
    sql: `UPDATE applications SET kind = 'lift' WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'the lock of an application',
    sql: `UPDATE applications SET lock_hours = 0 WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'the return of an application',
    sql: 'UPDATE applications SET place_again_after_hours = 1 WHERE place_again_after_hours IS NOT NULL',
    named: 'row-differs applications',
  },
  {
    name: 'how long an application can be signed',
    sql: `UPDATE applications SET expires_at = expires_at + interval '1 year' WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'how long a QR code opens',
    sql: `UPDATE applications SET phone_expires_at = phone_expires_at + interval '1 year' WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'when an application was opened',
    sql: `UPDATE applications SET opened_at = opened_at - interval '1 day' WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'the channel of an application',
    sql: `UPDATE applications SET channel = 'egov-mobile' WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'the applicant',
    sql: `UPDATE applications x SET person_id = ${other} WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'the pseudonym of an applicant',
    sql: `UPDATE applications SET subject = sha256(subject) WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'the document of an application',
    sql: `UPDATE applications SET ${flip('document')} WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'the hash of a document',
    sql: `UPDATE applications SET ${flip('document_sha256', 0)} WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'an application that was replaced, open again',
    sql: `UPDATE applications SET state = 'open' WHERE state = 'void'`,
    named: 'row-differs applications',
  },
  {
    name: 'an open application, void',
    sql: `UPDATE applications SET state = 'void' WHERE ${open}`,
    named: 'row-differs applications',
  },
  {
    name: 'a signed application, open again',
    sql: `UPDATE applications SET state = 'open', cms_sha256 = NULL, entry_index = NULL WHERE ${signed}`,
    named: 'row-missing applications',
  },
  {
    name: 'an application signed by nobody',
    sql: `UPDATE applications SET state = 'signed', cms_sha256 = sha256('x'), entry_index = 1 WHERE ${open}`,
    named: 'row-unknown applications',
  },
  {
    name: 'the signature of an application',
    sql: `UPDATE applications SET ${flip('cms_sha256', 0)} WHERE ${signed}`,
    named: 'row-differs applications',
  },
  {
    name: 'the entry of an application',
    sql: `UPDATE applications SET entry_index = 1 WHERE ${signed}`,
    named: 'row-differs applications',
  },
  {
    name: 'how an applicant was identified',
    sql: `UPDATE applications SET identified_by = 'qr' WHERE ${signed}`,
    named: 'row-differs applications',
  },
  {
    name: 'a signed application, gone',
    sql: `DELETE FROM applications WHERE ${signed}`,
    named: 'row-missing applications',
  },
];

const kept: readonly Tampering[] = [
  {
    name: 'a CMS',
    sql: `UPDATE signed_documents SET ${flip('cms')} WHERE entry_index = ${anAct}`,
    named: 'act-not-signed entry',
  },
  {
    name: 'a signed document',
    sql: `UPDATE signed_documents SET ${flip('document')} WHERE entry_index = ${anAct}`,
    named: 'act-not-signed entry',
  },
  {
    name: 'a revocation list',
    sql: `UPDATE signed_documents SET ${flip('revocation')} WHERE entry_index = ${anAct}`,
    named: 'act-not-signed entry',
  },
  {
    name: 'a signed document, gone',
    sql: `DELETE FROM signed_documents WHERE entry_index = ${anAct}`,
    named: 'act-not-signed entry',
  },
  {
    name: 'a signed document under an entry of nobody’s',
    sql: `INSERT INTO signed_documents SELECT 1000000, application_id, person_id, document, cms, revocation, 'crl', false
      FROM signed_documents LIMIT 1`,
    named: 'row-unknown signed_documents 1000000',
  },
  {
    name: 'whose key opens a signed document',
    sql: `UPDATE signed_documents x SET person_id = ${other} WHERE entry_index = ${anAct}`,
    named: 'row-differs signed_documents',
  },
  {
    name: 'what kind of evidence a signature rests on',
    sql: `UPDATE signed_documents SET revocation_kind = 'ocsp' WHERE entry_index = ${anAct}`,
    named: 'row-differs signed_documents',
  },
  {
    name: 'a list that was too old, said to be fresh',
    sql: `UPDATE signed_documents SET revocation_stale = NOT revocation_stale WHERE entry_index = ${anAct}`,
    named: 'act-not-signed entry',
  },
  {
    name: 'what the authority said',
    sql: `UPDATE revocation_answers SET ${flip('answer')}`,
    named: 'revocation-not-shown entry',
  },
  {
    name: 'what the authority said, gone',
    sql: 'DELETE FROM revocation_answers',
    named: 'revocation-not-shown entry',
  },
  {
    name: 'whose key opens what the authority said',
    sql: `UPDATE revocation_answers x SET person_id = ${other}`,
    named: 'row-differs revocation_answers',
  },
  {
    name: 'under which application the authority was asked',
    sql: `UPDATE revocation_answers SET application_id = gen_random_uuid()`,
    named: 'row-differs revocation_answers',
  },
  {
    name: 'the authority’s word for nothing',
    sql: `INSERT INTO revocation_answers SELECT 1000000, application_id, person_id, answer, kind FROM revocation_answers LIMIT 1`,
    named: 'row-unknown revocation_answers 1000000',
  },
];

const jobs: readonly Tampering[] = [
  {
    name: 'a due lift, put off for ever',
    sql: `UPDATE graphile_worker._private_jobs SET run_at = run_at + interval '100 years' WHERE key LIKE 'move-refusal:%'`,
    named: 'row-differs graphile_worker.jobs',
  },
  {
    name: 'a due lift that is tried once',
    sql: `UPDATE graphile_worker._private_jobs SET max_attempts = 1 WHERE key LIKE 'move-refusal:%'`,
    named: 'row-differs graphile_worker.jobs',
  },
  {
    name: 'a due lift, held for ever',
    sql: `UPDATE graphile_worker._private_jobs SET locked_at = now() + interval '100 years', locked_by = 'x' WHERE key LIKE 'move-refusal:%'`,
    named: 'row-differs graphile_worker.jobs',
  },
  {
    name: 'a job that the clerk does not know',
    sql: `SELECT graphile_worker.add_job('another')`,
    named: 'row-differs graphile_worker.jobs',
  },
  {
    name: 'a due lift’s job, gone',
    sql: `DELETE FROM graphile_worker._private_jobs WHERE key LIKE 'move-refusal:%'`,
    unseen: 'the clerk looks every minute for what is due without a job, and makes it again',
  },
];

export const citizenTamperings: readonly Tampering[] = [
  ...refusals,
  ...people,
  ...applications,
  ...kept,
  ...jobs,
];
