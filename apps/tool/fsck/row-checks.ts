/** Columns that follow from other rows or from the entry a row rests on, told table by table. */
import type { RowCheck } from './row-check.js';

/** Under two epochs one person has two pseudonyms, and then only the sealed numbers tell. */
const isAnother = (one: string, other: string): string =>
  `(${one}.subject <> ${other}.subject AND ${one}.subject_epoch = ${other}.subject_epoch)`;

const kept: readonly RowCheck[] = [
  {
    table: 'signed_documents',
    key: [['entry_index', 'bigint']],
    joins: `LEFT JOIN entries e ON e.index = x.entry_index LEFT JOIN people p ON p.person_id = x.person_id
      LEFT JOIN applications a ON a.application_id = x.application_id`,
    faults: {
      person_id: `${isAnother('p', 'e')} OR p.person_id IS NULL`,
      application_id: `a.application_id IS NULL OR ${isAnother('a', 'e')}`,
      // No process writes it; one that is not asked again would hide a placing with a list that was too old.
      revocation_kind: `x.revocation_kind = 'ocsp'`,
    },
  },
  {
    table: 'revocation_answers',
    key: [['entry_index', 'bigint']],
    joins: `LEFT JOIN entries e ON e.index = x.entry_index LEFT JOIN people p ON p.person_id = x.person_id
      LEFT JOIN signed_documents d ON d.application_id = x.application_id AND d.entry_index < x.entry_index`,
    faults: {
      person_id: `${isAnother('p', 'e')} OR p.person_id IS NULL`,
      application_id: 'd.application_id IS NULL',
    },
  },
  {
    table: 'loans',
    key: [['entry_index', 'bigint']],
    where: 'entry_index < $1',
    joins: 'LEFT JOIN people p ON p.person_id = x.person_id',
    faults: {
      person_id: `(x.person_id IS NULL) <> (x.subject IS NULL) OR ${isAnother('p', 'x')}`,
    },
  },
];

const notices: readonly RowCheck[] = [
  {
    table: 'notices',
    key: [['seq', 'bigint']],
    joins: `LEFT JOIN checks c ON c.check_id = x.check_id
      LEFT JOIN LATERAL (SELECT max(n.entry_index) AS newest FROM checks n WHERE n.subject = c.subject AND n.lender = c.lender
        AND n.loan_ref = c.loan_ref AND n.verdict = 'clear' AND n.entry_index < x.entry_index) n ON true`,
    faults: {
      kind: `x.kind <> 'refusal-placed'`,
      check_id: 'c.entry_index < n.newest',
    },
  },
  {
    table: 'notices_position',
    key: [['one', 'boolean']],
    faults: {
      entry_index: `x.entry_index > coalesce((SELECT max(entry_index) FROM feed), -1) AND x.entry_index > 0
        OR x.entry_index < (SELECT entry_index FROM notices ORDER BY seq DESC LIMIT 1)`,
    },
  },
];

/** Which row a key answers with again; a key that points elsewhere answers one request with the other's outcome. */
const keys: readonly RowCheck[] = [
  {
    table: 'idempotency_keys',
    key: [
      ['day', 'date'],
      ['app', 'text'],
      ['party', 'text'],
      ['route', 'text'],
      ['key', 'text'],
    ],
    where: '(entry_index IS NULL OR entry_index < $1)',
    joins: `LEFT JOIN entries e ON e.index = x.entry_index LEFT JOIN parties p ON p.client_id = x.party
      LEFT JOIN people h ON h.person_id = x.person_id
      LEFT JOIN applications a ON x.app = 'citizen' AND a.application_id = x.resource`,
    faults: {
      party: 'p.client_id IS NULL OR (e.index IS NOT NULL AND e.party IS DISTINCT FROM x.party)',
      app: `x.app <> CASE WHEN p.kind = 'channel' THEN 'citizen' WHEN p.kind = 'bureau' THEN 'bureau' ELSE 'lender' END`,
      entry_index: `x.entry_index IS NOT NULL AND e.index IS NULL`,
      day: `e.index IS NOT NULL AND abs(x.day - (e.at AT TIME ZONE 'UTC')::date) > 1
        OR x.day > (registry_now() AT TIME ZONE 'UTC')::date + 1`,
      resource: `CASE
        WHEN x.route LIKE '%/check%' THEN NOT EXISTS (SELECT FROM checks c WHERE c.check_id = x.resource
          AND c.entry_index = x.entry_index AND c.lender = x.party)
        WHEN x.route LIKE '%/loans' AND x.entry_index IS NOT NULL THEN NOT EXISTS (SELECT FROM loans l
          WHERE l.entry_index = x.entry_index AND l.loan_id = x.resource)
        WHEN x.route LIKE '%/loans' THEN NOT EXISTS (SELECT FROM loans l WHERE l.loan_id = x.resource AND l.party = x.party)
        WHEN x.route LIKE '%/corrections' THEN NOT EXISTS (SELECT FROM corrections c WHERE c.entry_id = x.resource
          AND c.client_id = x.party)
        WHEN e.index IS NOT NULL AND x.resource IS NOT NULL AND x.app <> 'citizen' THEN x.resource <> e.id ELSE false END`,
      person_id: `h.person_id IS NULL AND x.person_id IS NOT NULL OR ${isAnother('h', 'e')}`,
      answer: `x.app = 'citizen' AND x.answer IS NULL OR x.app = 'lender' AND x.answer IS NOT NULL`,
    },
  },
];

const streams: readonly RowCheck[] = [
  {
    table: 'streams',
    key: [['client_id', 'text']],
    joins: `LEFT JOIN parties p ON p.client_id = x.client_id
      LEFT JOIN LATERAL (SELECT min(k.day) AS first, max(k.day) AS last FROM day_keys k WHERE k.stream_id = x.stream_id) k ON true
      LEFT JOIN LATERAL (SELECT max(s.seq) AS stamped FROM stamps s WHERE s.client_id = x.client_id) s ON true`,
    faults: {
      client_id: `p.kind IS DISTINCT FROM 'bureau'`,
      began_on: `x.began_on <> k.first OR x.sealed_seq > 0 AND k.first IS NULL`,
      // What was stamped was sealed before. What was acknowledged only the bureau knows; its digest tells within a minute.
      sealed_seq: 's.stamped > x.sealed_seq OR x.sealed_seq > (SELECT coalesce(max(seq), 0) FROM feed)',
      verified_at: `x.verified_at > registry_now() + interval '1 minute'`,
    },
  },
  {
    table: 'day_keys',
    key: [
      ['stream_id', 'uuid'],
      ['day', 'date'],
      ['enc_kid', 'text'],
    ],
    joins: `JOIN streams s ON s.stream_id = x.stream_id
      LEFT JOIN party_keys p ON p.client_id = s.client_id AND p.kid = x.enc_kid AND p.use = 'enc'`,
    faults: {
      enc_kid: 'p.kid IS NULL',
      day: `x.day < s.began_on OR x.day > (registry_now() AT TIME ZONE 'UTC')::date + 1`,
      // A key of every day since the stream began: what lies sealed under a day that is gone opens no more.
      gap: `x.day > s.began_on AND NOT EXISTS (SELECT FROM day_keys b WHERE b.stream_id = x.stream_id
        AND b.enc_kid = x.enc_kid AND b.day = x.day - 1)`,
      jwe: `x.jwe NOT LIKE '%.%.%.%.%' OR strpos(convert_from(decode(rpad(translate(split_part(x.jwe, '.', 1), '-_', '+/'),
        (length(split_part(x.jwe, '.', 1)) + 3) / 4 * 4, '='), 'base64'), 'UTF8'), '"kid":"' || x.enc_kid || '"') = 0`,
    },
  },
  {
    table: 'digests',
    key: [['stream_id', 'uuid']],
    joins: 'JOIN streams s ON s.stream_id = x.stream_id',
    faults: {
      at_seq: 'x.at_seq > s.sealed_seq OR x.at_seq < 0',
      agrees: `x.agrees AND x.differing <> '{}'`,
      // That a bureau holds something else is an entry of its own.
      differing: `NOT x.agrees AND NOT EXISTS (SELECT FROM entries e WHERE e.kind = 'bureau.disagreed' AND e.party = s.client_id
        AND strpos(e.entry, '"differing":' || cardinality(x.differing)) > 0)`,
      posted_at: `x.posted_at > registry_now() + interval '1 minute'`,
    },
  },
];

const published: readonly RowCheck[] = [
  {
    table: 'checkpoints',
    key: [['size', 'bigint']],
    where: 'size <= $1',
    joins: `LEFT JOIN LATERAL (SELECT h.at FROM heads h WHERE h.size > coalesce((SELECT max(p.size) FROM checkpoints p
      WHERE p.published_at IS NOT NULL AND p.size < x.size), 0) ORDER BY h.size LIMIT 1) oldest ON true
      CROSS JOIN LATERAL (SELECT count(*)::integer AS lines FROM regexp_split_to_table(x.note, '\\n') line
        WHERE starts_with(line, '— ') AND NOT starts_with(line, '— ' || x.origin || ' ')) signed`,
    faults: {
      cosignatures: 'x.cosignatures <> signed.lines',
      published_at: `x.published_at IS NULL AND (x.lag_ms IS NOT NULL OR signed.lines > 0)
        OR x.published_at > registry_now() + interval '1 minute' OR x.published_at < oldest.at - interval '1 second'`,
      // Counted from the oldest entry that it is first to hold: shorter when a checkpoint before it is gone.
      lag_ms: `x.published_at IS NOT NULL AND (x.lag_ms IS NULL OR
        abs(x.lag_ms - greatest(0, extract(epoch FROM x.published_at - oldest.at) * 1000)) > 250)`,
    },
  },
  {
    table: 'comparisons',
    key: [['only_row', 'boolean']],
    faults: { compared_at: `x.compared_at > registry_now() + interval '1 minute'` },
  },
];

/** Jobs are made again by the clerk when they are lost; one that waits beyond its hour delays what is due until then. */
const jobs: readonly RowCheck[] = [
  {
    table: 'graphile_worker.jobs',
    key: [['id', 'bigint']],
    joins: `LEFT JOIN refusals r ON x.task_identifier = 'move-refusal' AND (r.state = 'lift-pending' AND x.key = 'move-refusal:' || r.request_index
      OR r.state = 'none' AND r.placed_again_at IS NOT NULL AND x.key = 'move-refusal:' || r.entry_index)`,
    faults: {
      // Of a move that waits no more the job does nothing, whenever it runs.
      run_at: `r.state IS NOT NULL AND x.run_at > clock_timestamp() + greatest(CASE r.state WHEN 'lift-pending' THEN r.lifts_at ELSE r.placed_again_at END
        - registry_now(), interval '0') + interval '1 hour' + x.attempts * interval '1 day'`,
      task_identifier: `x.task_identifier <> 'move-refusal'`,
      max_attempts: 'x.max_attempts <> 25',
      locked_at: `x.locked_at > clock_timestamp() + interval '1 minute'`,
    },
  },
];

export const rowChecks: readonly RowCheck[] = [
  ...kept,
  ...notices,
  ...keys,
  ...streams,
  ...published,
  ...jobs,
];
