/** Tamperings with the Journal itself, its heads, and what was published of it. */
import type { Tampering } from './tampering.js';

const aCheck = `(SELECT min(index) FROM entries WHERE kind = 'check.made')`;
const newestHead = '(SELECT max(size) FROM heads)';
const newestCheckpoint = '(SELECT max(size) FROM checkpoints)';
const olderCheckpoint = '(SELECT min(size) FROM checkpoints)';
const flip = (column: string): string => `${column} = set_byte(${column}, 0, get_byte(${column}, 0) # 1)`;
/** Everything of the newest commit, so that the rest is right in itself. */
const cutOff = [
  `CREATE TEMP TABLE cut ON COMMIT DROP AS SELECT from_size FROM heads ORDER BY size DESC LIMIT 1`,
  'DELETE FROM official_acts WHERE entry_index >= (SELECT from_size FROM cut)',
  `UPDATE parties SET state = 'admitted', entry_index = (SELECT index FROM entries WHERE kind = 'party.admitted' AND party = 'mfo-gamma')
   WHERE client_id = 'mfo-gamma'`,
  'DELETE FROM entries WHERE index >= (SELECT from_size FROM cut)',
  'DELETE FROM heads WHERE size > (SELECT from_size FROM cut)',
  `UPDATE journal_head j SET size = h.size, root = h.root, frontier = h.frontier, last_at = h.at, rules_version = rules_version - 1
   FROM heads h WHERE h.size = (SELECT max(size) FROM heads)`,
];

const entries: readonly Tampering[] = [
  {
    name: 'a letter of an entry',
    sql: `UPDATE entries SET entry = replace(entry, '"A-', '"B-') WHERE index = ${aCheck}`,
    named: 'leaf-differs entry',
  },
  {
    name: 'a seed',
    sql: `UPDATE entries SET ${flip('seed')} WHERE index = ${aCheck}`,
    named: 'leaf-differs entry',
  },
  {
    name: 'a commitment',
    sql: `UPDATE entries SET ${flip('commitment')} WHERE index = ${aCheck}`,
    named: 'leaf-differs entry',
  },
  {
    name: 'a leaf hash',
    sql: `UPDATE entries SET ${flip('leaf_hash')} WHERE index = ${aCheck}`,
    named: 'leaf-differs entry',
  },
  {
    name: 'the instant beside an entry',
    sql: `UPDATE entries SET at = at - interval '1 hour' WHERE index = ${aCheck}`,
    named: 'column-differs entry',
  },
  {
    name: 'the kind beside an entry',
    sql: [
      'ALTER TABLE entries DROP CONSTRAINT entries_check',
      `UPDATE entries SET kind = 'trail.read' WHERE index = ${aCheck}`,
    ],
    named: 'column-differs entry',
  },
  {
    name: 'the version beside an entry',
    sql: `UPDATE entries SET version = version + 1 WHERE index = ${aCheck}`,
    named: 'column-differs entry',
  },
  {
    name: 'the id beside an entry',
    sql: `UPDATE entries SET id = gen_random_uuid() WHERE index = ${aCheck}`,
    named: 'column-differs entry',
  },
  {
    name: 'the lender beside a check and its entry',
    sql: [
      `UPDATE checks SET lender = 'nobody' WHERE entry_index = ${aCheck}`,
      `UPDATE entries SET party = 'nobody' WHERE index = ${aCheck}`,
    ],
    named: 'column-differs entry',
  },
  {
    name: 'the channel beside a placing',
    sql: `UPDATE entries SET party = 'egov-mobile' WHERE kind = 'refusal.placed' AND party IS NOT NULL`,
    named: 'column-differs entry',
  },
  {
    name: 'the person beside an entry',
    sql: `UPDATE entries SET subject = (SELECT subject FROM entries WHERE kind = 'lift.requested' ORDER BY index DESC LIMIT 1)
      WHERE index = ${aCheck}`,
    named: 'person-differs entry',
  },
  { name: 'an entry, gone', sql: `DELETE FROM entries WHERE index = ${aCheck}`, named: 'index-gap entry' },
  {
    name: 'two entries, exchanged',
    sql: [
      `CREATE TEMP TABLE two ON COMMIT DROP AS SELECT * FROM entries WHERE kind = 'check.made' ORDER BY index LIMIT 2`,
      'DELETE FROM entries WHERE index IN (SELECT index FROM two)',
      'UPDATE two SET index = (SELECT sum(index) FROM two) - index',
      'INSERT INTO entries SELECT * FROM two',
    ],
    named: 'head-differs heads',
  },
];

const heads: readonly Tampering[] = [
  {
    name: 'the root of a head',
    sql: `UPDATE heads SET ${flip('root')} WHERE size = ${newestHead}`,
    named: 'head-differs heads',
  },
  {
    name: 'the frontier of a head',
    sql: `UPDATE heads SET ${flip('frontier')} WHERE size = ${newestHead}`,
    named: 'head-differs heads',
  },
  {
    name: 'the instant of a head',
    sql: `UPDATE heads SET at = at + interval '1 hour' WHERE size = ${newestHead}`,
    named: 'head-differs heads',
  },
  {
    name: 'where a head begins',
    sql: `UPDATE heads SET from_size = from_size - 1 WHERE size = ${newestHead}`,
    named: 'head-missing heads',
  },
  {
    name: 'the signature of a head',
    sql: `UPDATE heads SET jws = left(jws, -8) || reverse(right(jws, 8)) WHERE size = ${newestHead}`,
    named: 'head-signature heads',
  },
  {
    name: 'the signature of another head',
    sql: `UPDATE heads SET jws = (SELECT jws FROM heads WHERE size < ${newestHead} ORDER BY size DESC LIMIT 1) WHERE size = ${newestHead}`,
    named: 'head-signature heads',
  },
  {
    name: 'the key of a head',
    sql: `UPDATE heads SET kid = (SELECT kid FROM signing_keys WHERE purpose = 'head/citizen') WHERE size = ${newestHead}`,
    named: 'head-kinds heads',
  },
  {
    name: 'the newest head, gone',
    sql: `DELETE FROM heads WHERE size = ${newestHead}`,
    named: 'head-missing entry',
  },
  {
    name: 'an old head, gone',
    sql: 'DELETE FROM heads WHERE size = (SELECT min(size) FROM heads)',
    named: 'head-missing heads',
  },
  { name: 'the newest commit with its head, gone', sql: cutOff, named: 'published-differs checkpoints' },
  {
    name: 'the newest commit with its head and its checkpoint, gone',
    sql: [...cutOff, 'DELETE FROM checkpoints WHERE size > (SELECT size FROM journal_head)'],
    named: 'published-differs checkpoints',
  },
  {
    name: 'the size in the head row',
    sql: 'UPDATE journal_head SET size = size - 1',
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the root in the head row',
    sql: `UPDATE journal_head SET ${flip('root')}`,
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the frontier in the head row',
    sql: `UPDATE journal_head SET ${flip('frontier')}`,
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the last instant in the head row',
    sql: `UPDATE journal_head SET last_at = last_at - interval '1 hour'`,
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the name of the log',
    sql: `UPDATE journal_head SET origin = 'sandbox.tyiym.kz/journal/2'`,
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the check value of the lookup key',
    sql: `UPDATE journal_head SET key_checks = '{"1": "x"}'`,
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the version of the rules',
    sql: 'UPDATE journal_head SET rules_version = rules_version - 1',
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the number of the feed',
    sql: 'UPDATE journal_head SET feed_seq = feed_seq + 1',
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the version of the state, put back',
    sql: 'UPDATE journal_head SET state_version = 1',
    named: 'journal-head-differs journal_head',
  },
  {
    name: 'the version of the state, put forward',
    sql: 'UPDATE journal_head SET state_version = state_version + 1000',
    unseen:
      'the fence raises it, too, as often as a connection is lost; a process only compares it within its own append',
  },
];

const checkpoints: readonly Tampering[] = [
  {
    name: 'the newest checkpoint, gone',
    sql: `DELETE FROM checkpoints WHERE size = ${newestCheckpoint}`,
    named: 'published-differs checkpoints',
  },
  { name: 'every checkpoint, gone', sql: 'DELETE FROM checkpoints', named: 'published-differs checkpoints' },
  {
    name: 'an old checkpoint, gone',
    sql: `DELETE FROM checkpoints WHERE size = ${olderCheckpoint}`,
    named: 'row-differs checkpoints',
  },
  {
    name: 'a checkpoint, said not to be published',
    sql: `UPDATE checkpoints SET published_at = NULL WHERE size = ${newestCheckpoint}`,
    named: 'published-differs checkpoints',
  },
  {
    name: 'a checkpoint, as if it had only been reserved',
    sql: `UPDATE checkpoints SET published_at = NULL, lag_ms = NULL, cosignatures = 0,
      note = regexp_replace(note, '\\n— witness[^\\n]*', '') WHERE size = ${newestCheckpoint}`,
    named: 'published-differs checkpoints',
  },
  {
    name: 'an old checkpoint, said not to be published',
    sql: `UPDATE checkpoints SET published_at = NULL, lag_ms = NULL WHERE size = ${olderCheckpoint}`,
    named: 'row-differs checkpoints',
  },
  {
    name: 'the cosignature of the newest checkpoint, taken out',
    sql: `UPDATE checkpoints SET cosignatures = 0, note = regexp_replace(note, '\\n— witness[^\\n]*', '') WHERE size = ${newestCheckpoint}`,
    named: 'published-differs checkpoints',
  },
  {
    name: 'the cosignature of an old checkpoint, taken out together with its count',
    sql: `UPDATE checkpoints SET cosignatures = 0, note = regexp_replace(note, '\\n— witness[^\\n]*', '') WHERE size = ${olderCheckpoint}`,
    unseen: 'the log serves the newest checkpoint only, whose cosignatures cover every entry before it',
  },
  {
    name: 'how many witnesses signed',
    sql: `UPDATE checkpoints SET cosignatures = 3 WHERE size = ${olderCheckpoint}`,
    named: 'row-differs checkpoints',
  },
  {
    name: 'a delay, made small',
    sql: 'UPDATE checkpoints SET lag_ms = 10 WHERE lag_ms = (SELECT max(lag_ms) FROM checkpoints)',
    named: 'row-differs checkpoints',
  },
  {
    name: 'when a checkpoint was published',
    sql: `UPDATE checkpoints SET published_at = published_at - interval '1 day' WHERE size = ${newestCheckpoint}`,
    named: 'row-differs checkpoints',
  },
  {
    name: 'the root of a checkpoint',
    sql: `UPDATE checkpoints SET ${flip('root')} WHERE size = ${olderCheckpoint}`,
    named: 'checkpoint-differs checkpoints',
  },
  {
    name: 'the note of a checkpoint',
    sql: `UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = ${newestCheckpoint}) WHERE size = ${olderCheckpoint}`,
    named: 'checkpoint-differs checkpoints',
  },
  {
    name: 'the log of a checkpoint',
    sql: `UPDATE checkpoints SET origin = 'sandbox.tyiym.kz/journal/0' WHERE size = ${olderCheckpoint}`,
    named: 'checkpoint-differs checkpoints',
  },
  {
    name: 'a checkpoint more',
    sql: `INSERT INTO checkpoints SELECT 3, origin, root, 'a note', now() FROM journal_head`,
    named: 'checkpoint-differs checkpoints 3',
  },
  {
    name: 'when the database was compared, in the future',
    sql: `UPDATE comparisons SET compared_at = compared_at + interval '10 days'`,
    named: 'row-differs comparisons',
  },
];

export const journalTamperings: readonly Tampering[] = [...entries, ...heads, ...checkpoints];
