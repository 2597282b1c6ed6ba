/**
 * The Journal: one head row, one signed head a commit, entries partitioned by index. Nobody has UPDATE or DELETE on
 * entries and heads; kinds per role are row-level security; triggers let the head grow only by the entries of the
 * same transaction.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Journal1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public
  TO tyiym_citizen, tyiym_lender, tyiym_access, tyiym_log, tyiym_clerk_worker, tyiym_clerk_signer, tyiym_tool;

CREATE TABLE journal_head (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  origin text NOT NULL,
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  frontier bytea NOT NULL CHECK (octet_length(frontier) % 32 = 0),
  state_version bigint NOT NULL,
  rules_version bigint NOT NULL,
  feed_seq bigint NOT NULL CHECK (feed_seq >= 0),
  last_at timestamptz(3) NOT NULL,
  clock_offset_ms bigint NOT NULL DEFAULT 0 CHECK (clock_offset_ms >= 0),
  key_checks jsonb NOT NULL
);
COMMENT ON TABLE journal_head IS 'The one row whose lock is the order of the Journal.';
COMMENT ON COLUMN journal_head.only_row IS 'True: a second row cannot be.';
COMMENT ON COLUMN journal_head.origin IS 'Name of the log (C2SP tlog-checkpoint); every append compares it.';
COMMENT ON COLUMN journal_head.size IS 'Number of entries.';
COMMENT ON COLUMN journal_head.root IS 'RFC 9162 Merkle tree hash over all entries.';
COMMENT ON COLUMN journal_head.frontier IS 'Hashes of the perfect subtrees of the tree, largest first, 32 bytes each.';
COMMENT ON COLUMN journal_head.state_version IS 'Rises with every entry that can change a verdict and with the fence.';
COMMENT ON COLUMN journal_head.rules_version IS 'Rises with entries about regime, parties and keys; caches are emptied by it.';
COMMENT ON COLUMN journal_head.feed_seq IS 'Number of the newest feed event, the same for all streams.';
COMMENT ON COLUMN journal_head.last_at IS 'Registry time of the newest commit; never goes back.';
COMMENT ON COLUMN journal_head.clock_offset_ms IS 'Registry time minus the clock of the database; 0 outside the sandbox.';
COMMENT ON COLUMN journal_head.key_checks IS 'Epoch → check value of its lookup key; a process with another key gets no append.';

CREATE FUNCTION registry_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT clock_timestamp() + coalesce((SELECT clock_offset_ms FROM journal_head), 0) * interval '1 millisecond' $$;
COMMENT ON FUNCTION registry_now() IS 'Registry time: the clock of the database plus the offset of the head row.';

CREATE TABLE heads (
  size bigint PRIMARY KEY,
  from_size bigint NOT NULL CHECK (from_size < size),
  at timestamptz(3) NOT NULL,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  frontier bytea NOT NULL,
  kid text NOT NULL,
  jws text NOT NULL
);
COMMENT ON TABLE heads IS 'One signed head a commit; an old proof comes from the frontier of the head before and the leaf hashes of the batch.';
COMMENT ON COLUMN heads.size IS 'Size of the tree after the commit.';
COMMENT ON COLUMN heads.from_size IS 'Size before it: the batch is the entries from_size … size − 1.';
COMMENT ON COLUMN heads.at IS 'Registry time of the commit.';
COMMENT ON COLUMN heads.root IS 'Root of the tree at this size.';
COMMENT ON COLUMN heads.frontier IS 'Hashes of the perfect subtrees at this size, largest first.';
COMMENT ON COLUMN heads.kid IS 'RFC 7638 thumbprint of the head key that signed.';
COMMENT ON COLUMN heads.jws IS 'The head as a JWS, typ tyiym-head+jwt.';

CREATE TABLE entries (
  index bigint NOT NULL CHECK (index >= 0),
  id uuid NOT NULL,
  kind text NOT NULL,
  at timestamptz(3) NOT NULL,
  entry text CHECK (strpos(entry, '"kind":"' || kind || '"') > 0),
  seed bytea CHECK (octet_length(seed) = 32),
  leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
  subject_epoch smallint,
  subject bytea CHECK (octet_length(subject) = 32),
  version integer,
  party text,
  PRIMARY KEY (index)
) PARTITION BY RANGE (index);
CREATE INDEX entries_of_subject ON entries (subject, index) WHERE subject IS NOT NULL;
CREATE INDEX entries_by_time ON entries USING brin (at);
COMMENT ON TABLE entries IS 'The Journal. Append-only; entry, seed and subject become NULL when a person is erased, the leaf hash stays.';
COMMENT ON COLUMN entries.index IS 'Place in the Journal, from 0, without gaps.';
COMMENT ON COLUMN entries.id IS 'UUIDv7 at registry time; ent_… on the wire.';
COMMENT ON COLUMN entries.kind IS 'The kind inside the entry; who may append which is row-level security.';
COMMENT ON COLUMN entries.at IS 'Registry time of the commit, as in the entry.';
COMMENT ON COLUMN entries.entry IS 'RFC 8785 text. Holds no IIN.';
COMMENT ON COLUMN entries.seed IS '32 random bytes from which both salts are derived.';
COMMENT ON COLUMN entries.leaf_hash IS 'SHA-256(0x00 ‖ leaf), the leaf being a commitment to the entry.';
COMMENT ON COLUMN entries.subject_epoch IS 'Epoch of the lookup key of subject.';
COMMENT ON COLUMN entries.subject IS 'Pseudonym of the person the entry is about, if any.';
COMMENT ON COLUMN entries.version IS 'Refusal version in the entry.';
COMMENT ON COLUMN entries.party IS 'Client id of the party that acted, if one did.';

CREATE FUNCTION journal_head_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  appended bigint;
BEGIN
  IF NEW.size < OLD.size OR NEW.state_version < OLD.state_version OR NEW.rules_version < OLD.rules_version
     OR NEW.feed_seq < OLD.feed_seq OR NEW.last_at < OLD.last_at OR NEW.clock_offset_ms < OLD.clock_offset_ms THEN
    RAISE EXCEPTION 'the head of the Journal never goes back' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.last_at > OLD.last_at AND NEW.last_at > registry_now() + interval '1 second' THEN
    RAISE EXCEPTION 'the head of the Journal is never ahead of the clock' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  SELECT count(*) INTO appended FROM entries WHERE index >= OLD.size AND index < NEW.size;
  IF appended <> NEW.size - OLD.size THEN
    RAISE EXCEPTION 'the head of the Journal grows by exactly the entries appended with it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.state_version - OLD.state_version > greatest(appended, 1) OR NEW.rules_version - OLD.rules_version > appended
     OR NEW.feed_seq - OLD.feed_seq > appended THEN
    RAISE EXCEPTION 'an entry moves a counter by one at most' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.size > OLD.size THEN
    PERFORM 1 FROM heads WHERE size = NEW.size AND from_size = OLD.size AND root = NEW.root AND frontier = NEW.frontier AND at = NEW.last_at;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the head of the Journal grows with its signed head' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  ELSIF NEW.root <> OLD.root OR NEW.frontier <> OLD.frontier OR NEW.last_at <> OLD.last_at OR NEW.feed_seq <> OLD.feed_seq
     OR NEW.rules_version <> OLD.rules_version THEN
    RAISE EXCEPTION 'without entries only the fence moves the head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION journal_head_guard() IS 'Runs at the end of the append, when head, heads and entries are all written.';
CREATE TRIGGER journal_head_guard AFTER UPDATE ON journal_head FOR EACH ROW EXECUTE FUNCTION journal_head_guard();

CREATE FUNCTION entries_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF (SELECT max(index) FROM appended) >= (SELECT size FROM journal_head) THEN
    RAISE EXCEPTION 'entries are appended together with the head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION entries_guard() IS 'No entry lies beyond the head, so the head can only grow by entries of its own transaction.';
CREATE TRIGGER entries_guard AFTER INSERT ON entries REFERENCING NEW TABLE AS appended
  FOR EACH STATEMENT EXECUTE FUNCTION entries_guard();

CREATE FUNCTION heads_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.size <> (SELECT size FROM journal_head) THEN
    RAISE EXCEPTION 'a signed head is written together with the head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION heads_guard() IS 'No signed head lies beyond the head, nor between older ones, whose receipts it would take over.';
CREATE TRIGGER heads_guard AFTER INSERT ON heads FOR EACH ROW EXECUTE FUNCTION heads_guard();

ALTER TABLE entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY citizen_appends ON entries FOR INSERT TO tyiym_citizen WITH CHECK (kind IN (
  'refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled', 'claim.lodged', 'trail.read', 'status-certificate.issued'));
CREATE POLICY lender_appends ON entries FOR INSERT TO tyiym_lender WITH CHECK (kind IN (
  'check.made', 'loan.reported', 'loan.amended', 'loan.written-off', 'breach.answered', 'claim.answered', 'notice.delivered'));
CREATE POLICY clerk_appends ON entries FOR INSERT TO tyiym_clerk_worker WITH CHECK (kind IN (
  'refusal.lifted', 'refusal.placed', 'lift.cancelled', 'breach.found', 'finding.noted', 'harvesting.suspected', 'outage.declared'));
CREATE POLICY tool_appends ON entries FOR INSERT TO tyiym_tool WITH CHECK (kind IN (
  'registry.opened', 'refusal.inherited', 'party.admitted', 'party.suspended', 'party.key-changed', 'regime.changed',
  'key.published', 'key.retired', 'key.compromised', 'log.broken', 'entries.disclosed'));
CREATE POLICY citizen_reads ON entries FOR SELECT TO tyiym_citizen USING (subject IS NOT NULL);
CREATE POLICY lender_reads ON entries FOR SELECT TO tyiym_lender USING (kind IN (
  'check.made', 'loan.reported', 'loan.amended', 'loan.written-off', 'breach.answered', 'claim.answered', 'notice.delivered'));
CREATE POLICY clerk_reads ON entries FOR SELECT TO tyiym_clerk_worker USING (true);
CREATE POLICY tool_reads ON entries FOR SELECT TO tyiym_tool USING (true);
CREATE POLICY log_reads_leaves ON entries FOR SELECT TO tyiym_log USING (true);
CREATE POLICY signer_reads_leaves ON entries FOR SELECT TO tyiym_clerk_signer USING (true);

GRANT SELECT ON journal_head, heads
  TO tyiym_citizen, tyiym_lender, tyiym_log, tyiym_clerk_worker, tyiym_clerk_signer, tyiym_tool;
GRANT UPDATE (size, root, frontier, state_version, rules_version, feed_seq, last_at) ON journal_head
  TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker, tyiym_tool;
GRANT INSERT ON heads TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker, tyiym_tool;
GRANT SELECT, INSERT ON entries TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker, tyiym_tool;
GRANT SELECT (index, leaf_hash) ON entries TO tyiym_log, tyiym_clerk_signer;

CREATE FUNCTION leaf_hashes(from_index bigint, to_index bigint) RETURNS TABLE (leaf_hash bytea) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT leaf_hash FROM entries WHERE index >= from_index AND index < to_index ORDER BY index
$$;
REVOKE ALL ON FUNCTION leaf_hashes(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION leaf_hashes(bigint, bigint) TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker, tyiym_tool;
COMMENT ON FUNCTION leaf_hashes(bigint, bigint) IS 'Leaf hashes of a batch, also of entries the role may not read: a proof needs them, and they tell nothing.';

CREATE VIEW public_openings AS
  SELECT index, entry, seed FROM entries
  WHERE kind = 'registry.opened' OR split_part(kind, '.', 1) IN ('key', 'party', 'regime', 'outage', 'log');
COMMENT ON VIEW public_openings IS 'Entries that name no person and are open to everybody, with the seed of their salt.';
GRANT SELECT ON public_openings TO tyiym_log;

CREATE TABLE checkpoints (
  size bigint PRIMARY KEY,
  origin text NOT NULL,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  note text NOT NULL,
  signed_at timestamptz(3) NOT NULL
);
COMMENT ON TABLE checkpoints IS 'Heads signed with the log key, as published. One per size: the primary key is the compare-and-swap.';
COMMENT ON COLUMN checkpoints.size IS 'Size of the tree.';
COMMENT ON COLUMN checkpoints.origin IS 'Name of the log.';
COMMENT ON COLUMN checkpoints.root IS 'Root of the tree.';
COMMENT ON COLUMN checkpoints.note IS 'The signed note (C2SP tlog-checkpoint), exactly as served.';
COMMENT ON COLUMN checkpoints.signed_at IS 'Registry time of the signature.';
GRANT SELECT ON checkpoints TO tyiym_log, tyiym_clerk_worker, tyiym_tool;
GRANT SELECT, INSERT ON checkpoints TO tyiym_clerk_signer;
GRANT UPDATE (note, signed_at) ON checkpoints TO tyiym_clerk_signer;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
