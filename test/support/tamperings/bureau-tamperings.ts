/** Tamperings with the feed, the streams, and what bureaus said. */
import type { Tampering } from './tampering.js';

const gkb = `(SELECT stream_id FROM streams WHERE client_id = 'gkb')`;
const pkb = `(SELECT stream_id FROM streams WHERE client_id = 'pkb')`;
const item = (seq: number): string => `stream_id = ${gkb} AND seq = ${seq}`;

const feed: readonly Tampering[] = [
  {
    name: 'the version of an item',
    sql: 'UPDATE feed SET version = version + 1 WHERE seq = 2',
    named: 'row-differs feed 2',
  },
  {
    name: 'the person of an item',
    sql: 'UPDATE feed SET subject = sha256(subject) WHERE seq = 2',
    named: 'row-differs feed 2',
  },
  { name: 'an item of the feed, gone', sql: 'DELETE FROM feed WHERE seq = 2', named: 'row-missing feed 2' },
  {
    name: 'the newest item of the feed, gone',
    sql: 'DELETE FROM feed WHERE seq = (SELECT max(seq) FROM feed)',
    named: 'row-missing feed',
  },
  {
    name: 'two items of the feed, exchanged',
    sql: [
      'UPDATE feed SET seq = 1000 WHERE seq = 1',
      'UPDATE feed SET seq = 1 WHERE seq = 2',
      'UPDATE feed SET seq = 2 WHERE seq = 1000',
    ],
    named: 'row-differs feed',
  },
];

const sent: readonly Tampering[] = [
  {
    name: 'what two items hold, exchanged',
    sql: `UPDATE sealed_items x SET sealed = y.sealed FROM sealed_items y WHERE x.stream_id = ${gkb} AND y.stream_id = x.stream_id
      AND x.seq IN (1, 2) AND y.seq = 3 - x.seq`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'what another bureau’s item holds',
    sql: `UPDATE sealed_items SET sealed = (SELECT sealed FROM sealed_items WHERE stream_id = ${pkb} AND seq = 1) WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'a letter of what an item holds',
    sql: `UPDATE sealed_items SET sealed = left(sealed, -8) || reverse(right(sealed, 8)) WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'an item that holds nothing',
    sql: `UPDATE sealed_items SET sealed = '' WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'the version beside an item',
    sql: `UPDATE sealed_items SET version = 7 WHERE ${item(2)}`,
    named: 'row-differs sealed_items gkb 2',
  },
  {
    name: 'the entry beside an item',
    sql: `UPDATE sealed_items SET entry_id = gen_random_uuid() WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'the instant beside an item',
    sql: `UPDATE sealed_items SET at = at - interval '1 day' WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'a placing told as a lift',
    sql: `UPDATE sealed_items SET kind = 'refusal-lifted' WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'an item about another person',
    sql: `UPDATE sealed_items SET sub_id = sha256(sub_id) WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'an item said to name nobody',
    sql: `UPDATE sealed_items SET withheld = true WHERE ${item(1)}`,
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'an item, gone',
    sql: `DELETE FROM sealed_items WHERE ${item(4)}`,
    named: 'row-missing sealed_items gkb 4',
  },
  {
    name: 'items beyond what is said to be sealed',
    sql: `UPDATE streams SET sealed_seq = 3, acked_seq = 0 WHERE client_id = 'gkb'`,
    named: 'row-unknown sealed_items gkb 4',
  },
  {
    name: 'a stream that is said to have been sent everything to come',
    sql: `UPDATE streams SET sealed_seq = sealed_seq + 100 WHERE client_id = 'gkb'`,
    named: 'row-differs streams gkb',
  },
  {
    name: 'a whole stream, gone',
    sql: [
      'sealed_items',
      'day_keys',
      'stream_members',
      'stream_buckets',
      'stream_vectors',
      'digests',
      'streams',
    ].map((table) => `DELETE FROM ${table} WHERE stream_id = ${gkb}`),
    named: 'row-missing streams gkb',
  },
  {
    name: 'a stream of another party',
    sql: `UPDATE streams SET client_id = 'bank-alpha' WHERE client_id = 'gkb'`,
    named: 'row-differs streams',
  },
  {
    name: 'the streams of two bureaus, exchanged',
    sql: [
      `UPDATE streams SET client_id = 'x' WHERE client_id = 'gkb'`,
      `UPDATE streams SET client_id = 'gkb' WHERE client_id = 'pkb'`,
      `UPDATE streams SET client_id = 'pkb' WHERE client_id = 'x'`,
    ],
    named: 'row-differs sealed_items gkb 1',
  },
  {
    name: 'since when a stream has keys',
    sql: `UPDATE streams SET began_on = began_on + 1 WHERE client_id = 'gkb'`,
    named: 'row-differs streams',
  },
  {
    name: 'what a bureau acknowledged',
    sql: `UPDATE streams SET acked_seq = sealed_seq WHERE client_id = 'pkb'`,
    unseen:
      'a bureau signs no acknowledgement; its digest lacks what it was not sent, and that is an entry within a minute',
  },
  {
    name: 'how many are in force',
    sql: `UPDATE streams SET in_force = in_force + 1 WHERE client_id = 'gkb'`,
    named: 'row-differs streams gkb',
  },
  {
    name: 'a member of a set',
    sql: `UPDATE stream_members SET version = 5 WHERE stream_id = ${gkb}`,
    named: 'row-unknown stream_members gkb',
  },
  {
    name: 'the bucket of a member',
    sql: `UPDATE stream_members SET bucket = (bucket + 1) % 256 WHERE stream_id = ${gkb}`,
    named: 'row-unknown stream_members gkb',
  },
  {
    name: 'a member of a set, gone',
    sql: `DELETE FROM stream_members WHERE stream_id = ${gkb}`,
    named: 'row-differs stream_members gkb',
  },
  {
    name: 'a value of a digest',
    sql: `UPDATE stream_buckets SET value = sha256(value) WHERE stream_id = ${gkb}`,
    named: 'row-differs stream_buckets gkb',
  },
  {
    name: 'a digest that nobody kept',
    sql: `INSERT INTO stream_vectors VALUES (${gkb}, 3, now(), 1, decode(repeat('01', 8192), 'hex'))`,
    named: 'row-differs stream_vectors gkb 3',
  },
];

const dayKeys: readonly Tampering[] = [
  {
    name: 'a day’s key, gone',
    sql: `DELETE FROM day_keys WHERE stream_id = ${gkb} AND day = (SELECT min(day) FROM day_keys)`,
    named: 'row-differs streams',
  },
  {
    name: 'every day’s key, gone',
    sql: `DELETE FROM day_keys WHERE stream_id = ${gkb}`,
    named: 'row-differs streams',
  },
  {
    name: 'for whom a day’s key is wrapped',
    sql: `UPDATE day_keys SET enc_kid = 'x' WHERE stream_id = ${gkb}`,
    named: 'row-differs day_keys',
  },
  {
    name: 'of which day a key is',
    sql: `UPDATE day_keys SET day = day + 400 WHERE stream_id = ${gkb}`,
    named: 'row-differs day_keys',
  },
  {
    name: 'a day’s key of another bureau’s',
    sql: `UPDATE day_keys SET jwe = (SELECT jwe FROM day_keys WHERE stream_id = ${pkb} LIMIT 1) WHERE stream_id = ${gkb}`,
    named: 'row-differs day_keys',
  },
  {
    name: 'a day’s key that is none',
    sql: `UPDATE day_keys SET jwe = 'x' WHERE stream_id = ${gkb}`,
    named: 'row-differs day_keys',
  },
  {
    name: 'of which root a day’s key is',
    sql: `UPDATE day_keys SET root_check = decode(repeat('00', 16), 'hex') WHERE stream_id = ${gkb}`,
    named: 'row-differs day_keys gkb',
  },
  {
    name: 'a letter of a wrapped key',
    sql: `UPDATE day_keys SET jwe = left(jwe, -8) || reverse(right(jwe, 8)) WHERE stream_id = ${gkb}`,
    named: 'row-differs day_keys gkb',
  },
];

const said: readonly Tampering[] = [
  {
    name: 'when a stamp was made',
    sql: `UPDATE stamps SET recorded_at = recorded_at - interval '1 day' WHERE seq = 1`,
    named: 'row-differs stamps',
  },
  {
    name: 'a stamp of another item',
    sql: 'UPDATE stamps SET seq = 3 WHERE seq = 1',
    named: 'row-differs stamps',
  },
  {
    name: 'a stamp of another bureau’s',
    sql: `UPDATE stamps SET client_id = 'pkb' WHERE seq = 1`,
    named: 'row-differs stamps',
  },
  {
    name: 'a stamp that is said to be lost',
    sql: `UPDATE stamps SET state = 'lost', recorded_at = NULL WHERE seq = 1`,
    named: 'row-differs stamps',
  },
  { name: 'a stamp, gone', sql: 'DELETE FROM stamps WHERE seq = 2', named: 'row-missing stamps' },
  {
    name: 'a stamp nobody made',
    sql: `INSERT INTO stamps SELECT 1, 'pkb', seq, state, at, recorded_at, history_ref FROM stamps WHERE seq = 1`,
    named: 'row-unknown stamps 1',
  },
  {
    name: 'what a bureau calls a stamp',
    sql: `UPDATE stamps SET history_ref = 'x' WHERE seq = 1`,
    named: 'row-differs stamps',
  },
  {
    name: 'of which breach a correction is',
    sql: 'UPDATE corrections SET breach_id = gen_random_uuid()',
    named: 'row-differs corrections',
  },
  {
    name: 'when a trace was removed',
    sql: `UPDATE corrections SET removed_at = removed_at - interval '1 day'`,
    named: 'row-differs corrections',
  },
  { name: 'a correction, gone', sql: 'DELETE FROM corrections', named: 'row-missing corrections' },
  {
    name: 'that a bureau agrees',
    sql: `UPDATE digests SET agrees = true WHERE stream_id = ${gkb}`,
    named: 'row-differs digests',
  },
  {
    name: 'in which buckets a bureau differs',
    sql: `UPDATE digests SET differing = '{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17}', agrees = false`,
    named: 'row-differs digests',
  },
  {
    name: 'how far a bureau was when it compared',
    sql: 'UPDATE digests SET at_seq = 1000',
    named: 'row-differs digests',
  },
  {
    name: 'when a bureau compared',
    sql: `UPDATE digests SET posted_at = posted_at + interval '1 day'`,
    named: 'row-differs digests',
  },
];

export const bureauTamperings: readonly Tampering[] = [...feed, ...sent, ...dayKeys, ...said];
