/**
 * One stream a bureau: items of the feed sealed by the clerk's worker, so that the process that delivers them holds no
 * key that opens a person; the day keys wrapped for the bureau; and the set in force with its digest, as the bureau
 * should have it.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Streams1764000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
GRANT USAGE ON SCHEMA public TO tyiym_bureau;
GRANT SELECT ON journal_head, heads, parties, party_keys, regime, signing_keys, refusals, feed, migrations TO tyiym_bureau;
GRANT UPDATE (size, root, frontier, state_version, rules_version, feed_seq, last_at) ON journal_head TO tyiym_bureau;
GRANT INSERT ON heads TO tyiym_bureau;
GRANT SELECT, INSERT ON entries TO tyiym_bureau;
GRANT SELECT, INSERT ON idempotency_keys TO tyiym_bureau;
CREATE POLICY bureau_appends ON entries FOR INSERT TO tyiym_bureau WITH CHECK (kind IN (
  'refusal.stamped', 'stamp.lost', 'bureau.disagreed', 'loan.reported', 'loan.amended', 'claim.answered', 'correction.reported'));
CREATE POLICY bureau_reads ON entries FOR SELECT TO tyiym_bureau USING (kind IN (
  'refusal.stamped', 'stamp.lost', 'bureau.disagreed', 'loan.reported', 'loan.amended', 'claim.answered', 'correction.reported'));
CREATE POLICY bureau_keys ON idempotency_keys TO tyiym_bureau USING (app = 'bureau') WITH CHECK (app = 'bureau');
GRANT EXECUTE ON FUNCTION leaf_hashes(bigint, bigint), days_ahead(), registry_now(), lost_race(), is_whole(bigint[], bigint[])
  TO tyiym_bureau;

CREATE TABLE streams (
  stream_id uuid PRIMARY KEY,
  client_id text NOT NULL UNIQUE REFERENCES parties,
  began_on date NOT NULL,
  sealed_seq bigint NOT NULL DEFAULT 0,
  in_force bigint NOT NULL DEFAULT 0 CHECK (in_force >= 0),
  acked_seq bigint NOT NULL DEFAULT 0 CHECK (acked_seq >= 0),
  verified_at timestamptz(3),
  CHECK (acked_seq <= sealed_seq)
);
COMMENT ON TABLE streams IS 'One stream a bureau (RFC 8936), made by the clerk when the bureau is admitted with the scope feed.';
COMMENT ON COLUMN streams.stream_id IS 'UUIDv7; str_… on the wire.';
COMMENT ON COLUMN streams.client_id IS 'The bureau.';
COMMENT ON COLUMN streams.began_on IS 'UTC day of registry time from which it has day keys.';
COMMENT ON COLUMN streams.sealed_seq IS 'Items of the feed up to here are sealed.';
COMMENT ON COLUMN streams.in_force IS 'Refusals in force after them, as the bureau counts them.';
COMMENT ON COLUMN streams.acked_seq IS 'The bureau acknowledged everything up to here; delivery goes on behind it.';
COMMENT ON COLUMN streams.verified_at IS 'Registry time of the newest verification event; NULL: the next poll brings one.';

CREATE TABLE sealed_items (
  stream_id uuid NOT NULL REFERENCES streams,
  seq bigint NOT NULL REFERENCES feed,
  entry_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('refusal-placed', 'refusal-lifted')),
  sub_id bytea NOT NULL CHECK (octet_length(sub_id) = 32),
  version integer NOT NULL,
  at timestamptz(3) NOT NULL,
  sealed text NOT NULL,
  PRIMARY KEY (stream_id, seq)
);
COMMENT ON TABLE sealed_items IS 'What a stream delivers: insert-only, without a gap. Only day keys open it.';
COMMENT ON COLUMN sealed_items.stream_id IS 'Stream.';
COMMENT ON COLUMN sealed_items.seq IS 'Item of the feed.';
COMMENT ON COLUMN sealed_items.entry_id IS 'Id of the entry: txn of the SET and first half of its jti.';
COMMENT ON COLUMN sealed_items.kind IS 'Event: refusal-placed or refusal-lifted.';
COMMENT ON COLUMN sealed_items.sub_id IS 'The person as this bureau knows him: HMAC under its own key, so that bureaus'' sets do not join.';
COMMENT ON COLUMN sealed_items.version IS 'Refusal version that the entry made.';
COMMENT ON COLUMN sealed_items.at IS 'Registry time of the entry.';
COMMENT ON COLUMN sealed_items.sealed IS 'Compact JWE, dir and A256GCM under the key of the UTC day of sealing.';

CREATE FUNCTION streams_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.sealed_seq < OLD.sealed_seq OR NEW.sealed_seq - OLD.sealed_seq <> (SELECT count(*) FROM sealed_items
    WHERE stream_id = NEW.stream_id AND seq > OLD.sealed_seq AND seq <= NEW.sealed_seq) THEN
    RAISE EXCEPTION 'a stream grows by exactly the items sealed with it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION streams_guard() IS 'Keeps a stream without gaps, whatever its worker does.';
CREATE TRIGGER streams_guard AFTER UPDATE ON streams FOR EACH ROW
  WHEN (NEW.sealed_seq IS DISTINCT FROM OLD.sealed_seq) EXECUTE FUNCTION streams_guard();

CREATE TABLE day_keys (
  stream_id uuid NOT NULL REFERENCES streams,
  day date NOT NULL,
  enc_kid text NOT NULL,
  jwe text NOT NULL,
  PRIMARY KEY (stream_id, day, enc_kid)
);
COMMENT ON TABLE day_keys IS 'Key of a stream and a UTC day, wrapped for a key of the bureau; the registry''s own copy is derived and stands nowhere.';
COMMENT ON COLUMN day_keys.stream_id IS 'Stream.';
COMMENT ON COLUMN day_keys.day IS 'UTC day of sealing.';
COMMENT ON COLUMN day_keys.enc_kid IS 'Thumbprint of the bureau''s key for encryption.';
COMMENT ON COLUMN day_keys.jwe IS 'Compact JWE, ECDH-ES+A256KW and A256GCM, of the oct JWK.';

CREATE TABLE stream_members (
  stream_id uuid NOT NULL REFERENCES streams,
  sub_id bytea NOT NULL,
  version integer NOT NULL,
  seq bigint NOT NULL,
  bucket smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
  PRIMARY KEY (stream_id, sub_id)
);
CREATE INDEX stream_members_by_seq ON stream_members (stream_id, seq);
CREATE INDEX stream_members_by_bucket ON stream_members (stream_id, bucket);
COMMENT ON TABLE stream_members IS 'The refusals in force after sealed_seq, as the bureau should hold them: what snapshots and digests are made of.';
COMMENT ON COLUMN stream_members.stream_id IS 'Stream.';
COMMENT ON COLUMN stream_members.sub_id IS 'The person as this bureau knows him.';
COMMENT ON COLUMN stream_members.version IS 'Version of the placing in force.';
COMMENT ON COLUMN stream_members.seq IS 'Its item.';
COMMENT ON COLUMN stream_members.bucket IS 'First byte of SHA-256(sub_id|version).';

CREATE TABLE stream_buckets (
  stream_id uuid NOT NULL REFERENCES streams,
  bucket smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
  value bytea NOT NULL CHECK (octet_length(value) = 32),
  PRIMARY KEY (stream_id, bucket)
);
COMMENT ON TABLE stream_buckets IS 'Digest of the set in force: XOR of the items of a bucket. A bucket never used has no row and is zero.';
COMMENT ON COLUMN stream_buckets.stream_id IS 'Stream.';
COMMENT ON COLUMN stream_buckets.bucket IS 'First byte of its items.';
COMMENT ON COLUMN stream_buckets.value IS 'XOR of its items.';

CREATE TABLE stream_vectors (
  stream_id uuid NOT NULL REFERENCES streams,
  seq bigint NOT NULL,
  at timestamptz(3) NOT NULL,
  in_force bigint NOT NULL,
  buckets bytea NOT NULL CHECK (octet_length(buckets) = 8192),
  PRIMARY KEY (stream_id, seq)
);
COMMENT ON TABLE stream_vectors IS 'The digest as it was, about every 10 000 items, kept 14 days: from the nearest one that of any item between is made.';
COMMENT ON COLUMN stream_vectors.stream_id IS 'Stream.';
COMMENT ON COLUMN stream_vectors.seq IS 'After this item.';
COMMENT ON COLUMN stream_vectors.at IS 'Registry time of its making.';
COMMENT ON COLUMN stream_vectors.in_force IS 'Refusals in force then.';
COMMENT ON COLUMN stream_vectors.buckets IS 'The 256 values one after the other.';

GRANT SELECT, INSERT ON streams, sealed_items, day_keys, stream_members, stream_buckets, stream_vectors TO tyiym_clerk_worker;
GRANT UPDATE (sealed_seq, in_force) ON streams TO tyiym_clerk_worker;
GRANT UPDATE, DELETE ON stream_members TO tyiym_clerk_worker;
GRANT UPDATE ON stream_buckets TO tyiym_clerk_worker;
GRANT DELETE ON stream_vectors TO tyiym_clerk_worker;
GRANT SELECT ON streams, sealed_items, day_keys, stream_members, stream_buckets, stream_vectors TO tyiym_bureau, tyiym_tool;
GRANT UPDATE (acked_seq, verified_at) ON streams TO tyiym_bureau;
GRANT SELECT (stream_id, client_id) ON streams TO tyiym_citizen;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
