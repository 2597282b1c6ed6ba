-- What the migrations come to. Generated: npm run -s tool -- migrate --print-schema. `tool fsck` compares a database with it.

-- Roles and surroundings
ALTER ROLE tyiym_access SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_access SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_access SET lock_timeout=2s;
ALTER ROLE tyiym_access SET transaction_timeout=5s;
ALTER ROLE tyiym_bureau SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_bureau SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_bureau SET lock_timeout=2s;
ALTER ROLE tyiym_bureau SET transaction_timeout=5s;
ALTER ROLE tyiym_citizen SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_citizen SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_citizen SET lock_timeout=2s;
ALTER ROLE tyiym_citizen SET transaction_timeout=5s;
ALTER ROLE tyiym_clerk_signer SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_clerk_signer SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_clerk_signer SET lock_timeout=2s;
ALTER ROLE tyiym_clerk_signer SET transaction_timeout=5s;
ALTER ROLE tyiym_clerk_worker SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_clerk_worker SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_clerk_worker SET lock_timeout=2s;
ALTER ROLE tyiym_clerk_worker SET transaction_timeout=5s;
ALTER ROLE tyiym_lender SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_lender SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_lender SET lock_timeout=2s;
ALTER ROLE tyiym_lender SET transaction_timeout=5s;
ALTER ROLE tyiym_log SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_log SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_log SET lock_timeout=2s;
ALTER ROLE tyiym_log SET transaction_timeout=5s;
ALTER ROLE tyiym_tool SET default_transaction_isolation=read committed;
ALTER ROLE tyiym_tool SET idle_in_transaction_session_timeout=5s;
ALTER ROLE tyiym_tool SET lock_timeout=2s;
ALTER ROLE tyiym_tool SET transaction_timeout=5s;
DATABASE OWNED BY tyiym_owner;
EXTENSION plpgsql;
GRANT CONNECT ON DATABASE TO tyiym_access;
GRANT CONNECT ON DATABASE TO tyiym_bureau;
GRANT CONNECT ON DATABASE TO tyiym_citizen;
GRANT CONNECT ON DATABASE TO tyiym_clerk_signer;
GRANT CONNECT ON DATABASE TO tyiym_clerk_worker;
GRANT CONNECT ON DATABASE TO tyiym_lender;
GRANT CONNECT ON DATABASE TO tyiym_log;
GRANT CONNECT ON DATABASE TO tyiym_tool;
GRANT TEMPORARY ON DATABASE TO tyiym_tool;
GRANT USAGE ON SCHEMA graphile_worker TO tyiym_clerk_worker;
GRANT USAGE ON SCHEMA graphile_worker TO tyiym_tool;
GRANT USAGE ON SCHEMA public TO tyiym_access;
GRANT USAGE ON SCHEMA public TO tyiym_bureau;
GRANT USAGE ON SCHEMA public TO tyiym_citizen;
GRANT USAGE ON SCHEMA public TO tyiym_clerk_signer;
GRANT USAGE ON SCHEMA public TO tyiym_clerk_worker;
GRANT USAGE ON SCHEMA public TO tyiym_lender;
GRANT USAGE ON SCHEMA public TO tyiym_log;
GRANT USAGE ON SCHEMA public TO tyiym_tool;
GRANT pg_read_all_stats TO tyiym_owner;
GRANT pg_signal_backend TO tyiym_owner;
ROLE tyiym_access;
ROLE tyiym_bureau;
ROLE tyiym_citizen;
ROLE tyiym_clerk_signer;
ROLE tyiym_clerk_worker;
ROLE tyiym_lender;
ROLE tyiym_log;
ROLE tyiym_owner;
ROLE tyiym_tool;
SCHEMA graphile_worker OWNED BY tyiym_owner;
SCHEMA public OWNED BY pg_database_owner;
SEQUENCE day_keys_seq_seq;
SEQUENCE migrations_id_seq;
SEQUENCE notices_seq_seq;
graphile_worker: FUNCTION graphile_worker.add_job(text,json,text,timestamp with time zone,integer,text,integer,text[],text) f373a941e18abba7d3c260540249e2fe OWNED BY tyiym_owner;
graphile_worker: FUNCTION graphile_worker.add_jobs(graphile_worker.job_spec[],boolean) 6d28b6d74f033e3fbfbfebac33289101 OWNED BY tyiym_owner;
graphile_worker: FUNCTION graphile_worker.complete_jobs(bigint[]) 2f5ac4ed8681edb6a05aec26fbe284e9 OWNED BY tyiym_owner;
graphile_worker: FUNCTION graphile_worker.force_unlock_workers(text[]) 964055d88eb3277198e2a410dc2319cc OWNED BY tyiym_owner;
graphile_worker: FUNCTION graphile_worker.permanently_fail_jobs(bigint[],text) 96ee9e80151063240981af5d8ee4a8a1 OWNED BY tyiym_owner;
graphile_worker: FUNCTION graphile_worker.remove_job(text) eaaa9aa4e6154b5b8df69a048a7d1206 OWNED BY tyiym_owner;
graphile_worker: FUNCTION graphile_worker.reschedule_jobs(bigint[],timestamp with time zone,integer,integer,integer) f7f13252428de9e45f40ca1aa6f24499 OWNED BY tyiym_owner;
graphile_worker: GRANT DELETE ON _private_job_queues TO tyiym_clerk_worker;
graphile_worker: GRANT DELETE ON _private_jobs TO tyiym_clerk_worker;
graphile_worker: GRANT DELETE ON _private_known_crontabs TO tyiym_clerk_worker;
graphile_worker: GRANT DELETE ON _private_tasks TO tyiym_clerk_worker;
graphile_worker: GRANT DELETE ON jobs TO tyiym_clerk_worker;
graphile_worker: GRANT DELETE ON migrations TO tyiym_clerk_worker;
graphile_worker: GRANT EXECUTE ON FUNCTION graphile_worker.add_job(text,json,text,timestamp with time zone,integer,text,integer,text[],text) TO tyiym_clerk_worker;
graphile_worker: GRANT EXECUTE ON FUNCTION graphile_worker.add_jobs(graphile_worker.job_spec[],boolean) TO tyiym_clerk_worker;
graphile_worker: GRANT EXECUTE ON FUNCTION graphile_worker.complete_jobs(bigint[]) TO tyiym_clerk_worker;
graphile_worker: GRANT EXECUTE ON FUNCTION graphile_worker.force_unlock_workers(text[]) TO tyiym_clerk_worker;
graphile_worker: GRANT EXECUTE ON FUNCTION graphile_worker.permanently_fail_jobs(bigint[],text) TO tyiym_clerk_worker;
graphile_worker: GRANT EXECUTE ON FUNCTION graphile_worker.remove_job(text) TO tyiym_clerk_worker;
graphile_worker: GRANT EXECUTE ON FUNCTION graphile_worker.reschedule_jobs(bigint[],timestamp with time zone,integer,integer,integer) TO tyiym_clerk_worker;
graphile_worker: GRANT INSERT ON _private_job_queues TO tyiym_clerk_worker;
graphile_worker: GRANT INSERT ON _private_jobs TO tyiym_clerk_worker;
graphile_worker: GRANT INSERT ON _private_known_crontabs TO tyiym_clerk_worker;
graphile_worker: GRANT INSERT ON _private_tasks TO tyiym_clerk_worker;
graphile_worker: GRANT INSERT ON jobs TO tyiym_clerk_worker;
graphile_worker: GRANT INSERT ON migrations TO tyiym_clerk_worker;
graphile_worker: GRANT SELECT ON _private_job_queues TO tyiym_clerk_worker;
graphile_worker: GRANT SELECT ON _private_jobs TO tyiym_clerk_worker;
graphile_worker: GRANT SELECT ON _private_known_crontabs TO tyiym_clerk_worker;
graphile_worker: GRANT SELECT ON _private_tasks TO tyiym_clerk_worker;
graphile_worker: GRANT SELECT ON jobs TO tyiym_clerk_worker;
graphile_worker: GRANT SELECT ON jobs TO tyiym_tool;
graphile_worker: GRANT SELECT ON migrations TO tyiym_clerk_worker;
graphile_worker: GRANT UPDATE ON _private_job_queues TO tyiym_clerk_worker;
graphile_worker: GRANT UPDATE ON _private_jobs TO tyiym_clerk_worker;
graphile_worker: GRANT UPDATE ON _private_known_crontabs TO tyiym_clerk_worker;
graphile_worker: GRANT UPDATE ON _private_tasks TO tyiym_clerk_worker;
graphile_worker: GRANT UPDATE ON jobs TO tyiym_clerk_worker;
graphile_worker: GRANT UPDATE ON migrations TO tyiym_clerk_worker;
graphile_worker: GRANT USAGE ON job_queues_id_seq TO tyiym_clerk_worker;
graphile_worker: GRANT USAGE ON jobs_id_seq1 TO tyiym_clerk_worker;
graphile_worker: GRANT USAGE ON tasks_id_seq TO tyiym_clerk_worker;
graphile_worker: POLICY clerk ON _private_job_queues true;
graphile_worker: POLICY clerk ON _private_jobs true;
graphile_worker: POLICY clerk ON _private_known_crontabs true;
graphile_worker: POLICY clerk ON _private_tasks true;
graphile_worker: S job_queues_id_seq OWNED BY tyiym_owner;
graphile_worker: S jobs_id_seq1 OWNED BY tyiym_owner;
graphile_worker: S tasks_id_seq OWNED BY tyiym_owner;
graphile_worker: c job_spec OWNED BY tyiym_owner;
graphile_worker: r _private_job_queues OWNED BY tyiym_owner ROW LEVEL SECURITY;
graphile_worker: r _private_jobs OWNED BY tyiym_owner ROW LEVEL SECURITY;
graphile_worker: r _private_known_crontabs OWNED BY tyiym_owner ROW LEVEL SECURITY;
graphile_worker: r _private_tasks OWNED BY tyiym_owner ROW LEVEL SECURITY;
graphile_worker: r migrations OWNED BY tyiym_owner;
graphile_worker: v jobs OWNED BY tyiym_owner;

CREATE TABLE applications (
  application_id uuid NOT NULL,
  person_id uuid NOT NULL,
  subject_epoch smallint NOT NULL,
  subject bytea NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  channel text NOT NULL,
  identified_by text NOT NULL,
  lock_hours integer NOT NULL,
  place_again_after_hours integer,
  language text NOT NULL,
  document bytea NOT NULL,
  document_sha256 bytea NOT NULL,
  opened_at timestamp(3) with time zone NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  cms_sha256 bytea,
  entry_index bigint,
  phone_secret_sha256 bytea NOT NULL,
  phone_token_sha256 bytea,
  phone_expires_at timestamp(3) with time zone NOT NULL,
  phone_document bytea,
  CONSTRAINT applications_pkey PRIMARY KEY (application_id),
  CONSTRAINT applications_channel_fkey FOREIGN KEY (channel) REFERENCES parties(client_id),
  CONSTRAINT applications_check CHECK (((state = 'signed'::text) = ((cms_sha256 IS NOT NULL) AND (entry_index IS NOT NULL)))),
  CONSTRAINT applications_document_sha256_check CHECK ((octet_length(document_sha256) = 32)),
  CONSTRAINT applications_identified_by_check CHECK ((identified_by = ANY (ARRAY['eds'::text, 'sms'::text, 'biometrics'::text, 'qr'::text]))),
  CONSTRAINT applications_kind_check CHECK ((kind = ANY (ARRAY['place'::text, 'lift'::text]))),
  CONSTRAINT applications_language_check CHECK ((language = ANY (ARRAY['kk'::text, 'ru'::text, 'en'::text]))),
  CONSTRAINT applications_lock_hours_check CHECK ((lock_hours >= 0)),
  CONSTRAINT applications_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(person_id),
  CONSTRAINT applications_state_check CHECK ((state = ANY (ARRAY['open'::text, 'signed'::text, 'void'::text])))
);
CREATE INDEX applications_open ON public.applications USING btree (subject, subject_epoch) WHERE (state = 'open'::text);
CREATE UNIQUE INDEX applications_phone_secret ON public.applications USING btree (phone_secret_sha256);
CREATE UNIQUE INDEX applications_phone_token ON public.applications USING btree (phone_token_sha256) WHERE (phone_token_sha256 IS NOT NULL);
CREATE INDEX applications_unsigned ON public.applications USING btree (expires_at) WHERE (state <> 'signed'::text);
GRANT INSERT ON applications TO tyiym_citizen;
GRANT SELECT ON applications TO tyiym_citizen;
GRANT UPDATE (state, cms_sha256, entry_index, phone_token_sha256, phone_document) ON applications TO tyiym_citizen;
GRANT SELECT ON applications TO tyiym_tool;
COMMENT ON TABLE applications IS 'Documents opened for signing. An open one past expires_at is expired, and goes four days later; signed ones stay.';
COMMENT ON COLUMN applications.application_id IS 'UUIDv7; app_… on the wire.';
COMMENT ON COLUMN applications.person_id IS 'Applicant.';
COMMENT ON COLUMN applications.subject_epoch IS 'Epoch of subject.';
COMMENT ON COLUMN applications.subject IS 'Pseudonym of the applicant.';
COMMENT ON COLUMN applications.kind IS 'place or lift.';
COMMENT ON COLUMN applications.state IS 'open, signed, or void: replaced by a newer one or overtaken by a change of the refusal.';
COMMENT ON COLUMN applications.channel IS 'Client id of the channel that opened it.';
COMMENT ON COLUMN applications.identified_by IS 'How the channel identified the citizen, as it says.';
COMMENT ON COLUMN applications.lock_hours IS 'place: the lock asked for; lift: the lock in force when it was opened.';
COMMENT ON COLUMN applications.place_again_after_hours IS 'lift: hours after which the same signature places again.';
COMMENT ON COLUMN applications.language IS 'Language of the document.';
COMMENT ON COLUMN applications.document IS 'Sealed under the applicant''s data key: the exact bytes to sign.';
COMMENT ON COLUMN applications.document_sha256 IS 'SHA-256 of those bytes.';
COMMENT ON COLUMN applications.opened_at IS 'Registry time.';
COMMENT ON COLUMN applications.expires_at IS 'Registry time until which a signature is taken.';
COMMENT ON COLUMN applications.cms_sha256 IS 'SHA-256 of the accepted CMS.';
COMMENT ON COLUMN applications.entry_index IS 'Newest entry that came of it.';
COMMENT ON COLUMN applications.phone_secret_sha256 IS 'SHA-256 of the one-time secret in the QR code.';
COMMENT ON COLUMN applications.phone_token_sha256 IS 'SHA-256 of the token handed to the phone that opened the QR code; the token is derived from its secret.';
COMMENT ON COLUMN applications.phone_expires_at IS 'Registry time until which the QR code opens.';
COMMENT ON COLUMN applications.phone_document IS 'The same bytes for the phone, sealed under a key derived from the secret in the QR code; NULL once it is signed.';

CREATE TABLE assertion_ids (
  channel text NOT NULL,
  jti text NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT assertion_ids_pkey PRIMARY KEY (channel, jti)
);
CREATE INDEX assertion_ids_expired ON public.assertion_ids USING btree (expires_at);
GRANT DELETE ON assertion_ids TO tyiym_citizen;
GRANT INSERT ON assertion_ids TO tyiym_citizen;
GRANT SELECT ON assertion_ids TO tyiym_citizen;
COMMENT ON TABLE assertion_ids IS 'Citizen assertions that were used: each counts once.';
COMMENT ON COLUMN assertion_ids.channel IS 'Client id of the channel.';
COMMENT ON COLUMN assertion_ids.jti IS 'Identifier of the assertion.';
COMMENT ON COLUMN assertion_ids.expires_at IS 'Machine time after which the assertion is refused anyway.';

CREATE TABLE check_latencies (
  at timestamp(3) with time zone DEFAULT registry_now() NOT NULL,
  process uuid NOT NULL,
  bounds_ms real[] NOT NULL,
  counts integer[] NOT NULL,
  CONSTRAINT check_latencies_pkey PRIMARY KEY (at, process),
  CONSTRAINT check_latencies_bounds_ms_check CHECK (((cardinality(bounds_ms) >= 1) AND (cardinality(bounds_ms) <= 100))),
  CONSTRAINT check_latencies_check CHECK ((cardinality(counts) = (cardinality(bounds_ms) + 1)))
);
GRANT DELETE ON check_latencies TO tyiym_clerk_worker;
GRANT SELECT ON check_latencies TO tyiym_clerk_worker;
GRANT INSERT (process, bounds_ms, counts) ON check_latencies TO tyiym_lender;
COMMENT ON TABLE check_latencies IS 'Each minute of each lender process: how many checks were answered within which time. Kept for an hour.';
COMMENT ON COLUMN check_latencies.at IS 'Registry time at which the minute ended.';
COMMENT ON COLUMN check_latencies.process IS 'Drawn by the process when it started.';
COMMENT ON COLUMN check_latencies.bounds_ms IS 'Upper bounds of the buckets, rising; the last bucket has none.';
COMMENT ON COLUMN check_latencies.counts IS 'Checks in each bucket.';

CREATE UNLOGGED TABLE check_shares (
  process uuid NOT NULL,
  lender text NOT NULL,
  demand integer NOT NULL,
  held integer NOT NULL,
  CONSTRAINT check_shares_pkey PRIMARY KEY (process, lender),
  CONSTRAINT check_shares_demand_check CHECK ((demand >= 0)),
  CONSTRAINT check_shares_held_check CHECK ((held >= 0)),
  CONSTRAINT check_shares_process_fkey FOREIGN KEY (process) REFERENCES lender_processes(process) ON DELETE CASCADE
);
GRANT DELETE ON check_shares TO tyiym_lender;
GRANT INSERT ON check_shares TO tyiym_lender;
GRANT SELECT ON check_shares TO tyiym_lender;
GRANT UPDATE ON check_shares TO tyiym_lender;
COMMENT ON TABLE check_shares IS 'What each process has been asked by a lender, and the part of its quota it may answer. Unlogged.';
COMMENT ON COLUMN check_shares.process IS 'Who holds it.';
COMMENT ON COLUMN check_shares.lender IS 'Client id of the lender.';
COMMENT ON COLUMN check_shares.demand IS 'Checks asked for in its last second, refused ones too.';
COMMENT ON COLUMN check_shares.held IS 'Checks a second it may answer; the sum of a lender stays within its quota.';

CREATE TABLE checkpoints (
  size bigint NOT NULL,
  origin text NOT NULL,
  root bytea NOT NULL,
  note text NOT NULL,
  signed_at timestamp(3) with time zone NOT NULL,
  published_at timestamp(3) with time zone,
  lag_ms integer,
  cosignatures smallint DEFAULT 0 NOT NULL,
  CONSTRAINT checkpoints_pkey PRIMARY KEY (size),
  CONSTRAINT checkpoints_cosignatures_check CHECK ((cosignatures >= 0)),
  CONSTRAINT checkpoints_lag_ms_check CHECK ((lag_ms >= 0)),
  CONSTRAINT checkpoints_root_check CHECK ((octet_length(root) = 32))
);
CREATE INDEX checkpoints_published ON public.checkpoints USING btree (size DESC) WHERE (published_at IS NOT NULL);
CREATE TRIGGER checkpoints_guard AFTER INSERT OR UPDATE ON public.checkpoints FOR EACH ROW EXECUTE FUNCTION checkpoints_guard();
GRANT INSERT ON checkpoints TO tyiym_clerk_signer;
GRANT SELECT ON checkpoints TO tyiym_clerk_signer;
GRANT UPDATE (note, signed_at, published_at, lag_ms, cosignatures) ON checkpoints TO tyiym_clerk_signer;
GRANT SELECT ON checkpoints TO tyiym_log;
GRANT SELECT ON checkpoints TO tyiym_tool;
COMMENT ON TABLE checkpoints IS 'Heads signed with the log key. One per size: the primary key is the compare-and-swap.';
COMMENT ON COLUMN checkpoints.size IS 'Size of the tree.';
COMMENT ON COLUMN checkpoints.origin IS 'Name of the log.';
COMMENT ON COLUMN checkpoints.root IS 'Root of the tree.';
COMMENT ON COLUMN checkpoints.note IS 'The signed note (C2SP tlog-checkpoint) with its cosignatures, exactly as served.';
COMMENT ON COLUMN checkpoints.signed_at IS 'Registry time of the newest signature over this size.';
COMMENT ON COLUMN checkpoints.published_at IS 'Registry time at which it was first served; absent while its tiles and cosignatures are on their way.';
COMMENT ON COLUMN checkpoints.lag_ms IS 'From the commit of its oldest new entry to its publication.';
COMMENT ON COLUMN checkpoints.cosignatures IS 'How many witnesses signed the note.';

CREATE TABLE checks (
  check_id uuid NOT NULL,
  lender text NOT NULL,
  entry_index bigint NOT NULL,
  subject_epoch smallint,
  subject bytea,
  product text NOT NULL,
  stage text NOT NULL,
  loan_ref text NOT NULL,
  verdict text NOT NULL,
  version integer NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  valid_until timestamp(3) with time zone,
  CONSTRAINT checks_pkey PRIMARY KEY (check_id),
  CONSTRAINT checks_check CHECK (((verdict = 'clear'::text) = (valid_until IS NOT NULL))),
  CONSTRAINT checks_product_check CHECK ((product = ANY (ARRAY['bank-loan'::text, 'microcredit'::text]))),
  CONSTRAINT checks_stage_check CHECK ((stage = ANY (ARRAY['decision'::text, 'disbursement'::text]))),
  CONSTRAINT checks_verdict_check CHECK ((verdict = ANY (ARRAY['clear'::text, 'refused'::text])))
) PARTITION BY RANGE (check_id);
CREATE INDEX checks_of_lender ON ONLY public.checks USING btree (lender, check_id);
CREATE INDEX checks_of_subject ON ONLY public.checks USING btree (subject) WHERE (subject IS NOT NULL);
GRANT SELECT ON checks TO tyiym_clerk_worker;
GRANT INSERT ON checks TO tyiym_lender;
GRANT SELECT ON checks TO tyiym_lender;
GRANT SELECT ON checks TO tyiym_tool;
COMMENT ON TABLE checks IS 'Checks as lenders look them up again: fold of check.made. Partitioned by day through the UUIDv7.';
COMMENT ON COLUMN checks.check_id IS 'UUIDv7 at registry time; chk_… on the wire.';
COMMENT ON COLUMN checks.lender IS 'Client id of the lender that asked.';
COMMENT ON COLUMN checks.entry_index IS 'Its entry.';
COMMENT ON COLUMN checks.subject_epoch IS 'Epoch of subject.';
COMMENT ON COLUMN checks.subject IS 'Pseudonym of the person asked about.';
COMMENT ON COLUMN checks.product IS 'What is to be lent.';
COMMENT ON COLUMN checks.stage IS 'Before deciding or before money moves.';
COMMENT ON COLUMN checks.loan_ref IS 'The lender''s own number of the application.';
COMMENT ON COLUMN checks.verdict IS 'What was answered.';
COMMENT ON COLUMN checks.version IS 'Refusal version it rests on.';
COMMENT ON COLUMN checks.at IS 'Registry time of the answer.';
COMMENT ON COLUMN checks.valid_until IS 'Until when a clear verdict may be lent on.';

CREATE UNLOGGED TABLE citizen_turns (
  name bytea NOT NULL,
  CONSTRAINT citizen_turns_pkey PRIMARY KEY (name),
  CONSTRAINT citizen_turns_name_check CHECK ((octet_length(name) = 32))
);
GRANT DELETE ON citizen_turns TO tyiym_citizen;
GRANT INSERT ON citizen_turns TO tyiym_citizen;
GRANT SELECT ON citizen_turns TO tyiym_citizen;
COMMENT ON TABLE citizen_turns IS 'Of two transactions with one name the second waits for the first. A row lives within its transaction only; an advisory lock could be held by any role.';
COMMENT ON COLUMN citizen_turns.name IS 'SHA-256 of what takes turns.';

CREATE TABLE closed_logs (
  origin text NOT NULL,
  successor text NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  entry_index bigint NOT NULL,
  CONSTRAINT closed_logs_pkey PRIMARY KEY (origin),
  CONSTRAINT closed_logs_check CHECK ((entry_index < size)),
  CONSTRAINT closed_logs_entry_index_key UNIQUE (entry_index),
  CONSTRAINT closed_logs_root_check CHECK ((octet_length(root) = 32)),
  CONSTRAINT closed_logs_successor_key UNIQUE (successor)
);
CREATE TRIGGER log_closed AFTER INSERT ON public.closed_logs FOR EACH ROW EXECUTE FUNCTION log_closed();
CREATE TRIGGER registry_guard AFTER INSERT OR UPDATE ON public.closed_logs FOR EACH ROW EXECUTE FUNCTION registry_guard();
GRANT SELECT ON closed_logs TO tyiym_clerk_worker;
GRANT SELECT ON closed_logs TO tyiym_tool;
COMMENT ON TABLE closed_logs IS 'Logs that had published more than a restored database held: fold of log.broken.';
COMMENT ON COLUMN closed_logs.origin IS 'Name of the log that was closed.';
COMMENT ON COLUMN closed_logs.successor IS 'Name of the log that goes on.';
COMMENT ON COLUMN closed_logs.size IS 'Entries it had published; those from entry_index on are lost.';
COMMENT ON COLUMN closed_logs.root IS 'Root of its last checkpoint.';
COMMENT ON COLUMN closed_logs.entry_index IS 'The entry log.broken, first of the successor that the closed log does not have.';

CREATE TABLE comparisons (
  only_row boolean DEFAULT true NOT NULL,
  life text,
  compared_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT comparisons_pkey PRIMARY KEY (only_row),
  CONSTRAINT comparisons_only_row_check CHECK (only_row)
);
GRANT SELECT ON comparisons TO tyiym_bureau;
GRANT SELECT ON comparisons TO tyiym_citizen;
GRANT INSERT ON comparisons TO tyiym_clerk_signer;
GRANT SELECT ON comparisons TO tyiym_clerk_signer;
GRANT UPDATE ON comparisons TO tyiym_clerk_signer;
GRANT SELECT ON comparisons TO tyiym_clerk_worker;
GRANT SELECT ON comparisons TO tyiym_lender;
GRANT SELECT ON comparisons TO tyiym_tool;
COMMENT ON TABLE comparisons IS 'When the signer last held this database against what was published. In another life of the database it does not count.';
COMMENT ON COLUMN comparisons.only_row IS 'True: a second row cannot be.';
COMMENT ON COLUMN comparisons.life IS 'Of the database that was compared and found to go on from what was published; NULL when it did not.';
COMMENT ON COLUMN comparisons.compared_at IS 'Registry time.';

CREATE TABLE contracts (
  party text NOT NULL,
  lender_bin text NOT NULL,
  loan_id uuid NOT NULL,
  entry_index bigint NOT NULL,
  mac_epoch smallint NOT NULL,
  mac bytea NOT NULL,
  secret bytea NOT NULL,
  CONSTRAINT contracts_pkey PRIMARY KEY (party, lender_bin, mac),
  CONSTRAINT contracts_entry_index_fkey FOREIGN KEY (entry_index) REFERENCES loans(entry_index),
  CONSTRAINT contracts_loan_id_key UNIQUE (loan_id),
  CONSTRAINT contracts_mac_check CHECK ((octet_length(mac) = 32))
);
CREATE INDEX contracts_of_party ON public.contracts USING btree (party, loan_id);
CREATE TRIGGER contracts_guard AFTER INSERT OR UPDATE OF party, lender_bin, loan_id, entry_index, mac_epoch, mac ON public.contracts FOR EACH ROW EXECUTE FUNCTION contracts_guard();
GRANT INSERT ON contracts TO tyiym_bureau;
GRANT SELECT ON contracts TO tyiym_bureau;
GRANT UPDATE (entry_index) ON contracts TO tyiym_bureau;
GRANT SELECT ON contracts TO tyiym_clerk_worker;
GRANT INSERT ON contracts TO tyiym_lender;
GRANT SELECT ON contracts TO tyiym_lender;
GRANT UPDATE (entry_index) ON contracts TO tyiym_lender;
GRANT SELECT ON contracts TO tyiym_tool;
COMMENT ON TABLE contracts IS 'Which loan a contract is, and its newest report. Two reports of one contract meet here.';
COMMENT ON COLUMN contracts.party IS 'Client id of who reports.';
COMMENT ON COLUMN contracts.lender_bin IS 'BIN of the lender.';
COMMENT ON COLUMN contracts.loan_id IS 'Its loan.';
COMMENT ON COLUMN contracts.entry_index IS 'The newest report.';
COMMENT ON COLUMN contracts.mac_epoch IS 'Epoch of mac.';
COMMENT ON COLUMN contracts.mac IS 'HMAC of party, lender and contract number under a lookup key: what a further report of the contract is found by.';
COMMENT ON COLUMN contracts.secret IS 'Secret of the contract, sealed with the identity key: it seals the numbers in loans and makes what entries commit to.';

CREATE TABLE corrections (
  entry_index bigint NOT NULL,
  entry_id uuid NOT NULL,
  client_id text NOT NULL,
  breach_id uuid NOT NULL,
  number text,
  removed_at timestamp(3) with time zone NOT NULL,
  history_ref text,
  at timestamp(3) with time zone NOT NULL,
  CONSTRAINT corrections_pkey PRIMARY KEY (entry_index),
  CONSTRAINT corrections_client_id_fkey FOREIGN KEY (client_id) REFERENCES parties(client_id)
);
CREATE INDEX corrections_of_breach ON public.corrections USING btree (client_id, breach_id, entry_index);
CREATE TRIGGER corrections_guard AFTER INSERT ON public.corrections FOR EACH ROW EXECUTE FUNCTION corrections_guard();
GRANT INSERT ON corrections TO tyiym_bureau;
GRANT SELECT ON corrections TO tyiym_bureau;
GRANT SELECT ON corrections TO tyiym_tool;
COMMENT ON TABLE corrections IS 'What bureaus say of breaches: that the trace is gone. Insert-only; of those of one bureau about one breach the newest counts.';
COMMENT ON COLUMN corrections.entry_index IS 'The correction.reported that wrote this row.';
COMMENT ON COLUMN corrections.entry_id IS 'Its id.';
COMMENT ON COLUMN corrections.client_id IS 'The bureau.';
COMMENT ON COLUMN corrections.breach_id IS 'The breach it names; brc_… on the wire. Matched later.';
COMMENT ON COLUMN corrections.number IS 'Number of the release certificate it names.';
COMMENT ON COLUMN corrections.removed_at IS 'When the bureau says the trace was removed.';
COMMENT ON COLUMN corrections.history_ref IS 'The bureau''s own number; holds no IIN.';
COMMENT ON COLUMN corrections.at IS 'Registry time of the entry.';

CREATE TABLE day_keys (
  stream_id uuid NOT NULL,
  day date NOT NULL,
  enc_kid text NOT NULL,
  jwe text NOT NULL,
  root_check bytea,
  seq bigint NOT NULL,
  seal bytea,
  CONSTRAINT day_keys_pkey PRIMARY KEY (seq),
  CONSTRAINT day_keys_root_check_check CHECK ((octet_length(root_check) = 16)),
  CONSTRAINT day_keys_seal_check CHECK ((octet_length(seal) = 32)),
  CONSTRAINT day_keys_sealed CHECK ((seal IS NOT NULL)) NOT VALID,
  CONSTRAINT day_keys_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES streams(stream_id)
);
CREATE INDEX day_keys_of_stream ON public.day_keys USING btree (stream_id, day, enc_kid, seq);
GRANT SELECT ON day_keys TO tyiym_bureau;
GRANT INSERT (stream_id, day, enc_kid, jwe, root_check, seal) ON day_keys TO tyiym_clerk_worker;
GRANT SELECT ON day_keys TO tyiym_clerk_worker;
GRANT SELECT ON day_keys TO tyiym_tool;
ALTER TABLE day_keys ALTER COLUMN seq IDENTITY a;
COMMENT ON TABLE day_keys IS 'Key of a stream and a UTC day, wrapped for a key of the bureau; the registry''s own copy is derived and stands nowhere.';
COMMENT ON COLUMN day_keys.stream_id IS 'Stream.';
COMMENT ON COLUMN day_keys.day IS 'UTC day of sealing.';
COMMENT ON COLUMN day_keys.enc_kid IS 'Thumbprint of the bureau''s key for encryption.';
COMMENT ON COLUMN day_keys.jwe IS 'Compact JWE, ECDH-ES+A256KW and A256GCM, of the oct JWK.';
COMMENT ON COLUMN day_keys.root_check IS 'Check value of the root of the streams'' secrets from which the day''s key is derived; NULL: the first root''s, of the time before there were several.';
COMMENT ON COLUMN day_keys.seq IS 'Order of writing, from the sequence alone.';
COMMENT ON COLUMN day_keys.seal IS 'HMAC over the row under a key derived from the first root of the streams; NULL in rows of the time before there were seals.';

CREATE TABLE digests (
  stream_id uuid NOT NULL,
  at_seq bigint NOT NULL,
  posted_at timestamp(3) with time zone NOT NULL,
  in_force bigint NOT NULL,
  differing smallint[] NOT NULL,
  agrees boolean NOT NULL,
  CONSTRAINT digests_pkey PRIMARY KEY (stream_id),
  CONSTRAINT digests_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES streams(stream_id)
);
GRANT INSERT ON digests TO tyiym_bureau;
GRANT SELECT ON digests TO tyiym_bureau;
GRANT UPDATE ON digests TO tyiym_bureau;
GRANT SELECT ON digests TO tyiym_tool;
COMMENT ON TABLE digests IS 'The newest vector each bureau posted: without it no bucket is answered, or a bureau could answer our own digest back.';
COMMENT ON COLUMN digests.stream_id IS 'Stream.';
COMMENT ON COLUMN digests.at_seq IS 'After this item.';
COMMENT ON COLUMN digests.posted_at IS 'Registry time.';
COMMENT ON COLUMN digests.in_force IS 'Refusals in force as the bureau counts them.';
COMMENT ON COLUMN digests.differing IS 'Buckets in which it differed from ours.';
COMMENT ON COLUMN digests.agrees IS 'Whether nothing differed.';

CREATE TABLE doubts (
  kind text NOT NULL,
  what text NOT NULL,
  found_at timestamp(3) with time zone DEFAULT registry_now() NOT NULL,
  CONSTRAINT doubts_pkey PRIMARY KEY (kind),
  CONSTRAINT doubts_kind_check CHECK ((kind = ANY (ARRAY['entries-blanked'::text, 'entries-differ'::text, 'refusals-differ'::text])))
);
GRANT SELECT ON doubts TO tyiym_bureau;
GRANT SELECT ON doubts TO tyiym_citizen;
GRANT DELETE ON doubts TO tyiym_clerk_worker;
GRANT INSERT (kind, what) ON doubts TO tyiym_clerk_worker;
GRANT SELECT ON doubts TO tyiym_clerk_worker;
GRANT SELECT ON doubts TO tyiym_lender;
GRANT SELECT ON doubts TO tyiym_tool;
COMMENT ON TABLE doubts IS 'Why nobody is answered: found by the clerk''s worker, which takes a doubt away once it has seen that it is over.';
COMMENT ON COLUMN doubts.kind IS 'entries-blanked: a text, seed or person is gone; entries-differ: entries say something else than before; refusals-differ: rows and entries name other refusals in force.';
COMMENT ON COLUMN doubts.what IS 'Where, in words; names no person.';
COMMENT ON COLUMN doubts.found_at IS 'Registry time at which it was found.';

CREATE TABLE entries (
  index bigint NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  entry text,
  seed bytea,
  leaf_hash bytea NOT NULL,
  subject_epoch smallint,
  subject bytea,
  version integer,
  party text,
  commitment bytea NOT NULL,
  CONSTRAINT entries_pkey PRIMARY KEY (index),
  CONSTRAINT entries_check CHECK ((strpos(entry, (('"kind":"'::text || kind) || '"'::text)) > 0)),
  CONSTRAINT entries_commitment_check CHECK ((octet_length(commitment) = 32)),
  CONSTRAINT entries_index_check CHECK ((index >= 0)),
  CONSTRAINT entries_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32)),
  CONSTRAINT entries_seed_check CHECK ((octet_length(seed) = 32)),
  CONSTRAINT entries_subject_check CHECK ((octet_length(subject) = 32))
) PARTITION BY RANGE (index);
ALTER TABLE entries ENABLE ROW LEVEL SECURITY;
CREATE INDEX entries_blanked ON ONLY public.entries USING btree (index) WHERE ((entry IS NULL) OR (seed IS NULL) OR ((subject IS NULL) AND (version IS NOT NULL)));
CREATE INDEX entries_by_time ON ONLY public.entries USING brin (at);
CREATE INDEX entries_of_moves ON ONLY public.entries USING btree (subject, index) WHERE (kind = ANY (ARRAY['refusal.inherited'::text, 'refusal.placed'::text, 'refusal.lock-grown'::text, 'lift.requested'::text, 'lift.cancelled'::text, 'refusal.lifted'::text, 'refusal.annulled'::text]));
CREATE INDEX entries_of_refusals ON ONLY public.entries USING btree (index) WHERE (kind = ANY (ARRAY['refusal.inherited'::text, 'refusal.placed'::text, 'refusal.lifted'::text, 'refusal.annulled'::text]));
CREATE INDEX entries_of_subject ON ONLY public.entries USING btree (subject, index) WHERE (subject IS NOT NULL);
CREATE TRIGGER entries_guard AFTER INSERT ON public.entries REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION entries_guard();
CREATE TRIGGER feed_item AFTER INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['refusal.inherited'::text, 'refusal.placed'::text, 'refusal.lifted'::text, 'refusal.annulled'::text]))) EXECUTE FUNCTION feed_item();
CREATE TRIGGER moves_with_row AFTER INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['refusal.lock-grown'::text, 'lift.requested'::text, 'lift.cancelled'::text]))) EXECUTE FUNCTION moves_with_row();
CREATE POLICY bureau_appends ON entries FOR INSERT TO tyiym_bureau
  WITH CHECK (kind = ANY (ARRAY['refusal.stamped'::text, 'stamp.lost'::text, 'bureau.disagreed'::text, 'loan.reported'::text, 'loan.amended'::text, 'correction.reported'::text]));
CREATE POLICY bureau_reads ON entries FOR SELECT TO tyiym_bureau
  USING (kind = ANY (ARRAY['refusal.stamped'::text, 'stamp.lost'::text, 'bureau.disagreed'::text, 'loan.reported'::text, 'loan.amended'::text, 'correction.reported'::text]));
CREATE POLICY citizen_appends ON entries FOR INSERT TO tyiym_citizen
  WITH CHECK (kind = ANY (ARRAY['refusal.placed'::text, 'refusal.lock-grown'::text, 'lift.requested'::text, 'lift.cancelled'::text, 'trail.read'::text]));
CREATE POLICY citizen_reads ON entries FOR SELECT TO tyiym_citizen
  USING (subject IS NOT NULL);
CREATE POLICY clerk_appends ON entries FOR INSERT TO tyiym_clerk_worker
  WITH CHECK (kind = ANY (ARRAY['refusal.lifted'::text, 'refusal.placed'::text, 'lift.cancelled'::text, 'harvesting.suspected'::text, 'acts.verified'::text]));
CREATE POLICY clerk_reads ON entries FOR SELECT TO tyiym_clerk_worker
  USING (true);
CREATE POLICY lender_appends ON entries FOR INSERT TO tyiym_lender
  WITH CHECK (kind = ANY (ARRAY['check.made'::text, 'loan.reported'::text, 'loan.amended'::text, 'notice.delivered'::text]));
CREATE POLICY lender_reads ON entries FOR SELECT TO tyiym_lender
  USING (kind = ANY (ARRAY['check.made'::text, 'loan.reported'::text, 'loan.amended'::text, 'notice.delivered'::text]));
CREATE POLICY log_reads_leaves ON entries FOR SELECT TO tyiym_log
  USING (true);
CREATE POLICY signer_reads_leaves ON entries FOR SELECT TO tyiym_clerk_signer
  USING (true);
CREATE POLICY tool_appends ON entries FOR INSERT TO tyiym_tool
  WITH CHECK (kind = ANY (ARRAY['registry.opened'::text, 'refusal.inherited'::text, 'party.admitted'::text, 'party.suspended'::text, 'party.key-changed'::text, 'regime.changed'::text, 'key.published'::text, 'key.retired'::text, 'key.compromised'::text, 'log.broken'::text]));
CREATE POLICY tool_closes_no_log ON entries AS RESTRICTIVE FOR INSERT TO tyiym_tool
  WITH CHECK (kind <> 'log.broken'::text);
CREATE POLICY tool_inherits ON entries AS RESTRICTIVE FOR INSERT TO tyiym_tool
  WITH CHECK ((kind <> 'refusal.inherited'::text) OR (NOT (EXISTS ( SELECT FROM regime))));
CREATE POLICY tool_reads ON entries FOR SELECT TO tyiym_tool
  USING (true);
GRANT INSERT ON entries TO tyiym_bureau;
GRANT SELECT ON entries TO tyiym_bureau;
GRANT INSERT ON entries TO tyiym_citizen;
GRANT SELECT ON entries TO tyiym_citizen;
GRANT SELECT (index, leaf_hash, commitment) ON entries TO tyiym_clerk_signer;
GRANT INSERT ON entries TO tyiym_clerk_worker;
GRANT SELECT ON entries TO tyiym_clerk_worker;
GRANT INSERT ON entries TO tyiym_lender;
GRANT SELECT ON entries TO tyiym_lender;
GRANT SELECT (index, leaf_hash) ON entries TO tyiym_log;
GRANT INSERT ON entries TO tyiym_tool;
GRANT SELECT ON entries TO tyiym_tool;
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
COMMENT ON COLUMN entries.commitment IS 'HMAC-SHA-256(salt, entry): the leaf is RFC 8785 of {"c": base64url of it, "v": 1}. Stays when a person is erased.';

CREATE TABLE feed (
  seq bigint NOT NULL,
  entry_index bigint NOT NULL,
  entry_id uuid NOT NULL,
  kind text NOT NULL,
  subject_epoch smallint,
  subject bytea,
  version integer NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  CONSTRAINT feed_pkey PRIMARY KEY (seq),
  CONSTRAINT feed_entry_id_key UNIQUE (entry_id),
  CONSTRAINT feed_entry_index_key UNIQUE (entry_index),
  CONSTRAINT feed_kind_check CHECK ((kind = ANY (ARRAY['refusal.inherited'::text, 'refusal.placed'::text, 'refusal.lifted'::text, 'refusal.annulled'::text]))),
  CONSTRAINT feed_seq_check CHECK ((seq > 0)),
  CONSTRAINT feed_subject_check CHECK ((octet_length(subject) = 32)),
  CONSTRAINT feed_version_check CHECK ((version > 0))
);
GRANT SELECT ON feed TO tyiym_bureau;
GRANT SELECT ON feed TO tyiym_citizen;
GRANT SELECT ON feed TO tyiym_clerk_worker;
GRANT SELECT ON feed TO tyiym_tool;
COMMENT ON TABLE feed IS 'The feed to the bureaus: one item an entry that places or lifts, gapless, in the order of the Journal. Written by trigger alone.';
COMMENT ON COLUMN feed.seq IS 'Number of the item, from 1, the same for all streams; the newest is journal_head.feed_seq.';
COMMENT ON COLUMN feed.entry_index IS 'Its entry. Both unique indexes grow at their right edge only.';
COMMENT ON COLUMN feed.entry_id IS 'Id of that entry, by which stamps name it.';
COMMENT ON COLUMN feed.kind IS 'Kind of that entry: placed in one way or another, or lifted.';
COMMENT ON COLUMN feed.subject_epoch IS 'Epoch of the lookup key of subject.';
COMMENT ON COLUMN feed.subject IS 'Pseudonym of the person; NULL once the person is erased.';
COMMENT ON COLUMN feed.version IS 'Refusal version that the entry made.';
COMMENT ON COLUMN feed.at IS 'Registry time of the commit, as in the entry.';

CREATE TABLE figures (
  name text NOT NULL,
  hour timestamp with time zone NOT NULL,
  value double precision NOT NULL,
  CONSTRAINT figures_pkey PRIMARY KEY (name, hour)
);
GRANT INSERT ON figures TO tyiym_clerk_worker;
GRANT SELECT ON figures TO tyiym_clerk_worker;
GRANT UPDATE ON figures TO tyiym_clerk_worker;
GRANT SELECT ON figures TO tyiym_log;
GRANT SELECT ON figures TO tyiym_tool;
COMMENT ON TABLE figures IS 'Public figures: counts by the hour, rounded.';
COMMENT ON COLUMN figures.name IS 'What is counted.';
COMMENT ON COLUMN figures.hour IS 'Start of the hour, registry time.';
COMMENT ON COLUMN figures.value IS 'The figure.';

CREATE TABLE harvesting_alarms (
  lender text NOT NULL,
  span text NOT NULL,
  begins_at timestamp(3) with time zone NOT NULL,
  entry_index bigint NOT NULL,
  CONSTRAINT harvesting_alarms_pkey PRIMARY KEY (lender, span, begins_at),
  CONSTRAINT harvesting_alarms_span_check CHECK ((span = ANY (ARRAY['hour'::text, 'day'::text, 'today'::text])))
);
CREATE TRIGGER harvesting_alarms_guard AFTER INSERT ON public.harvesting_alarms FOR EACH ROW EXECUTE FUNCTION harvesting_alarms_guard();
GRANT INSERT ON harvesting_alarms TO tyiym_clerk_worker;
GRANT SELECT ON harvesting_alarms TO tyiym_clerk_worker;
GRANT SELECT ON harvesting_alarms TO tyiym_tool;
COMMENT ON TABLE harvesting_alarms IS 'Windows in which a lender was suspected of harvesting: fold of harvesting.suspected, one a lender and window.';
COMMENT ON COLUMN harvesting_alarms.lender IS 'Client id of the lender.';
COMMENT ON COLUMN harvesting_alarms.span IS 'Length of the window; today is a day that has not ended, in which too many people were asked about.';
COMMENT ON COLUMN harvesting_alarms.begins_at IS 'First instant of the window, registry time; days are those of Asia/Almaty.';
COMMENT ON COLUMN harvesting_alarms.entry_index IS 'Its entry, which holds the figures.';

CREATE UNLOGGED TABLE head_looks (
  pid integer NOT NULL,
  backend_start timestamp with time zone NOT NULL,
  xact_start timestamp with time zone NOT NULL,
  seen_at timestamp with time zone NOT NULL,
  CONSTRAINT head_looks_pkey PRIMARY KEY (pid, backend_start, xact_start)
);
COMMENT ON TABLE head_looks IS 'Transactions that held the head or kept its holder waiting at the last look, and since which look. Unlogged; only end_stuck_backends() reads and writes it.';
COMMENT ON COLUMN head_looks.pid IS 'The backend.';
COMMENT ON COLUMN head_looks.backend_start IS 'When it began: a number is given again.';
COMMENT ON COLUMN head_looks.xact_start IS 'When its transaction began.';
COMMENT ON COLUMN head_looks.seen_at IS 'The first look that found it, clock of the database.';

CREATE TABLE heads (
  size bigint NOT NULL,
  from_size bigint NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  root bytea NOT NULL,
  frontier bytea NOT NULL,
  kid text NOT NULL,
  jws text NOT NULL,
  CONSTRAINT heads_pkey PRIMARY KEY (size),
  CONSTRAINT heads_check CHECK ((from_size < size)),
  CONSTRAINT heads_root_check CHECK ((octet_length(root) = 32))
);
CREATE TRIGGER heads_guard AFTER INSERT ON public.heads FOR EACH ROW EXECUTE FUNCTION heads_guard();
GRANT INSERT ON heads TO tyiym_bureau;
GRANT SELECT ON heads TO tyiym_bureau;
GRANT INSERT ON heads TO tyiym_citizen;
GRANT SELECT ON heads TO tyiym_citizen;
GRANT SELECT (size, at) ON heads TO tyiym_clerk_signer;
GRANT INSERT ON heads TO tyiym_clerk_worker;
GRANT SELECT ON heads TO tyiym_clerk_worker;
GRANT INSERT ON heads TO tyiym_lender;
GRANT SELECT ON heads TO tyiym_lender;
GRANT SELECT (size, at) ON heads TO tyiym_log;
GRANT INSERT ON heads TO tyiym_tool;
GRANT SELECT ON heads TO tyiym_tool;
COMMENT ON TABLE heads IS 'One signed head a part of a commit, kept for good: a lift rests on the head of its own request''s part, and an old proof comes from the frontier of the head before and the leaf hashes of the part.';
COMMENT ON COLUMN heads.size IS 'Size of the tree after the part.';
COMMENT ON COLUMN heads.from_size IS 'Size before it: the part is the entries from_size … size − 1.';
COMMENT ON COLUMN heads.at IS 'Registry time of the commit.';
COMMENT ON COLUMN heads.root IS 'Root of the tree at this size.';
COMMENT ON COLUMN heads.frontier IS 'Hashes of the perfect subtrees at this size, largest first.';
COMMENT ON COLUMN heads.kid IS 'RFC 7638 thumbprint of the head key that signed.';
COMMENT ON COLUMN heads.jws IS 'The head as a JWS, typ tyiym-head+jwt.';

CREATE TABLE idempotency_keys (
  day date NOT NULL,
  app text NOT NULL,
  party text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  body_hmac bytea NOT NULL,
  resource uuid,
  entry_index bigint,
  person_id uuid,
  answer bytea,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (day, app, party, route, key),
  CONSTRAINT idempotency_keys_body_hmac_check CHECK ((octet_length(body_hmac) = 32))
) PARTITION BY RANGE (day);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY bureau_keys ON idempotency_keys FOR ALL TO tyiym_bureau
  USING (app = 'bureau'::text)
  WITH CHECK (app = 'bureau'::text);
CREATE POLICY citizen_keys ON idempotency_keys FOR ALL TO tyiym_citizen
  USING (app = 'citizen'::text)
  WITH CHECK (app = 'citizen'::text);
CREATE POLICY lender_keys ON idempotency_keys FOR ALL TO tyiym_lender
  USING (app = 'lender'::text)
  WITH CHECK (app = 'lender'::text);
CREATE POLICY tool_keys ON idempotency_keys FOR SELECT TO tyiym_tool
  USING (true);
GRANT INSERT ON idempotency_keys TO tyiym_bureau;
GRANT SELECT ON idempotency_keys TO tyiym_bureau;
GRANT INSERT ON idempotency_keys TO tyiym_citizen;
GRANT SELECT ON idempotency_keys TO tyiym_citizen;
GRANT INSERT ON idempotency_keys TO tyiym_lender;
GRANT SELECT ON idempotency_keys TO tyiym_lender;
GRANT SELECT ON idempotency_keys TO tyiym_tool;
COMMENT ON TABLE idempotency_keys IS 'Answers already given, for at least 72 h; a day partition each.';
COMMENT ON COLUMN idempotency_keys.day IS 'UTC day of registry time at which the key was first used.';
COMMENT ON COLUMN idempotency_keys.app IS 'App that keeps it; row-level security by it.';
COMMENT ON COLUMN idempotency_keys.party IS 'Client id of the party that sent it.';
COMMENT ON COLUMN idempotency_keys.route IS 'Method and route.';
COMMENT ON COLUMN idempotency_keys.key IS 'The key.';
COMMENT ON COLUMN idempotency_keys.body_hmac IS 'HMAC-SHA-256 of the raw body under the app''s idempotency key.';
COMMENT ON COLUMN idempotency_keys.resource IS 'What was made.';
COMMENT ON COLUMN idempotency_keys.entry_index IS 'Its entry, if one was appended.';
COMMENT ON COLUMN idempotency_keys.person_id IS 'Whose data key sealed the answer.';
COMMENT ON COLUMN idempotency_keys.answer IS 'Sealed answer, where it cannot be rebuilt from rows.';

CREATE TABLE journal_head (
  only_row boolean DEFAULT true NOT NULL,
  origin text NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  frontier bytea NOT NULL,
  state_version bigint NOT NULL,
  rules_version bigint NOT NULL,
  feed_seq bigint NOT NULL,
  last_at timestamp(3) with time zone NOT NULL,
  clock_offset_ms bigint DEFAULT 0 NOT NULL,
  key_checks jsonb NOT NULL,
  identity_checks jsonb DEFAULT '{}'::jsonb NOT NULL,
  CONSTRAINT journal_head_pkey PRIMARY KEY (only_row),
  CONSTRAINT journal_head_clock_offset_ms_check CHECK ((clock_offset_ms >= 0)),
  CONSTRAINT journal_head_feed_seq_check CHECK ((feed_seq >= 0)),
  CONSTRAINT journal_head_frontier_check CHECK (((octet_length(frontier) % 32) = 0)),
  CONSTRAINT journal_head_only_row_check CHECK (only_row),
  CONSTRAINT journal_head_root_check CHECK ((octet_length(root) = 32)),
  CONSTRAINT journal_head_size_check CHECK ((size >= 0))
);
CREATE TRIGGER feed_seq_guard AFTER UPDATE ON public.journal_head FOR EACH ROW WHEN ((new.feed_seq IS DISTINCT FROM old.feed_seq)) EXECUTE FUNCTION feed_seq_guard();
CREATE TRIGGER journal_head_guard AFTER UPDATE ON public.journal_head FOR EACH ROW EXECUTE FUNCTION journal_head_guard();
CREATE TRIGGER registry_acts_kept AFTER UPDATE ON public.journal_head FOR EACH ROW WHEN ((new.rules_version > old.rules_version)) EXECUTE FUNCTION registry_acts_kept();
GRANT SELECT ON journal_head TO tyiym_bureau;
GRANT UPDATE (size, root, frontier, state_version, rules_version, feed_seq, last_at) ON journal_head TO tyiym_bureau;
GRANT SELECT ON journal_head TO tyiym_citizen;
GRANT UPDATE (size, root, frontier, state_version, rules_version, feed_seq, last_at) ON journal_head TO tyiym_citizen;
GRANT SELECT ON journal_head TO tyiym_clerk_signer;
GRANT SELECT ON journal_head TO tyiym_clerk_worker;
GRANT UPDATE (size, root, frontier, state_version, rules_version, feed_seq, last_at) ON journal_head TO tyiym_clerk_worker;
GRANT SELECT ON journal_head TO tyiym_lender;
GRANT UPDATE (size, root, frontier, state_version, rules_version, feed_seq, last_at) ON journal_head TO tyiym_lender;
GRANT SELECT ON journal_head TO tyiym_tool;
GRANT UPDATE (size, root, frontier, state_version, rules_version, feed_seq, last_at) ON journal_head TO tyiym_tool;
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
COMMENT ON COLUMN journal_head.identity_checks IS 'Id of a live identity key, hexadecimal → its check value; a process with another key appends nothing and adds nobody.';

CREATE UNLOGGED TABLE lender_processes (
  process uuid NOT NULL,
  beat_at timestamp with time zone NOT NULL,
  CONSTRAINT lender_processes_pkey PRIMARY KEY (process)
);
GRANT DELETE ON lender_processes TO tyiym_lender;
GRANT INSERT ON lender_processes TO tyiym_lender;
GRANT SELECT ON lender_processes TO tyiym_lender;
GRANT UPDATE ON lender_processes TO tyiym_lender;
COMMENT ON TABLE lender_processes IS 'Processes that answer checks, among which the quota of each lender is shared out. Unlogged.';
COMMENT ON COLUMN lender_processes.process IS 'Drawn by the process when it starts.';
COMMENT ON COLUMN lender_processes.beat_at IS 'Its last sign of life, clock of the database; without one for three seconds its shares are free.';

CREATE TABLE loans (
  entry_index bigint NOT NULL,
  loan_id uuid NOT NULL,
  about uuid NOT NULL,
  party text NOT NULL,
  lender_bin text NOT NULL,
  person_id uuid,
  subject_epoch smallint,
  subject bytea,
  product text NOT NULL,
  circumstance text,
  amount numeric(17,2) NOT NULL,
  signed_at timestamp(3) with time zone NOT NULL,
  disbursed_at timestamp(3) with time zone,
  disbursed_on date,
  check_id uuid,
  at timestamp(3) with time zone NOT NULL,
  own_numbers bytea NOT NULL,
  CONSTRAINT loans_pkey PRIMARY KEY (entry_index),
  CONSTRAINT loans_amount_check CHECK ((amount > (0)::numeric)),
  CONSTRAINT loans_check CHECK (((disbursed_at IS NULL) <> (disbursed_on IS NULL))),
  CONSTRAINT loans_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(person_id),
  CONSTRAINT loans_product_check CHECK ((product = ANY (ARRAY['bank-loan'::text, 'microcredit'::text]))),
  CONSTRAINT loans_subject_check CHECK ((octet_length(subject) = 32))
);
CREATE INDEX loans_of_loan ON public.loans USING btree (loan_id, entry_index);
CREATE INDEX loans_of_subject ON public.loans USING btree (subject) WHERE (subject IS NOT NULL);
CREATE TRIGGER loans_guard AFTER INSERT ON public.loans FOR EACH ROW EXECUTE FUNCTION loans_guard();
GRANT INSERT ON loans TO tyiym_bureau;
GRANT SELECT ON loans TO tyiym_bureau;
GRANT SELECT ON loans TO tyiym_clerk_worker;
GRANT INSERT ON loans TO tyiym_lender;
GRANT SELECT ON loans TO tyiym_lender;
GRANT SELECT ON loans TO tyiym_tool;
COMMENT ON TABLE loans IS 'Loans as reported, one row a report, insert-only: fold of loan.reported and loan.amended. Of one loan_id the newest counts.';
COMMENT ON COLUMN loans.entry_index IS 'The entry of this report.';
COMMENT ON COLUMN loans.loan_id IS 'UUIDv7 of the first report; lon_… on the wire.';
COMMENT ON COLUMN loans.about IS 'Id of the loan.reported entry that amendments follow up.';
COMMENT ON COLUMN loans.party IS 'Client id of who reported.';
COMMENT ON COLUMN loans.lender_bin IS 'BIN of the lender.';
COMMENT ON COLUMN loans.person_id IS 'Borrower.';
COMMENT ON COLUMN loans.subject_epoch IS 'Epoch of subject.';
COMMENT ON COLUMN loans.subject IS 'Pseudonym of the borrower.';
COMMENT ON COLUMN loans.product IS 'What was lent.';
COMMENT ON COLUMN loans.circumstance IS 'How it came to be, as for a check.';
COMMENT ON COLUMN loans.amount IS 'Tenge.';
COMMENT ON COLUMN loans.signed_at IS 'When the contract was signed, as the lender says.';
COMMENT ON COLUMN loans.disbursed_at IS 'When the payment instruction became irrevocable, as the lender says.';
COMMENT ON COLUMN loans.disbursed_on IS 'The day of it, where no instant is known.';
COMMENT ON COLUMN loans.check_id IS 'The check of this lender that it names.';
COMMENT ON COLUMN loans.at IS 'Registry time of the report.';
COMMENT ON COLUMN loans.own_numbers IS 'The lender''s own numbers of the contract and of the payment, sealed under the secret of the contract.';

CREATE TABLE migrations (
  id integer DEFAULT nextval('migrations_id_seq'::regclass) NOT NULL,
  timestamp bigint NOT NULL,
  name character varying NOT NULL,
  CONSTRAINT PK_8c82d7f526340ab734260ea46be PRIMARY KEY (id)
);
GRANT SELECT ON migrations TO tyiym_tool;

CREATE TABLE move_alarms (
  entry_index bigint NOT NULL,
  fault text NOT NULL,
  raised_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT move_alarms_pkey PRIMARY KEY (entry_index, fault)
);
CREATE TRIGGER move_alarms_guard AFTER INSERT ON public.move_alarms FOR EACH ROW EXECUTE FUNCTION move_alarms_guard();
GRANT INSERT ON move_alarms TO tyiym_clerk_worker;
GRANT SELECT ON move_alarms TO tyiym_clerk_worker;
GRANT SELECT ON move_alarms TO tyiym_tool;
COMMENT ON TABLE move_alarms IS 'Lifts and returns that entries, heads and signatures contradict: insert-only, one row an entry and fault.';
COMMENT ON COLUMN move_alarms.entry_index IS 'The lift.requested, or the refusal.lifted before a return.';
COMMENT ON COLUMN move_alarms.fault IS 'What contradicts it.';
COMMENT ON COLUMN move_alarms.raised_at IS 'Registry time.';

CREATE TABLE move_judgements (
  entry_index bigint NOT NULL,
  judged_at timestamp(3) with time zone NOT NULL,
  due_at timestamp(3) with time zone,
  seal bytea,
  fault text,
  CONSTRAINT move_judgements_pkey PRIMARY KEY (entry_index),
  CONSTRAINT move_judgements_check CHECK (((due_at IS NULL) <> (fault IS NULL))),
  CONSTRAINT move_judgements_check1 CHECK (((due_at IS NULL) OR (seal IS NOT NULL)))
);
GRANT INSERT ON move_judgements TO tyiym_clerk_worker;
GRANT SELECT ON move_judgements TO tyiym_clerk_worker;
GRANT UPDATE ON move_judgements TO tyiym_clerk_worker;
GRANT SELECT ON move_judgements TO tyiym_tool;
COMMENT ON TABLE move_judgements IS 'How the clerk judged each lift right after its request, and each move it found unproven, newest judgement.';
COMMENT ON COLUMN move_judgements.entry_index IS 'The lift.requested, or the refusal.lifted before a return.';
COMMENT ON COLUMN move_judgements.judged_at IS 'Registry time of the judgement.';
COMMENT ON COLUMN move_judgements.due_at IS 'Hour of the move by entries and signatures; NULL when it is unproven.';
COMMENT ON COLUMN move_judgements.seal IS 'Hashes of what was judged good, sealed under the person''s data key: a row alone proves nothing.';
COMMENT ON COLUMN move_judgements.fault IS 'Why it is unproven; NULL when it is good.';

CREATE TABLE notice_deliveries (
  notice_id uuid NOT NULL,
  entry_index bigint NOT NULL,
  CONSTRAINT notice_deliveries_pkey PRIMARY KEY (notice_id),
  CONSTRAINT notice_deliveries_entry_index_key UNIQUE (entry_index),
  CONSTRAINT notice_deliveries_notice_id_fkey FOREIGN KEY (notice_id) REFERENCES notices(notice_id)
);
CREATE TRIGGER notice_deliveries_guard AFTER INSERT ON public.notice_deliveries FOR EACH ROW EXECUTE FUNCTION notice_deliveries_guard();
GRANT INSERT ON notice_deliveries TO tyiym_lender;
GRANT SELECT ON notice_deliveries TO tyiym_lender;
GRANT SELECT ON notice_deliveries TO tyiym_tool;
COMMENT ON TABLE notice_deliveries IS 'Notices that their lender has fetched, once each: fold of notice.delivered.';
COMMENT ON COLUMN notice_deliveries.notice_id IS 'The notice.';
COMMENT ON COLUMN notice_deliveries.entry_index IS 'The entry of its first fetching.';

CREATE TABLE notices (
  seq bigint NOT NULL,
  notice_id uuid NOT NULL,
  lender text NOT NULL,
  kind text NOT NULL,
  entry_index bigint NOT NULL,
  about uuid NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  loan_ref text,
  check_id uuid,
  CONSTRAINT notices_pkey PRIMARY KEY (seq),
  CONSTRAINT notices_entry_index_lender_kind_loan_ref_key UNIQUE NULLS NOT DISTINCT (entry_index, lender, kind, loan_ref),
  CONSTRAINT notices_kind_check CHECK ((kind = ANY (ARRAY['refusal-placed'::text, 'breach-found'::text, 'claim-lodged'::text, 'release-issued'::text, 'release-revoked'::text]))),
  CONSTRAINT notices_notice_id_key UNIQUE (notice_id)
);
CREATE INDEX notices_of_lender ON public.notices USING btree (lender, seq);
CREATE TRIGGER notices_guard AFTER INSERT ON public.notices FOR EACH ROW EXECUTE FUNCTION notices_guard();
GRANT INSERT (notice_id, lender, kind, entry_index, about, at, loan_ref, check_id) ON notices TO tyiym_clerk_worker;
GRANT SELECT ON notices TO tyiym_clerk_worker;
GRANT SELECT ON notices TO tyiym_lender;
GRANT SELECT ON notices TO tyiym_tool;
ALTER TABLE notices ALTER COLUMN seq IDENTITY a;
COMMENT ON TABLE notices IS 'What lenders are told, written by the clerk alone, insert-only. A number later is a commit later, because numbers are given under the lock of notices_position.';
COMMENT ON COLUMN notices.seq IS 'Order in which notices are read.';
COMMENT ON COLUMN notices.notice_id IS 'UUIDv7; ntc_… on the wire.';
COMMENT ON COLUMN notices.lender IS 'Client id of the lender that is told.';
COMMENT ON COLUMN notices.kind IS 'What happened.';
COMMENT ON COLUMN notices.entry_index IS 'The entry it tells of; nothing is told twice of it to a lender about one loan_ref.';
COMMENT ON COLUMN notices.about IS 'Id of that entry.';
COMMENT ON COLUMN notices.at IS 'Registry time of that entry.';
COMMENT ON COLUMN notices.loan_ref IS 'The lender''s own number of the application in flight.';
COMMENT ON COLUMN notices.check_id IS 'Its newest clear check.';

CREATE TABLE notices_position (
  one boolean DEFAULT true NOT NULL,
  entry_index bigint NOT NULL,
  CONSTRAINT notices_position_pkey PRIMARY KEY (one),
  CONSTRAINT notices_position_one_check CHECK (one)
);
GRANT SELECT ON notices_position TO tyiym_clerk_worker;
GRANT UPDATE (entry_index) ON notices_position TO tyiym_clerk_worker;
GRANT SELECT ON notices_position TO tyiym_tool;
COMMENT ON TABLE notices_position IS 'How far the clerk has read the feed for notices. Whoever makes notices holds this row.';
COMMENT ON COLUMN notices_position.one IS 'There is one row.';
COMMENT ON COLUMN notices_position.entry_index IS 'Entries up to this one are dealt with.';

CREATE TABLE official_acts (
  act_id uuid NOT NULL,
  entry_index bigint NOT NULL,
  act text NOT NULL,
  data_key bytea NOT NULL,
  cms bytea[] NOT NULL,
  CONSTRAINT official_acts_pkey PRIMARY KEY (act_id),
  CONSTRAINT official_acts_cms_check CHECK ((cardinality(cms) = 2))
);
CREATE TRIGGER official_acts_guard AFTER INSERT ON public.official_acts FOR EACH ROW EXECUTE FUNCTION official_acts_guard();
GRANT SELECT ON official_acts TO tyiym_clerk_worker;
GRANT INSERT ON official_acts TO tyiym_tool;
GRANT SELECT ON official_acts TO tyiym_tool;
COMMENT ON TABLE official_acts IS 'Acts that two officials signed: insert-only, each applied once, verified again by fsck.';
COMMENT ON COLUMN official_acts.act_id IS 'UUID inside the act; the primary key is what keeps it from being applied twice.';
COMMENT ON COLUMN official_acts.entry_index IS 'Entry that came of it.';
COMMENT ON COLUMN official_acts.act IS 'The signed bytes: RFC 8785 text. Names no person but officials.';
COMMENT ON COLUMN official_acts.data_key IS 'Key of this row''s sealed column, itself sealed with the identity key.';
COMMENT ON COLUMN official_acts.cms IS 'Sealed: the two CMS, DER, because their certificates name the officials'' IIN.';

CREATE TABLE officials (
  official_id text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  client_id text,
  cert_sha256 text[] NOT NULL,
  state text NOT NULL,
  entry_index bigint NOT NULL,
  CONSTRAINT officials_pkey PRIMARY KEY (official_id),
  CONSTRAINT officials_client_id_fkey FOREIGN KEY (client_id) REFERENCES parties(client_id),
  CONSTRAINT officials_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'suspended'::text])))
);
CREATE TRIGGER registry_guard AFTER INSERT OR UPDATE ON public.officials FOR EACH ROW EXECUTE FUNCTION registry_guard();
GRANT INSERT ON officials TO tyiym_tool;
GRANT SELECT ON officials TO tyiym_tool;
GRANT UPDATE (name, role, client_id, cert_sha256, state, entry_index) ON officials TO tyiym_tool;
COMMENT ON TABLE officials IS 'People who sign acts of the registry and decisions; known by their certificates.';
COMMENT ON COLUMN officials.official_id IS 'Short name, chosen at admission.';
COMMENT ON COLUMN officials.name IS 'Full name.';
COMMENT ON COLUMN officials.role IS 'operator, regulator or judge.';
COMMENT ON COLUMN officials.client_id IS 'The party they act for; none for operators.';
COMMENT ON COLUMN officials.cert_sha256 IS 'SHA-256 thumbprints of their certificates, base64url.';
COMMENT ON COLUMN officials.state IS 'Only admitted officials sign.';
COMMENT ON COLUMN officials.entry_index IS 'Entry that wrote this row last.';

CREATE TABLE oidc_payloads (
  model text NOT NULL,
  id text NOT NULL,
  payload jsonb NOT NULL,
  expires_at timestamp with time zone,
  CONSTRAINT oidc_payloads_pkey PRIMARY KEY (model, id)
);
CREATE INDEX oidc_payloads_expired ON public.oidc_payloads USING btree (expires_at);
GRANT DELETE ON oidc_payloads TO tyiym_access;
GRANT INSERT ON oidc_payloads TO tyiym_access;
GRANT SELECT ON oidc_payloads TO tyiym_access;
COMMENT ON TABLE oidc_payloads IS 'What the authorization server remembers: identifiers of assertions, once each.';
COMMENT ON COLUMN oidc_payloads.model IS 'Model of oidc-provider.';
COMMENT ON COLUMN oidc_payloads.id IS 'Identifier within the model.';
COMMENT ON COLUMN oidc_payloads.payload IS 'What the model stores.';
COMMENT ON COLUMN oidc_payloads.expires_at IS 'Machine time after which the row is rubbish.';

CREATE TABLE parties (
  client_id text NOT NULL,
  kind text NOT NULL,
  bin text NOT NULL,
  name_kk text NOT NULL,
  name_ru text NOT NULL,
  name_en text NOT NULL,
  scopes text[] NOT NULL,
  resource text NOT NULL,
  state text NOT NULL,
  admitted_at timestamp(3) with time zone NOT NULL,
  entry_index bigint NOT NULL,
  CONSTRAINT parties_pkey PRIMARY KEY (client_id),
  CONSTRAINT parties_bin_check CHECK ((bin ~ '^[0-9]{12}$'::text)),
  CONSTRAINT parties_kind_check CHECK ((kind = ANY (ARRAY['channel'::text, 'bank'::text, 'mfo'::text, 'bureau'::text, 'regulator'::text, 'court'::text]))),
  CONSTRAINT parties_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'suspended'::text])))
);
CREATE TRIGGER registry_guard AFTER INSERT OR UPDATE ON public.parties FOR EACH ROW EXECUTE FUNCTION registry_guard();
GRANT INSERT ON parties TO tyiym_tool;
GRANT SELECT ON parties TO tyiym_tool;
GRANT UPDATE (name_kk, name_ru, name_en, scopes, resource, state, entry_index) ON parties TO tyiym_tool;
COMMENT ON TABLE parties IS 'Registered organisations: fold of the party entries.';
COMMENT ON COLUMN parties.client_id IS 'OAuth client id, chosen at admission.';
COMMENT ON COLUMN parties.kind IS 'What the organisation is; a scope counts only with it.';
COMMENT ON COLUMN parties.bin IS 'Business identification number.';
COMMENT ON COLUMN parties.name_kk IS 'Name in Kazakh.';
COMMENT ON COLUMN parties.name_ru IS 'Name in Russian.';
COMMENT ON COLUMN parties.name_en IS 'Name in English.';
COMMENT ON COLUMN parties.scopes IS 'Scopes it may ask tokens for.';
COMMENT ON COLUMN parties.resource IS 'The one audience of its tokens: the public base URL of an app.';
COMMENT ON COLUMN parties.state IS 'A suspended party is refused by the very next batch.';
COMMENT ON COLUMN parties.admitted_at IS 'Registry time of its first admission.';
COMMENT ON COLUMN parties.entry_index IS 'Entry that wrote this row last.';

CREATE TABLE party_keys (
  client_id text NOT NULL,
  kid text NOT NULL,
  use text NOT NULL,
  jwk jsonb NOT NULL,
  cert_sha256 text,
  not_before timestamp(3) with time zone NOT NULL,
  expires_at timestamp(3) with time zone,
  retired_at timestamp(3) with time zone,
  entry_index bigint NOT NULL,
  CONSTRAINT party_keys_pkey PRIMARY KEY (client_id, kid),
  CONSTRAINT party_keys_client_id_fkey FOREIGN KEY (client_id) REFERENCES parties(client_id),
  CONSTRAINT party_keys_jwk_check CHECK ((NOT (jwk ? 'd'::text))),
  CONSTRAINT party_keys_use_check CHECK ((use = ANY (ARRAY['sig'::text, 'enc'::text])))
);
CREATE TRIGGER party_keys_guard AFTER INSERT ON public.party_keys FOR EACH ROW EXECUTE FUNCTION party_keys_guard();
CREATE TRIGGER registry_guard AFTER INSERT OR UPDATE ON public.party_keys FOR EACH ROW EXECUTE FUNCTION registry_guard();
GRANT INSERT ON party_keys TO tyiym_tool;
GRANT SELECT ON party_keys TO tyiym_tool;
GRANT UPDATE (retired_at, entry_index) ON party_keys TO tyiym_tool;
COMMENT ON TABLE party_keys IS 'Public keys of parties: fold of the party entries. Overlapping keys all count.';
COMMENT ON COLUMN party_keys.client_id IS 'Whose key.';
COMMENT ON COLUMN party_keys.kid IS 'RFC 7638 thumbprint.';
COMMENT ON COLUMN party_keys.use IS 'sig: assertions and proofs; enc: what is sealed for the party.';
COMMENT ON COLUMN party_keys.jwk IS 'Public JWK.';
COMMENT ON COLUMN party_keys.cert_sha256 IS 'x5t#S256 of the certificate pinned for mutual TLS, base64url.';
COMMENT ON COLUMN party_keys.not_before IS 'Counts from here.';
COMMENT ON COLUMN party_keys.expires_at IS 'Counts until here.';
COMMENT ON COLUMN party_keys.retired_at IS 'When it was retired.';
COMMENT ON COLUMN party_keys.entry_index IS 'Entry that wrote this row last.';

CREATE TABLE people (
  person_id uuid NOT NULL,
  subject_epoch smallint NOT NULL,
  subject bytea NOT NULL,
  data_key bytea NOT NULL,
  iin bytea NOT NULL,
  first_seen_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT people_pkey PRIMARY KEY (person_id),
  CONSTRAINT people_subject_check CHECK ((octet_length(subject) = 32))
);
CREATE INDEX people_of_subject ON public.people USING btree (subject, subject_epoch);
GRANT SELECT (person_id, subject_epoch, subject) ON people TO tyiym_bureau;
GRANT SELECT ON people TO tyiym_citizen;
GRANT SELECT ON people TO tyiym_clerk_worker;
GRANT SELECT (person_id, subject_epoch, subject) ON people TO tyiym_lender;
GRANT SELECT ON people TO tyiym_tool;
COMMENT ON TABLE people IS 'Whoever opened an application, is named in a loan or was taken over with a refusal. The IIN stands here, sealed, and nowhere else but in documents they signed. Rows are only added: beside one that does not open stands one that does, and of those that open the newest counts.';
COMMENT ON COLUMN people.person_id IS 'Row number for sealed places and references; says nothing.';
COMMENT ON COLUMN people.subject_epoch IS 'Epoch of the lookup key of subject.';
COMMENT ON COLUMN people.subject IS 'Pseudonym of the person.';
COMMENT ON COLUMN people.data_key IS 'Key of this person''s sealed columns, itself sealed with the identity key.';
COMMENT ON COLUMN people.iin IS 'Sealed IIN.';
COMMENT ON COLUMN people.first_seen_at IS 'Registry time at which this row came.';

CREATE TABLE people_asked (
  lender text NOT NULL,
  day date NOT NULL,
  people integer NOT NULL,
  ceiling integer NOT NULL,
  ends_at timestamp(3) with time zone NOT NULL,
  counted_at timestamp with time zone NOT NULL,
  CONSTRAINT people_asked_pkey PRIMARY KEY (lender, day),
  CONSTRAINT people_asked_ceiling_check CHECK ((ceiling > 0)),
  CONSTRAINT people_asked_people_check CHECK ((people >= 0))
);
GRANT DELETE ON people_asked TO tyiym_clerk_worker;
GRANT INSERT ON people_asked TO tyiym_clerk_worker;
GRANT SELECT ON people_asked TO tyiym_clerk_worker;
GRANT UPDATE (people, ceiling, counted_at) ON people_asked TO tyiym_clerk_worker;
GRANT SELECT ON people_asked TO tyiym_lender;
COMMENT ON TABLE people_asked IS 'People a lender has asked about on a legal day, as the clerk counts them from checks; no verdict rests on it. The lender''s process reads who is beyond its ceiling.';
COMMENT ON COLUMN people_asked.lender IS 'Client id of the lender.';
COMMENT ON COLUMN people_asked.day IS 'Legal day, Asia/Almaty.';
COMMENT ON COLUMN people_asked.people IS 'Different people it has asked about on that day; it only rises, so that a clerk that begins anew opens nothing.';
COMMENT ON COLUMN people_asked.ceiling IS 'How many it may ask about, by the regime in force when they were counted.';
COMMENT ON COLUMN people_asked.ends_at IS 'First instant after the day, registry time.';
COMMENT ON COLUMN people_asked.counted_at IS 'When the clerk counted last, clock of the database.';

CREATE UNLOGGED TABLE rate_limits (
  key text NOT NULL,
  points integer DEFAULT 0 NOT NULL,
  expire bigint,
  CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
);
ALTER TABLE rate_limits ENABLE ROW LEVEL SECURITY;
CREATE POLICY access_limits ON rate_limits FOR ALL TO tyiym_access
  USING (starts_with(key, 'access:'::text))
  WITH CHECK (starts_with(key, 'access:'::text));
CREATE POLICY bureau_limits ON rate_limits FOR ALL TO tyiym_bureau
  USING (starts_with(key, 'bureau:'::text))
  WITH CHECK (starts_with(key, 'bureau:'::text));
CREATE POLICY citizen_limits ON rate_limits FOR ALL TO tyiym_citizen
  USING (starts_with(key, 'citizen:'::text))
  WITH CHECK (starts_with(key, 'citizen:'::text));
CREATE POLICY clerk_limits ON rate_limits FOR ALL TO tyiym_clerk_worker
  USING (true);
CREATE POLICY lender_limits ON rate_limits FOR ALL TO tyiym_lender
  USING (starts_with(key, 'lender:'::text))
  WITH CHECK (starts_with(key, 'lender:'::text));
GRANT INSERT ON rate_limits TO tyiym_access;
GRANT SELECT ON rate_limits TO tyiym_access;
GRANT UPDATE ON rate_limits TO tyiym_access;
GRANT INSERT ON rate_limits TO tyiym_bureau;
GRANT SELECT ON rate_limits TO tyiym_bureau;
GRANT UPDATE ON rate_limits TO tyiym_bureau;
GRANT INSERT ON rate_limits TO tyiym_citizen;
GRANT SELECT ON rate_limits TO tyiym_citizen;
GRANT UPDATE ON rate_limits TO tyiym_citizen;
GRANT DELETE ON rate_limits TO tyiym_clerk_worker;
GRANT SELECT ON rate_limits TO tyiym_clerk_worker;
GRANT INSERT ON rate_limits TO tyiym_lender;
GRANT SELECT ON rate_limits TO tyiym_lender;
GRANT UPDATE ON rate_limits TO tyiym_lender;
COMMENT ON TABLE rate_limits IS 'Calls of a window, as rate-limiter-flexible counts them. Never one about a person; unlogged, emptied by a crash.';
COMMENT ON COLUMN rate_limits.key IS '<app>:<policy>:<client id, or network address>; row-level security by the app.';
COMMENT ON COLUMN rate_limits.points IS 'Calls counted in this window.';
COMMENT ON COLUMN rate_limits.expire IS 'End of the window, machine time in ms; the clerk deletes the row after it.';

CREATE TABLE reference_lookalikes (
  party text NOT NULL,
  member text NOT NULL,
  count bigint NOT NULL,
  last_at timestamp with time zone NOT NULL,
  CONSTRAINT reference_lookalikes_pkey PRIMARY KEY (party, member),
  CONSTRAINT reference_lookalikes_count_check CHECK ((count > 0)),
  CONSTRAINT reference_lookalikes_member_check CHECK ((member = ANY (ARRAY['contractNumber'::text, 'paymentReference'::text, 'historyRef'::text])))
);
GRANT INSERT ON reference_lookalikes TO tyiym_bureau;
GRANT SELECT ON reference_lookalikes TO tyiym_bureau;
GRANT UPDATE (count, last_at) ON reference_lookalikes TO tyiym_bureau;
GRANT INSERT ON reference_lookalikes TO tyiym_lender;
GRANT SELECT ON reference_lookalikes TO tyiym_lender;
GRANT UPDATE (count, last_at) ON reference_lookalikes TO tyiym_lender;
COMMENT ON TABLE reference_lookalikes IS 'How often a party sent a reference that may be the IIN of somebody. It holds no reference; nothing rests on it.';
COMMENT ON COLUMN reference_lookalikes.party IS 'Client id of the party.';
COMMENT ON COLUMN reference_lookalikes.member IS 'Member of its requests.';
COMMENT ON COLUMN reference_lookalikes.count IS 'How many, since there is this table.';
COMMENT ON COLUMN reference_lookalikes.last_at IS 'When the last one came, clock of the database.';

CREATE TABLE refusals (
  subject bytea NOT NULL,
  subject_epoch smallint NOT NULL,
  state text NOT NULL,
  version integer NOT NULL,
  lock_hours integer NOT NULL,
  placed_at timestamp(3) with time zone,
  lift_requested_at timestamp(3) with time zone,
  lifts_at timestamp(3) with time zone,
  place_again_after_hours integer,
  placed_again_at timestamp(3) with time zone,
  requested_by uuid,
  request_index bigint,
  moved_leaf bytea,
  entry_index bigint,
  CONSTRAINT refusals_pkey PRIMARY KEY (subject, subject_epoch),
  CONSTRAINT refusals_check CHECK (((state <> 'lift-pending'::text) OR ((lifts_at IS NOT NULL) AND (requested_by IS NOT NULL)))),
  CONSTRAINT refusals_check1 CHECK (((state = 'sentinel'::text) OR ((entry_index IS NOT NULL) AND (moved_leaf IS NOT NULL) AND (version > 0)))),
  CONSTRAINT refusals_lock_hours_check CHECK ((lock_hours >= 0)),
  CONSTRAINT refusals_state_check CHECK ((state = ANY (ARRAY['none'::text, 'in-force'::text, 'lift-pending'::text, 'sentinel'::text]))),
  CONSTRAINT refusals_subject_check CHECK ((octet_length(subject) = 32)),
  CONSTRAINT refusals_version_check CHECK ((version >= 0))
);
CREATE INDEX refusals_to_lift ON public.refusals USING btree (lifts_at) WHERE (state = 'lift-pending'::text);
CREATE INDEX refusals_to_return ON public.refusals USING btree (placed_again_at) WHERE ((state = 'none'::text) AND (placed_again_at IS NOT NULL));
CREATE TRIGGER refusals_guard AFTER INSERT OR UPDATE ON public.refusals FOR EACH ROW EXECUTE FUNCTION refusals_guard();
GRANT SELECT ON refusals TO tyiym_bureau;
GRANT INSERT ON refusals TO tyiym_citizen;
GRANT SELECT ON refusals TO tyiym_citizen;
GRANT UPDATE ON refusals TO tyiym_citizen;
GRANT INSERT ON refusals TO tyiym_clerk_worker;
GRANT SELECT ON refusals TO tyiym_clerk_worker;
GRANT UPDATE ON refusals TO tyiym_clerk_worker;
GRANT SELECT ON refusals TO tyiym_lender;
GRANT INSERT ON refusals TO tyiym_tool;
GRANT SELECT ON refusals TO tyiym_tool;
GRANT UPDATE ON refusals TO tyiym_tool;
COMMENT ON TABLE refusals IS 'One row a person, narrow because every check reads it: fold of the person''s entries. One sentinel an epoch.';
COMMENT ON COLUMN refusals.subject IS 'Pseudonym of the person.';
COMMENT ON COLUMN refusals.subject_epoch IS 'Epoch of its lookup key.';
COMMENT ON COLUMN refusals.state IS 'none, in-force, lift-pending; sentinel proves that the lookup key is right.';
COMMENT ON COLUMN refusals.version IS 'Refusal version: rises with every placing and lifting.';
COMMENT ON COLUMN refusals.lock_hours IS 'The lock; kept after lifting for a return.';
COMMENT ON COLUMN refusals.placed_at IS 'Registry time of the placing in force.';
COMMENT ON COLUMN refusals.lift_requested_at IS 'Registry time of the signed lift.';
COMMENT ON COLUMN refusals.lifts_at IS 'When the pending lift may be carried out.';
COMMENT ON COLUMN refusals.place_again_after_hours IS 'Hours between lifting and return, as signed.';
COMMENT ON COLUMN refusals.placed_again_at IS 'When the return is due.';
COMMENT ON COLUMN refusals.requested_by IS 'Id of the lift.requested entry.';
COMMENT ON COLUMN refusals.request_index IS 'Its index.';
COMMENT ON COLUMN refusals.moved_leaf IS 'Leaf hash of the newest entry that raised the version.';
COMMENT ON COLUMN refusals.entry_index IS 'Entry that wrote this row last.';

CREATE TABLE regime (
  name text NOT NULL,
  subject_of_rule text DEFAULT ''::text NOT NULL,
  value jsonb NOT NULL,
  applies_by text NOT NULL,
  applies_from timestamp(3) with time zone NOT NULL,
  applies_to timestamp(3) with time zone,
  enacted_on date,
  source text NOT NULL,
  certainty text NOT NULL,
  entry_index bigint NOT NULL,
  CONSTRAINT regime_pkey PRIMARY KEY (name, subject_of_rule, applies_from, entry_index),
  CONSTRAINT regime_applies_by_check CHECK ((applies_by = ANY (ARRAY['signedAt'::text, 'disbursedAt'::text, 'discoveredAt'::text, 'askedAt'::text]))),
  CONSTRAINT regime_certainty_check CHECK ((certainty = ANY (ARRAY['sourced'::text, 'inferred'::text, 'open'::text])))
);
CREATE TRIGGER registry_guard AFTER INSERT OR UPDATE ON public.regime FOR EACH ROW EXECUTE FUNCTION registry_guard();
GRANT INSERT ON regime TO tyiym_tool;
GRANT SELECT ON regime TO tyiym_tool;
COMMENT ON TABLE regime IS 'The dated table of law: fold of registry.opened and regime.changed.';
COMMENT ON COLUMN regime.name IS 'Name of the rule, as on the product page.';
COMMENT ON COLUMN regime.subject_of_rule IS 'Client id of the lender for rules that stand per lender, else empty.';
COMMENT ON COLUMN regime.value IS 'The value.';
COMMENT ON COLUMN regime.applies_by IS 'Which instant of a case chooses the row.';
COMMENT ON COLUMN regime.applies_from IS 'First instant.';
COMMENT ON COLUMN regime.applies_to IS 'First instant it no longer applies.';
COMMENT ON COLUMN regime.enacted_on IS 'Day of enactment, where known.';
COMMENT ON COLUMN regime.source IS 'Where it comes from.';
COMMENT ON COLUMN regime.certainty IS 'How sure we are.';
COMMENT ON COLUMN regime.entry_index IS 'Entry that wrote this row; of two that apply the later wins.';

CREATE TABLE registry_acts (
  index bigint NOT NULL,
  CONSTRAINT registry_acts_pkey PRIMARY KEY (index)
);
COMMENT ON TABLE registry_acts IS 'Places of the entries that move the rules, so that nobody looks through the whole Journal for them.';
COMMENT ON COLUMN registry_acts.index IS 'Place in the Journal.';

CREATE TABLE revocation_answers (
  entry_index bigint NOT NULL,
  application_id uuid NOT NULL,
  person_id uuid NOT NULL,
  answer bytea NOT NULL,
  kind text NOT NULL,
  CONSTRAINT revocation_answers_pkey PRIMARY KEY (entry_index),
  CONSTRAINT revocation_answers_kind_check CHECK ((kind = ANY (ARRAY['crl'::text, 'ncanode'::text]))),
  CONSTRAINT revocation_answers_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(person_id)
);
CREATE TRIGGER revocation_answers_guard AFTER INSERT ON public.revocation_answers FOR EACH ROW EXECUTE FUNCTION revocation_answers_guard();
GRANT INSERT ON revocation_answers TO tyiym_clerk_worker;
GRANT SELECT ON revocation_answers TO tyiym_clerk_worker;
GRANT SELECT ON revocation_answers TO tyiym_tool;
COMMENT ON TABLE revocation_answers IS 'What the authority said when a lift was carried out or called off, sealed: insert-only, judged again by fsck.';
COMMENT ON COLUMN revocation_answers.entry_index IS 'The refusal.lifted or lift.cancelled that rests on it.';
COMMENT ON COLUMN revocation_answers.application_id IS 'Application of the lift; also the row name of the sealed place.';
COMMENT ON COLUMN revocation_answers.person_id IS 'Whose data key sealed it.';
COMMENT ON COLUMN revocation_answers.answer IS 'Sealed: the list as downloaded, DER, or the answer of the NCANode service.';
COMMENT ON COLUMN revocation_answers.kind IS 'Which of them.';

CREATE TABLE revocation_lists (
  issuer bytea NOT NULL,
  number numeric,
  this_update timestamp(3) with time zone NOT NULL,
  seen_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT revocation_lists_pkey PRIMARY KEY (issuer),
  CONSTRAINT revocation_lists_issuer_check CHECK ((octet_length(issuer) = 32))
);
GRANT SELECT ON revocation_lists TO tyiym_tool;
COMMENT ON TABLE revocation_lists IS 'The newest list of revoked certificates of each issuer that any process has seen. Only rises; without it an older list would be believed after a restart.';
COMMENT ON COLUMN revocation_lists.issuer IS 'SHA-256 of the issuer''s certificate.';
COMMENT ON COLUMN revocation_lists.number IS 'CRLNumber, where its lists have one.';
COMMENT ON COLUMN revocation_lists.this_update IS 'When the issuer signed it.';
COMMENT ON COLUMN revocation_lists.seen_at IS 'Registry time at which it was first seen.';

CREATE TABLE sealed_items (
  stream_id uuid NOT NULL,
  seq bigint NOT NULL,
  entry_id uuid NOT NULL,
  kind text NOT NULL,
  sub_id bytea NOT NULL,
  version integer NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  sealed text NOT NULL,
  withheld boolean DEFAULT false NOT NULL,
  CONSTRAINT sealed_items_pkey PRIMARY KEY (stream_id, seq),
  CONSTRAINT sealed_items_kind_check CHECK ((kind = ANY (ARRAY['refusal-placed'::text, 'refusal-lifted'::text]))),
  CONSTRAINT sealed_items_seq_fkey FOREIGN KEY (seq) REFERENCES feed(seq),
  CONSTRAINT sealed_items_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES streams(stream_id),
  CONSTRAINT sealed_items_sub_id_check CHECK ((octet_length(sub_id) = 32))
);
CREATE TRIGGER sealed_items_guard AFTER INSERT ON public.sealed_items REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION sealed_items_guard();
GRANT SELECT ON sealed_items TO tyiym_bureau;
GRANT INSERT ON sealed_items TO tyiym_clerk_worker;
GRANT SELECT ON sealed_items TO tyiym_clerk_worker;
GRANT SELECT ON sealed_items TO tyiym_tool;
ALTER TABLE sealed_items SET (toast_tuple_target=8160);
COMMENT ON TABLE sealed_items IS 'What a stream delivers: insert-only, without a gap. Only day keys open it.';
COMMENT ON COLUMN sealed_items.stream_id IS 'Stream.';
COMMENT ON COLUMN sealed_items.seq IS 'Item of the feed.';
COMMENT ON COLUMN sealed_items.entry_id IS 'Id of the entry: txn of the SET and first half of its jti.';
COMMENT ON COLUMN sealed_items.kind IS 'Event: refusal-placed or refusal-lifted.';
COMMENT ON COLUMN sealed_items.sub_id IS 'The person as this bureau knows him: HMAC under its own key, so that bureaus'' sets do not join.';
COMMENT ON COLUMN sealed_items.version IS 'Refusal version that the entry made.';
COMMENT ON COLUMN sealed_items.at IS 'Registry time of the entry.';
COMMENT ON COLUMN sealed_items.sealed IS 'Compact JWE, dir and A256GCM under the key of the UTC day of sealing.';
COMMENT ON COLUMN sealed_items.withheld IS 'Names nobody: the person is erased, or was never known by his number. Part of no set, and nothing to stamp.';

CREATE TABLE signed_documents (
  entry_index bigint NOT NULL,
  application_id uuid NOT NULL,
  person_id uuid NOT NULL,
  document bytea NOT NULL,
  cms bytea NOT NULL,
  revocation bytea NOT NULL,
  revocation_kind text NOT NULL,
  revocation_stale boolean NOT NULL,
  CONSTRAINT signed_documents_pkey PRIMARY KEY (entry_index),
  CONSTRAINT signed_documents_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(person_id),
  CONSTRAINT signed_documents_revocation_kind_check CHECK ((revocation_kind = ANY (ARRAY['crl'::text, 'ocsp'::text, 'ncanode'::text])))
);
CREATE INDEX signed_documents_of_application ON public.signed_documents USING btree (application_id);
CREATE INDEX signed_documents_stale ON public.signed_documents USING btree (entry_index) WHERE revocation_stale;
CREATE TRIGGER signed_documents_guard AFTER INSERT ON public.signed_documents FOR EACH ROW EXECUTE FUNCTION signed_documents_guard();
GRANT INSERT ON signed_documents TO tyiym_citizen;
GRANT SELECT ON signed_documents TO tyiym_citizen;
GRANT SELECT ON signed_documents TO tyiym_clerk_worker;
GRANT SELECT ON signed_documents TO tyiym_tool;
COMMENT ON TABLE signed_documents IS 'What stands behind an act of a citizen, sealed: insert-only, verified again by fsck.';
COMMENT ON COLUMN signed_documents.entry_index IS 'Entry that rests on it.';
COMMENT ON COLUMN signed_documents.application_id IS 'Application; also the row name of the sealed places.';
COMMENT ON COLUMN signed_documents.person_id IS 'Whose data key sealed it.';
COMMENT ON COLUMN signed_documents.document IS 'Sealed: the signed bytes.';
COMMENT ON COLUMN signed_documents.cms IS 'Sealed: the CMS, DER.';
COMMENT ON COLUMN signed_documents.revocation IS 'Sealed: the CRL or OCSP answer that was used, DER.';
COMMENT ON COLUMN signed_documents.revocation_kind IS 'Which of them.';
COMMENT ON COLUMN signed_documents.revocation_stale IS 'The CRL was past its nextUpdate (placing only); it is asked again.';

CREATE TABLE signer_lease (
  only_row boolean DEFAULT true NOT NULL,
  holder uuid NOT NULL,
  until timestamp with time zone NOT NULL,
  CONSTRAINT signer_lease_pkey PRIMARY KEY (only_row),
  CONSTRAINT signer_lease_only_row_check CHECK (only_row)
);
CREATE TRIGGER signer_lease_guard AFTER INSERT OR UPDATE ON public.signer_lease FOR EACH ROW EXECUTE FUNCTION signer_lease_guard();
GRANT INSERT ON signer_lease TO tyiym_clerk_signer;
GRANT SELECT ON signer_lease TO tyiym_clerk_signer;
GRANT UPDATE ON signer_lease TO tyiym_clerk_signer;
COMMENT ON TABLE signer_lease IS 'Which signer process may sign, until when: a second one waits.';
COMMENT ON COLUMN signer_lease.only_row IS 'True: a second row cannot be.';
COMMENT ON COLUMN signer_lease.holder IS 'Drawn by the process when it starts.';
COMMENT ON COLUMN signer_lease.until IS 'By the clock of the database; each turn of the signer renews it.';

CREATE TABLE signing_keys (
  kid text NOT NULL,
  purpose text NOT NULL,
  kinds text[] NOT NULL,
  jwk jsonb NOT NULL,
  from_size bigint NOT NULL,
  not_before timestamp(3) with time zone NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  retired_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone,
  entry_index bigint NOT NULL,
  CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
  CONSTRAINT signing_keys_jwk_check CHECK ((NOT (jwk ? 'd'::text)))
);
CREATE TRIGGER registry_guard AFTER INSERT OR UPDATE ON public.signing_keys FOR EACH ROW EXECUTE FUNCTION registry_guard();
GRANT INSERT ON signing_keys TO tyiym_tool;
GRANT SELECT ON signing_keys TO tyiym_tool;
GRANT UPDATE (retired_at, revoked_at, entry_index) ON signing_keys TO tyiym_tool;
COMMENT ON TABLE signing_keys IS 'Public halves of the keys this registry signs with: fold of the key entries.';
COMMENT ON COLUMN signing_keys.kid IS 'RFC 7638 thumbprint.';
COMMENT ON COLUMN signing_keys.purpose IS 'head/lender, log, access …';
COMMENT ON COLUMN signing_keys.kinds IS 'Kinds of entry a head key may vouch for.';
COMMENT ON COLUMN signing_keys.jwk IS 'Public JWK.';
COMMENT ON COLUMN signing_keys.from_size IS 'Size of the Journal from which it is used.';
COMMENT ON COLUMN signing_keys.not_before IS 'Counts from here.';
COMMENT ON COLUMN signing_keys.expires_at IS 'Counts until here.';
COMMENT ON COLUMN signing_keys.retired_at IS 'No longer signs; what it signed stands.';
COMMENT ON COLUMN signing_keys.revoked_at IS 'Compromised: only logged and witnessed evidence counts from here.';
COMMENT ON COLUMN signing_keys.entry_index IS 'Entry that wrote this row last.';

CREATE TABLE stamps (
  entry_index bigint NOT NULL,
  client_id text NOT NULL,
  seq bigint NOT NULL,
  state text NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  recorded_at timestamp(3) with time zone,
  history_ref text,
  CONSTRAINT stamps_pkey PRIMARY KEY (entry_index),
  CONSTRAINT stamps_check CHECK (((state = 'stamped'::text) = (recorded_at IS NOT NULL))),
  CONSTRAINT stamps_client_id_fkey FOREIGN KEY (client_id) REFERENCES parties(client_id),
  CONSTRAINT stamps_seq_fkey FOREIGN KEY (seq) REFERENCES feed(seq),
  CONSTRAINT stamps_state_check CHECK ((state = ANY (ARRAY['stamped'::text, 'lost'::text])))
);
CREATE INDEX stamps_of_item ON public.stamps USING btree (seq, client_id, entry_index);
CREATE TRIGGER stamps_guard AFTER INSERT ON public.stamps REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION stamps_guard();
GRANT INSERT ON stamps TO tyiym_bureau;
GRANT SELECT ON stamps TO tyiym_bureau;
GRANT SELECT ON stamps TO tyiym_citizen;
GRANT SELECT ON stamps TO tyiym_tool;
COMMENT ON TABLE stamps IS 'Statements about items of the feed, insert-only; of those of one bureau about one item the newest counts.';
COMMENT ON COLUMN stamps.entry_index IS 'The refusal.stamped or stamp.lost that wrote this row.';
COMMENT ON COLUMN stamps.client_id IS 'The bureau.';
COMMENT ON COLUMN stamps.seq IS 'Item of the feed.';
COMMENT ON COLUMN stamps.state IS 'stamped: the bureau says that it is on the credit history; lost: a digest showed that it is not.';
COMMENT ON COLUMN stamps.at IS 'Registry time of the entry.';
COMMENT ON COLUMN stamps.recorded_at IS 'When the bureau says it recorded it.';
COMMENT ON COLUMN stamps.history_ref IS 'The bureau''s own number; holds no IIN.';

CREATE TABLE stream_buckets (
  stream_id uuid NOT NULL,
  bucket smallint NOT NULL,
  value bytea NOT NULL,
  CONSTRAINT stream_buckets_pkey PRIMARY KEY (stream_id, bucket),
  CONSTRAINT stream_buckets_bucket_check CHECK (((bucket >= 0) AND (bucket <= 255))),
  CONSTRAINT stream_buckets_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES streams(stream_id),
  CONSTRAINT stream_buckets_value_check CHECK ((octet_length(value) = 32))
);
GRANT SELECT ON stream_buckets TO tyiym_bureau;
GRANT INSERT ON stream_buckets TO tyiym_clerk_worker;
GRANT SELECT ON stream_buckets TO tyiym_clerk_worker;
GRANT UPDATE ON stream_buckets TO tyiym_clerk_worker;
GRANT SELECT ON stream_buckets TO tyiym_tool;
COMMENT ON TABLE stream_buckets IS 'Digest of the set in force: XOR of the items of a bucket. A bucket never used has no row and is zero.';
COMMENT ON COLUMN stream_buckets.stream_id IS 'Stream.';
COMMENT ON COLUMN stream_buckets.bucket IS 'First byte of its items.';
COMMENT ON COLUMN stream_buckets.value IS 'XOR of its items.';

CREATE TABLE stream_members (
  stream_id uuid NOT NULL,
  sub_id bytea NOT NULL,
  version integer NOT NULL,
  seq bigint NOT NULL,
  bucket smallint NOT NULL,
  CONSTRAINT stream_members_pkey PRIMARY KEY (stream_id, sub_id),
  CONSTRAINT stream_members_bucket_check CHECK (((bucket >= 0) AND (bucket <= 255))),
  CONSTRAINT stream_members_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES streams(stream_id)
);
CREATE INDEX stream_members_by_bucket ON public.stream_members USING btree (stream_id, bucket);
CREATE INDEX stream_members_by_seq ON public.stream_members USING btree (stream_id, seq);
GRANT SELECT ON stream_members TO tyiym_bureau;
GRANT DELETE ON stream_members TO tyiym_clerk_worker;
GRANT INSERT ON stream_members TO tyiym_clerk_worker;
GRANT SELECT ON stream_members TO tyiym_clerk_worker;
GRANT UPDATE ON stream_members TO tyiym_clerk_worker;
GRANT SELECT ON stream_members TO tyiym_tool;
COMMENT ON TABLE stream_members IS 'The refusals in force after sealed_seq, as the bureau should hold them: what snapshots and digests are made of.';
COMMENT ON COLUMN stream_members.stream_id IS 'Stream.';
COMMENT ON COLUMN stream_members.sub_id IS 'The person as this bureau knows him.';
COMMENT ON COLUMN stream_members.version IS 'Version of the placing in force.';
COMMENT ON COLUMN stream_members.seq IS 'Its item.';
COMMENT ON COLUMN stream_members.bucket IS 'First byte of SHA-256(sub_id|version).';

CREATE TABLE stream_vectors (
  stream_id uuid NOT NULL,
  seq bigint NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  in_force bigint NOT NULL,
  buckets bytea NOT NULL,
  CONSTRAINT stream_vectors_pkey PRIMARY KEY (stream_id, seq),
  CONSTRAINT stream_vectors_buckets_check CHECK ((octet_length(buckets) = 8192)),
  CONSTRAINT stream_vectors_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES streams(stream_id)
);
GRANT SELECT ON stream_vectors TO tyiym_bureau;
GRANT DELETE ON stream_vectors TO tyiym_clerk_worker;
GRANT INSERT ON stream_vectors TO tyiym_clerk_worker;
GRANT SELECT ON stream_vectors TO tyiym_clerk_worker;
GRANT SELECT ON stream_vectors TO tyiym_tool;
COMMENT ON TABLE stream_vectors IS 'The digest as it was, about every 10 000 items, kept 14 days: from the nearest one that of any item between is made.';
COMMENT ON COLUMN stream_vectors.stream_id IS 'Stream.';
COMMENT ON COLUMN stream_vectors.seq IS 'After this item.';
COMMENT ON COLUMN stream_vectors.at IS 'Registry time of its making.';
COMMENT ON COLUMN stream_vectors.in_force IS 'Refusals in force then.';
COMMENT ON COLUMN stream_vectors.buckets IS 'The 256 values one after the other.';

CREATE TABLE streams (
  stream_id uuid NOT NULL,
  client_id text NOT NULL,
  began_on date NOT NULL,
  sealed_seq bigint DEFAULT 0 NOT NULL,
  in_force bigint DEFAULT 0 NOT NULL,
  acked_seq bigint DEFAULT 0 NOT NULL,
  verified_at timestamp(3) with time zone,
  CONSTRAINT streams_pkey PRIMARY KEY (stream_id),
  CONSTRAINT streams_acked_seq_check CHECK ((acked_seq >= 0)),
  CONSTRAINT streams_check CHECK ((acked_seq <= sealed_seq)),
  CONSTRAINT streams_client_id_fkey FOREIGN KEY (client_id) REFERENCES parties(client_id),
  CONSTRAINT streams_client_id_key UNIQUE (client_id),
  CONSTRAINT streams_in_force_check CHECK ((in_force >= 0))
);
CREATE TRIGGER streams_guard AFTER UPDATE ON public.streams FOR EACH ROW WHEN ((new.sealed_seq IS DISTINCT FROM old.sealed_seq)) EXECUTE FUNCTION streams_guard();
GRANT SELECT ON streams TO tyiym_bureau;
GRANT UPDATE (acked_seq, verified_at) ON streams TO tyiym_bureau;
GRANT SELECT (stream_id, client_id) ON streams TO tyiym_citizen;
GRANT INSERT ON streams TO tyiym_clerk_worker;
GRANT SELECT ON streams TO tyiym_clerk_worker;
GRANT UPDATE (sealed_seq, in_force) ON streams TO tyiym_clerk_worker;
GRANT SELECT ON streams TO tyiym_tool;
COMMENT ON TABLE streams IS 'One stream a bureau (RFC 8936), made by the clerk when the bureau is admitted with the scope feed.';
COMMENT ON COLUMN streams.stream_id IS 'UUIDv7; str_… on the wire.';
COMMENT ON COLUMN streams.client_id IS 'The bureau.';
COMMENT ON COLUMN streams.began_on IS 'UTC day of registry time from which it has day keys.';
COMMENT ON COLUMN streams.sealed_seq IS 'Items of the feed up to here are sealed.';
COMMENT ON COLUMN streams.in_force IS 'Refusals in force after them, as the bureau counts them.';
COMMENT ON COLUMN streams.acked_seq IS 'The bureau acknowledged everything up to here; delivery goes on behind it.';
COMMENT ON COLUMN streams.verified_at IS 'Registry time of the newest verification event; NULL: the next poll brings one.';

CREATE VIEW bureau_figures AS
 SELECT s.client_id,
    p.name_kk,
    p.name_ru,
    p.name_en,
    (h.feed_seq - s.acked_seq) AS behind,
    (COALESCE((EXTRACT(epoch FROM (registry_now() - o.at)) * (1000)::numeric), (0)::numeric))::double precision AS oldest_ms,
    l.p50,
    l.p99,
    d.agrees,
    d.posted_at
   FROM (((((streams s
     JOIN parties p ON ((p.client_id = s.client_id)))
     CROSS JOIN journal_head h)
     LEFT JOIN feed o ON ((o.seq = (s.acked_seq + 1))))
     LEFT JOIN digests d ON ((d.stream_id = s.stream_id)))
     CROSS JOIN LATERAL ( SELECT percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((x.lag)::double precision)) AS p50,
            percentile_cont((0.99)::double precision) WITHIN GROUP (ORDER BY ((x.lag)::double precision)) AS p99
           FROM ( SELECT (EXTRACT(epoch FROM (t.at - f.at)) * (1000)::numeric) AS lag
                   FROM (( SELECT stamps.seq,
                            stamps.client_id,
                            stamps.state,
                            stamps.at
                           FROM stamps
                          ORDER BY stamps.entry_index DESC
                         LIMIT 4000) t
                     JOIN feed f ON ((f.seq = t.seq)))
                  WHERE ((t.client_id = s.client_id) AND (t.state = 'stamped'::text) AND (t.at > (registry_now() - '01:00:00'::interval)))) x) l);
GRANT SELECT ON bureau_figures TO tyiym_log;
COMMENT ON VIEW bureau_figures IS 'How far each bureau is behind and how soon it stamps, of the newest 4000 stamps and the last hour: for everybody, and about nobody.';

CREATE VIEW public_openings AS
 SELECT index,
    entry,
    seed
   FROM entries
  WHERE ((kind = 'registry.opened'::text) OR (split_part(kind, '.'::text, 1) = ANY (ARRAY['key'::text, 'party'::text, 'regime'::text, 'log'::text, 'acts'::text])));
GRANT SELECT ON public_openings TO tyiym_log;
COMMENT ON VIEW public_openings IS 'Entries that name no person and are open to everybody, with the seed of their salt.';

CREATE VIEW registry_openings AS
 SELECT e.index,
    e.kind,
    e.at,
    e.entry,
    e.seed
   FROM (registry_acts a
     JOIN entries e ON ((e.index = a.index)));
GRANT SELECT ON registry_openings TO tyiym_access;
GRANT SELECT ON registry_openings TO tyiym_bureau;
GRANT SELECT ON registry_openings TO tyiym_citizen;
GRANT SELECT ON registry_openings TO tyiym_clerk_worker;
GRANT SELECT ON registry_openings TO tyiym_lender;
GRANT SELECT ON registry_openings TO tyiym_log;
GRANT SELECT ON registry_openings TO tyiym_tool;
COMMENT ON VIEW registry_openings IS 'Entries that move the rules. They name no person but officials, and are open to everybody.';

-- Partitions of checks
--   bound as it is named
--   column at timestamp(3) with time zone NOT NULL
--   column check_id uuid NOT NULL
--   column entry_index bigint NOT NULL
--   column lender text NOT NULL
--   column loan_ref text NOT NULL
--   column product text NOT NULL
--   column stage text NOT NULL
--   column subject bytea
--   column subject_epoch smallint
--   column valid_until timestamp(3) with time zone
--   column verdict text NOT NULL
--   column version integer NOT NULL
--   constraint CHECK (((verdict = 'clear'::text) = (valid_until IS NOT NULL)))
--   constraint CHECK ((product = ANY (ARRAY['bank-loan'::text, 'microcredit'::text])))
--   constraint CHECK ((stage = ANY (ARRAY['decision'::text, 'disbursement'::text])))
--   constraint CHECK ((verdict = ANY (ARRAY['clear'::text, 'refused'::text])))
--   constraint PRIMARY KEY (check_id)
--   index CREATE INDEX ON public.<partition> USING btree (lender, check_id) of checks_of_lender
--   index CREATE INDEX ON public.<partition> USING btree (subject) WHERE (subject IS NOT NULL) of checks_of_subject
--   index CREATE UNIQUE INDEX ON public.<partition> USING btree (check_id) of checks_pkey
--   kind r p

-- Partitions of entries
--   bound as it is named
--   CREATE TRIGGER feed_item AFTER INSERT ON public.<partition> FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['refusal.inherited'::text, 'refusal.placed'::text, 'refusal.lifted'::text, 'refusal.annulled'::text]))) EXECUTE FUNCTION feed_item() of the parent
--   CREATE TRIGGER moves_with_row AFTER INSERT ON public.<partition> FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['refusal.lock-grown'::text, 'lift.requested'::text, 'lift.cancelled'::text]))) EXECUTE FUNCTION moves_with_row() of the parent
--   column at timestamp(3) with time zone NOT NULL
--   column commitment bytea NOT NULL
--   column entry text
--   column id uuid NOT NULL
--   column index bigint NOT NULL
--   column kind text NOT NULL
--   column leaf_hash bytea NOT NULL
--   column party text
--   column seed bytea
--   column subject bytea
--   column subject_epoch smallint
--   column version integer
--   constraint CHECK ((index >= 0))
--   constraint CHECK ((octet_length(commitment) = 32))
--   constraint CHECK ((octet_length(leaf_hash) = 32))
--   constraint CHECK ((octet_length(seed) = 32))
--   constraint CHECK ((octet_length(subject) = 32))
--   constraint CHECK ((strpos(entry, (('"kind":"'::text || kind) || '"'::text)) > 0))
--   constraint PRIMARY KEY (index)
--   index CREATE INDEX ON public.<partition> USING brin (at) of entries_by_time
--   index CREATE INDEX ON public.<partition> USING btree (index) WHERE ((entry IS NULL) OR (seed IS NULL) OR ((subject IS NULL) AND (version IS NOT NULL))) of entries_blanked
--   index CREATE INDEX ON public.<partition> USING btree (index) WHERE (kind = ANY (ARRAY['refusal.inherited'::text, 'refusal.placed'::text, 'refusal.lifted'::text, 'refusal.annulled'::text])) of entries_of_refusals
--   index CREATE INDEX ON public.<partition> USING btree (subject, index) WHERE (kind = ANY (ARRAY['refusal.inherited'::text, 'refusal.placed'::text, 'refusal.lock-grown'::text, 'lift.requested'::text, 'lift.cancelled'::text, 'refusal.lifted'::text, 'refusal.annulled'::text])) of entries_of_moves
--   index CREATE INDEX ON public.<partition> USING btree (subject, index) WHERE (subject IS NOT NULL) of entries_of_subject
--   index CREATE UNIQUE INDEX ON public.<partition> USING btree (index) of entries_pkey
--   kind r p

-- Partitions of idempotency_keys
--   bound as it is named
--   column answer bytea
--   column app text NOT NULL
--   column body_hmac bytea NOT NULL
--   column day date NOT NULL
--   column entry_index bigint
--   column key text NOT NULL
--   column party text NOT NULL
--   column person_id uuid
--   column resource uuid
--   column route text NOT NULL
--   constraint CHECK ((octet_length(body_hmac) = 32))
--   constraint PRIMARY KEY (day, app, party, route, key)
--   index CREATE UNIQUE INDEX ON public.<partition> USING btree (day, app, party, route, key) of idempotency_keys_pkey
--   kind r p

CREATE OR REPLACE FUNCTION public.add_people(ids uuid[], epochs smallint[], subjects bytea[], data_keys bytea[], iins bytea[], besides uuid[])
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF session_user NOT IN ('tyiym_citizen', 'tyiym_tool') AND cardinality(array_remove(besides, NULL)) > 0 THEN
    RAISE EXCEPTION 'only a role that can open a person may add one beside another' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM FROM unnest(ids, data_keys, iins) AS u (id, data_key, iin), journal_head h
    WHERE (octet_length(data_key) = 65 AND get_byte(data_key, 0) = 1 AND octet_length(iin) = 45 AND get_byte(iin, 0) = 1
      AND h.identity_checks ? encode(substr(data_key, 2, 4), 'hex') AND substr(iin, 2, 4) = substr(uuid_send(id), 13, 4)) IS NOT TRUE;
  IF FOUND THEN
    RAISE EXCEPTION 'a person is sealed as the columns say, under a live identity key' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN QUERY INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at)
    SELECT DISTINCT ON (u.subject, u.epoch) u.id, u.epoch, u.subject, u.data_key, u.iin, h.now
    FROM unnest(ids, epochs, subjects, data_keys, iins, besides) AS u (id, epoch, subject, data_key, iin, beside),
      (SELECT registry_now()) AS h (now)
    WHERE u.beside IS NOT DISTINCT FROM (SELECT p.person_id FROM people p
      WHERE p.subject = u.subject AND p.subject_epoch = u.epoch ORDER BY p.first_seen_at DESC, p.person_id DESC LIMIT 1)
    RETURNING person_id;
END $function$;
REVOKE ALL ON FUNCTION add_people(uuid[],smallint[],bytea[],bytea[],bytea[],uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION add_people(uuid[],smallint[],bytea[],bytea[],bytea[],uuid[]) TO tyiym_bureau;
GRANT EXECUTE ON FUNCTION add_people(uuid[],smallint[],bytea[],bytea[],bytea[],uuid[]) TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION add_people(uuid[],smallint[],bytea[],bytea[],bytea[],uuid[]) TO tyiym_lender;
GRANT EXECUTE ON FUNCTION add_people(uuid[],smallint[],bytea[],bytea[],bytea[],uuid[]) TO tyiym_tool;
COMMENT ON FUNCTION add_people(uuid[],smallint[],bytea[],bytea[],bytea[],uuid[]) IS 'Adds each person whose newest row is still the one it names (none: NULL), and returns the rows that were added.';

CREATE OR REPLACE FUNCTION public.advance_clock(hours integer)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF hours NOT BETWEEN 1 AND 2160 THEN RAISE EXCEPTION 'hours must lie between 1 and 2160'; END IF;
  UPDATE journal_head SET clock_offset_ms = clock_offset_ms + hours * 3600000::bigint;
  UPDATE graphile_worker._private_jobs SET run_at = run_at - hours * interval '1 hour' WHERE locked_at IS NULL;
  PERFORM make_partitions(14);
  RETURN registry_now();
END $function$;
REVOKE ALL ON FUNCTION advance_clock(integer) FROM PUBLIC;
COMMENT ON FUNCTION advance_clock(integer) IS 'The sandbox''s clock; only the owner may call it. Jobs that become due move with it.';

CREATE OR REPLACE FUNCTION public.ask_clerk_to_move(entry_index bigint, due timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM graphile_worker.add_job('move-refusal', json_build_object('entryIndex', entry_index),
    run_at => clock_timestamp() + greatest(due - registry_now(), interval '0'),
    max_attempts => 25, job_key => 'move-refusal:' || entry_index);
  RETURN true;
END $function$;
REVOKE ALL ON FUNCTION ask_clerk_to_move(bigint,timestamp with time zone) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ask_clerk_to_move(bigint,timestamp with time zone) TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION ask_clerk_to_move(bigint,timestamp with time zone) TO tyiym_clerk_worker;
COMMENT ON FUNCTION ask_clerk_to_move(bigint,timestamp with time zone) IS 'Job move-refusal: carry out the lift or the return that this entry makes due.';

CREATE OR REPLACE FUNCTION public.checkpoints_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF NOT starts_with(NEW.note, NEW.origin || E'\n' || NEW.size || E'\n' || encode(NEW.root, 'base64') || E'\n\n')
    OR NEW.signed_at > registry_now() + interval '1 minute' THEN
    RAISE EXCEPTION 'a checkpoint is what its note says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM heads h JOIN journal_head j ON j.origin = NEW.origin
      WHERE h.size = NEW.size AND h.root = NEW.root AND NEW.published_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'a checkpoint is of a tree that a commit ended with, and is published after it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  ELSIF OLD.published_at IS NOT NULL AND (NEW.published_at, NEW.lag_ms) IS DISTINCT FROM (OLD.published_at, OLD.lag_ms) THEN
    RAISE EXCEPTION 'what was published stays published' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION checkpoints_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION checkpoints_guard() TO PUBLIC;
COMMENT ON FUNCTION checkpoints_guard() IS 'No checkpoint lies ahead of the Journal or beside its tree, where the signer would refuse to go on; that its note is signed, fsck verifies.';

CREATE OR REPLACE FUNCTION public.contracts_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.entry_index <= OLD.entry_index THEN
    RAISE EXCEPTION 'a contract never goes back' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM 1 FROM loans l JOIN entries e ON e.index = l.entry_index
    WHERE l.entry_index = NEW.entry_index AND l.loan_id = NEW.loan_id AND l.party = NEW.party AND e.party = NEW.party
      AND l.lender_bin = NEW.lender_bin AND e.kind IN ('loan.reported', 'loan.amended');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a contract follows only a report of its party' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION contracts_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contracts_guard() TO PUBLIC;
COMMENT ON FUNCTION contracts_guard() IS 'The pointer can only follow the Journal: no report is hidden by going back to an older one.';

CREATE OR REPLACE FUNCTION public.corrections_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e CROSS JOIN LATERAL (SELECT e.entry::jsonb AS body) AS s
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid
      AND (e.id, e.party, e.at, e.kind, body->>'breachId', (body->>'removedAt')::timestamptz)
        = (NEW.entry_id, NEW.client_id, NEW.at, 'correction.reported', id_of('brc', NEW.breach_id), NEW.removed_at)
      AND (body->>'number', body->>'historyRef') IS NOT DISTINCT FROM (NEW.number, NEW.history_ref);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a correction stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION corrections_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION corrections_guard() TO PUBLIC;
COMMENT ON FUNCTION corrections_guard() IS 'Each column is what an entry of this transaction says.';

CREATE OR REPLACE FUNCTION public.database_life()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  SELECT format('%s/%s', oid, extract(epoch FROM pg_postmaster_start_time())) FROM pg_database WHERE datname = current_database()
$function$;
REVOKE ALL ON FUNCTION database_life() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION database_life() TO PUBLIC;
COMMENT ON FUNCTION database_life() IS 'Another value after each start of the server and in each copy of the database: what was put back cannot be taken for what it was.';

CREATE OR REPLACE FUNCTION public.days_ahead()
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT coalesce(min(last_day) - (registry_now() AT TIME ZONE 'UTC')::date, -1) FROM (
    SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')) AS last_day
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('checks'::regclass, 'idempotency_keys'::regclass) GROUP BY i.inhparent) p
$function$;
REVOKE ALL ON FUNCTION days_ahead() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION days_ahead() TO PUBLIC;
GRANT EXECUTE ON FUNCTION days_ahead() TO tyiym_bureau;
GRANT EXECUTE ON FUNCTION days_ahead() TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION days_ahead() TO tyiym_clerk_signer;
GRANT EXECUTE ON FUNCTION days_ahead() TO tyiym_clerk_worker;
GRANT EXECUTE ON FUNCTION days_ahead() TO tyiym_lender;
GRANT EXECUTE ON FUNCTION days_ahead() TO tyiym_tool;
COMMENT ON FUNCTION days_ahead() IS 'For how many days from today partitions exist; readyz warns below 7.';

CREATE OR REPLACE FUNCTION public.drop_expired_openings(most integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  dropped integer;
BEGIN
  IF most NOT BETWEEN 1 AND 10000 THEN RAISE EXCEPTION 'most must lie between 1 and 10000'; END IF;
  WITH gone AS (
    DELETE FROM applications WHERE application_id IN (
      SELECT application_id FROM applications a
      WHERE state <> 'signed' AND expires_at < registry_now() - interval '4 days'
        AND NOT EXISTS (SELECT FROM signed_documents d WHERE d.application_id = a.application_id)
      ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED)
    RETURNING 1)
  SELECT count(*) INTO dropped FROM gone;
  RETURN dropped;
END $function$;
REVOKE ALL ON FUNCTION drop_expired_openings(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_expired_openings(integer) TO tyiym_clerk_worker;
COMMENT ON FUNCTION drop_expired_openings(integer) IS 'Deletes up to so many applications that expired four days ago unsigned; one that a signed document names stays, whatever its row says.';

CREATE OR REPLACE FUNCTION public.drop_old_idempotency_keys()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
 SET lock_timeout TO '50ms'
AS $function$
DECLARE
  part text;
  dropped integer := 0;
BEGIN
  FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'idempotency_keys'::regclass
      AND c.relname < 'idempotency_keys_' || to_char((registry_now() AT TIME ZONE 'UTC')::date - 4, 'YYYYMMDD')
  LOOP
    EXECUTE format('ALTER TABLE idempotency_keys DETACH PARTITION %I', part);
    EXECUTE format('DROP TABLE %I', part);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $function$;
REVOKE ALL ON FUNCTION drop_old_idempotency_keys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_old_idempotency_keys() TO tyiym_clerk_worker;
COMMENT ON FUNCTION drop_old_idempotency_keys() IS 'Drops the day partitions that are over 72 h old in whole; behind a reader it gives up at once, because checks would queue behind it.';

CREATE OR REPLACE FUNCTION public.end_stuck_backends()
 RETURNS TABLE(role text, reason text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  looked_at timestamptz := clock_timestamp();
  one record;
BEGIN
  -- Those at the head, those they wait for, and so on to the roots, who wait for nobody.
  FOR one IN
    WITH RECURSIVE chain (pid, blockers) AS (
      SELECT l.pid, pg_blocking_pids(l.pid) FROM (
        SELECT DISTINCT k.pid FROM pg_locks k JOIN pg_database d ON d.oid = k.database
        WHERE d.datname = current_database() AND k.relation = 'journal_head'::regclass AND k.mode <> 'AccessShareLock') l
      UNION
      SELECT b.pid, pg_blocking_pids(b.pid) FROM chain c CROSS JOIN unnest(c.blockers) AS b (pid) WHERE b.pid <> 0
    ), at_the_root AS (
      SELECT DISTINCT pid FROM chain WHERE cardinality(blockers) = 0 AND pid <> pg_backend_pid()
    ), seen AS (
      SELECT a.pid, a.backend_start, a.xact_start FROM pg_stat_activity a JOIN at_the_root USING (pid)
      WHERE a.datname = current_database() AND a.xact_start IS NOT NULL
    ), forgotten AS (
      DELETE FROM head_looks h WHERE NOT EXISTS (SELECT FROM seen s
        WHERE (s.pid, s.backend_start, s.xact_start) = (h.pid, h.backend_start, h.xact_start))
    ), remembered AS (
      INSERT INTO head_looks (pid, backend_start, xact_start, seen_at) SELECT s.*, looked_at FROM seen s
      ON CONFLICT DO NOTHING
    )
    SELECT a.pid, a.usename, a.wait_event_type, a.wait_event, a.xact_start,
      CASE WHEN h.pid IS NULL THEN 'its transaction is older than the time-outs of its role'
        ELSE 'it kept the head of the Journal' END AS reason
    FROM pg_stat_activity a
    LEFT JOIN (seen s JOIN head_looks h USING (pid, backend_start, xact_start)) ON h.pid = a.pid
      AND h.seen_at <= looked_at - interval '2 seconds'
      -- What the operator writes step by step, as a load does, has ten seconds while it goes on.
      AND (a.usename NOT IN ('tyiym_owner', 'tyiym_tool') OR a.state_change < looked_at - interval '2 seconds'
        OR h.seen_at <= looked_at - interval '10 seconds')
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
      -- What the operator runs away from the head may take long, as staging an import does.
      AND (h.pid IS NOT NULL OR (a.usename LIKE 'tyiym\_%' AND a.usename NOT IN ('tyiym_owner', 'tyiym_tool')
        AND a.xact_start < looked_at - interval '7 seconds'))
  LOOP
    CONTINUE WHEN waits_for_disk(one.wait_event_type, one.wait_event, looked_at - one.xact_start);
    IF pg_terminate_backend(one.pid) THEN
      role := one.usename;
      reason := one.reason;
      RETURN NEXT;
    END IF;
  END LOOP;
END $function$;
REVOKE ALL ON FUNCTION end_stuck_backends() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_stuck_backends() TO tyiym_clerk_worker;
COMMENT ON FUNCTION end_stuck_backends() IS 'Ends the backends at whose root the head stands still since two seconds, and those of apps that took their time-outs off; says whose and why. Its owner needs pg_signal_backend and pg_read_all_stats.';

CREATE OR REPLACE FUNCTION public.entries_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  head journal_head;
  news record;
BEGIN
  SELECT * INTO head FROM journal_head;
  SELECT max(index) AS last, min(at) AS first_at, max(at) AS last_at,
    bool_and(entry IS NOT NULL AND seed IS NOT NULL AND (version IS NULL OR subject IS NOT NULL)) AS whole INTO news FROM appended;
  IF news.last >= head.size THEN
    RAISE EXCEPTION 'entries are appended together with the head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF news.first_at <> head.last_at OR news.last_at <> head.last_at THEN
    RAISE EXCEPTION 'entries are of the instant of their head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NOT news.whole THEN
    RAISE EXCEPTION 'an entry is appended whole' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION entries_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION entries_guard() TO PUBLIC;
COMMENT ON FUNCTION entries_guard() IS 'No entry lies beyond the head, so the head can only grow by entries of its own transaction; each is whole and of the head''s instant.';

CREATE OR REPLACE FUNCTION public.feed_item()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  next bigint := (SELECT coalesce(max(seq), 0) + 1 FROM feed);
BEGIN
  IF next > (SELECT feed_seq FROM journal_head) THEN
    RAISE EXCEPTION 'an item of the feed is counted by the head it is appended with' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM FROM refusals r WHERE r.subject = NEW.subject AND r.subject_epoch = NEW.subject_epoch
    AND r.entry_index >= NEW.index AND r.version >= NEW.version;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an entry that places or lifts is appended with its refusal' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO feed VALUES (next, NEW.index, NEW.id, NEW.kind, NEW.subject_epoch, NEW.subject, NEW.version, NEW.at);
  PERFORM pg_notify('tyiym_feed', '');
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION feed_item() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_item() TO PUBLIC;
COMMENT ON FUNCTION feed_item() IS 'Writes the feed item of an entry, in the order of the entries, under the head''s lock; wakes the clerk at the commit. Without its row in refusals no entry places or lifts.';

CREATE OR REPLACE FUNCTION public.feed_seq_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF NEW.feed_seq - OLD.feed_seq <> (SELECT count(*) FROM entries WHERE index >= OLD.size AND index < NEW.size
    AND kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled')) THEN
    RAISE EXCEPTION 'the feed grows by exactly the entries that place or lift' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION feed_seq_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_seq_guard() TO PUBLIC;
COMMENT ON FUNCTION feed_seq_guard() IS 'Together with feed_item: each counted entry has one item and each item one entry, without a gap.';

CREATE OR REPLACE FUNCTION public.harvesting_alarms_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.kind = 'harvesting.suspected'
      AND e.party = NEW.lender AND e.entry::jsonb->>'span' = NEW.span
      AND (e.entry::jsonb->>'from')::timestamptz = NEW.begins_at;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an alarm is written with its entry' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION harvesting_alarms_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION harvesting_alarms_guard() TO PUBLIC;
COMMENT ON FUNCTION harvesting_alarms_guard() IS 'No alarm is marked as raised before it is, which would silence it.';

CREATE OR REPLACE FUNCTION public.heads_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF NEW.size <> (SELECT size FROM journal_head) THEN
    RAISE EXCEPTION 'a signed head is written together with the head' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION heads_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heads_guard() TO PUBLIC;
COMMENT ON FUNCTION heads_guard() IS 'No signed head lies beyond the head, nor between older ones, whose receipts it would take over.';

CREATE OR REPLACE FUNCTION public.id_of(kind text, uuid uuid)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE STRICT
 SET search_path TO 'pg_catalog'
AS $function$
  SELECT kind || '_' || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 1, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 6, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 11, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 16, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 21, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 26, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 31, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 36, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 41, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 46, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 51, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 56, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 61, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 66, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 71, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 76, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 81, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 86, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 91, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 96, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 101, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 106, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 111, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 116, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 121, 5)::bit(5)::integer + 1, 1) || substr('0123456789abcdefghjkmnpqrstvwxyz', substr(b.bits, 126, 5)::bit(5)::integer + 1, 1)
  FROM (SELECT '00' || ('x' || replace(uuid::text, '-', ''))::bit(128)::text AS bits) AS b
$function$;
REVOKE ALL ON FUNCTION id_of(text,uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION id_of(text,uuid) TO PUBLIC;
COMMENT ON FUNCTION id_of(text,uuid) IS 'The id that stands for this UUID in entries: the kind and 26 digits of base32.';

CREATE OR REPLACE FUNCTION public.is_persons(person uuid, epoch smallint, of_subject bytea)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT EXISTS (SELECT FROM people p
    WHERE p.person_id = person AND (p.subject_epoch IS DISTINCT FROM epoch OR p.subject = of_subject))
$function$;
REVOKE ALL ON FUNCTION is_persons(uuid,smallint,bytea) FROM PUBLIC;
COMMENT ON FUNCTION is_persons(uuid,smallint,bytea) IS 'Whether the pseudonym is the person''s, as far as one epoch can tell.';

CREATE OR REPLACE FUNCTION public.is_registry_act(kind text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog'
AS $function$
  SELECT kind = 'registry.opened' OR split_part(kind, '.', 1) IN ('key', 'party', 'regime', 'acts')
$function$;
REVOKE ALL ON FUNCTION is_registry_act(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_registry_act(text) TO PUBLIC;
COMMENT ON FUNCTION is_registry_act(text) IS 'Whether entries of this kind move the rules.';

CREATE OR REPLACE FUNCTION public.is_whole(written bigint[], expected bigint[])
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  IF written IS DISTINCT FROM expected THEN
    RAISE EXCEPTION 'rows were lost in the append' USING ERRCODE = 'assert_failure';
  END IF;
  RETURN true;
END $function$;
REVOKE ALL ON FUNCTION is_whole(bigint[],bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_whole(bigint[],bigint[]) TO tyiym_bureau;
GRANT EXECUTE ON FUNCTION is_whole(bigint[],bigint[]) TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION is_whole(bigint[],bigint[]) TO tyiym_clerk_worker;
GRANT EXECUTE ON FUNCTION is_whole(bigint[],bigint[]) TO tyiym_lender;
GRANT EXECUTE ON FUNCTION is_whole(bigint[],bigint[]) TO tyiym_tool;
COMMENT ON FUNCTION is_whole(bigint[],bigint[]) IS 'Fails an append that did not write exactly the rows it was given.';

CREATE OR REPLACE FUNCTION public.journal_head_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
END $function$;
REVOKE ALL ON FUNCTION journal_head_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_head_guard() TO PUBLIC;
COMMENT ON FUNCTION journal_head_guard() IS 'Runs at the end of the append, when head, heads and entries are all written.';

CREATE OR REPLACE FUNCTION public.leaf_hashes(from_index bigint, to_index bigint)
 RETURNS TABLE(leaf_hash bytea)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT leaf_hash FROM entries WHERE index >= from_index AND index < to_index ORDER BY index
$function$;
REVOKE ALL ON FUNCTION leaf_hashes(bigint,bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION leaf_hashes(bigint,bigint) TO tyiym_bureau;
GRANT EXECUTE ON FUNCTION leaf_hashes(bigint,bigint) TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION leaf_hashes(bigint,bigint) TO tyiym_clerk_worker;
GRANT EXECUTE ON FUNCTION leaf_hashes(bigint,bigint) TO tyiym_lender;
GRANT EXECUTE ON FUNCTION leaf_hashes(bigint,bigint) TO tyiym_tool;
COMMENT ON FUNCTION leaf_hashes(bigint,bigint) IS 'Leaf hashes of a batch, also of entries the role may not read: a proof needs them, and they tell nothing.';

CREATE OR REPLACE FUNCTION public.loans_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e CROSS JOIN LATERAL (SELECT e.entry::jsonb AS body) AS s
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.party = NEW.party AND e.at = NEW.at
      AND (body->>'loanId', body->>'lender', body->>'product', (body->'amount'->>'value')::numeric, body->'amount'->>'currency',
          (body->>'signedAt')::timestamptz)
        = (id_of('lon', NEW.loan_id), NEW.lender_bin, NEW.product, NEW.amount, 'KZT', NEW.signed_at)
      AND (body->>'circumstance', (body->>'disbursedAt')::timestamptz, (body->>'disbursedOn')::date, body->>'checkId')
        IS NOT DISTINCT FROM (NEW.circumstance, NEW.disbursed_at, NEW.disbursed_on, id_of('chk', NEW.check_id))
      AND is_persons(NEW.person_id, NEW.subject_epoch, NEW.subject)
      AND CASE e.kind
        WHEN 'loan.reported' THEN e.id = NEW.about
          AND (e.subject, e.subject_epoch) IS NOT DISTINCT FROM (NEW.subject, NEW.subject_epoch)
        WHEN 'loan.amended' THEN body->>'about' = id_of('ent', NEW.about) AND EXISTS (SELECT FROM loans l
          WHERE l.loan_id = NEW.loan_id AND l.entry_index < NEW.entry_index AND l.about = NEW.about AND l.party = NEW.party
            AND (l.subject_epoch IS DISTINCT FROM NEW.subject_epoch OR l.subject IS NOT DISTINCT FROM NEW.subject))
        ELSE false END;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a loan is written with the report of its party and says what it says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION loans_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION loans_guard() TO PUBLIC;
COMMENT ON FUNCTION loans_guard() IS 'Each column that the entry gives is held against it; own numbers are sealed, and fsck opens them.';

CREATE OR REPLACE FUNCTION public.log_closed()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  UPDATE journal_head SET origin = NEW.successor WHERE origin = NEW.origin AND EXISTS (
    SELECT FROM entries WHERE index = NEW.entry_index AND index = size - 1 AND kind = 'log.broken');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a log is closed by its entry' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  -- The numbers of the lost items will be given again; under the old stream a bureau would take them for what it has.
  TRUNCATE streams, sealed_items, day_keys, stream_members, stream_buckets, stream_vectors, digests;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION log_closed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_closed() TO PUBLIC;
COMMENT ON FUNCTION log_closed() IS 'The head goes on under the next origin, and every bureau''s stream begins anew, with the entry that says so.';

CREATE OR REPLACE FUNCTION public.lost_race()
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  RAISE EXCEPTION 'the head of the Journal is no longer the one this batch stands on' USING ERRCODE = 'serialization_failure';
END $function$;
REVOKE ALL ON FUNCTION lost_race() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lost_race() TO tyiym_bureau;
GRANT EXECUTE ON FUNCTION lost_race() TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION lost_race() TO tyiym_clerk_worker;
GRANT EXECUTE ON FUNCTION lost_race() TO tyiym_lender;
GRANT EXECUTE ON FUNCTION lost_race() TO tyiym_tool;
COMMENT ON FUNCTION lost_race() IS 'Fails an append whose compare moved no head; nothing of it is inserted.';

CREATE OR REPLACE FUNCTION public.make_partition(parent text, part text, low text, high text)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
  RETURN true;
END $function$;
REVOKE ALL ON FUNCTION make_partition(text,text,text,text) FROM PUBLIC;
COMMENT ON FUNCTION make_partition(text,text,text,text) IS 'CREATE LIKE and ATTACH, which does not stop inserts as CREATE … PARTITION OF would behind a reader.';

CREATE OR REPLACE FUNCTION public.make_partitions(days_ahead integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
 SET lock_timeout TO '1s'
AS $function$
DECLARE
  entries_each CONSTANT bigint := 1000000;
  made integer := 0;
  today date := (registry_now() AT TIME ZONE 'UTC')::date;
  first_index bigint := (SELECT coalesce(max(size), 0) FROM journal_head) / entries_each;
  d date;
  n bigint;
BEGIN
  IF days_ahead NOT BETWEEN 1 AND 400 THEN RAISE EXCEPTION 'days_ahead must lie between 1 and 400'; END IF;
  FOR n IN first_index .. first_index + 9 LOOP
    made := made + make_partition('entries', 'entries_' || lpad(n::text, 6, '0'), (n * entries_each)::text, ((n + 1) * entries_each)::text)::integer;
  END LOOP;
  FOR d IN SELECT today + g FROM generate_series(-1, days_ahead) g LOOP
    made := made + make_partition('checks', 'checks_' || to_char(d, 'YYYYMMDD'),
      uuid_floor(d::timestamp AT TIME ZONE 'UTC')::text, uuid_floor((d + 1)::timestamp AT TIME ZONE 'UTC')::text)::integer;
    made := made + make_partition('idempotency_keys', 'idempotency_keys_' || to_char(d, 'YYYYMMDD'), d::text, (d + 1)::text)::integer;
  END LOOP;
  RETURN made;
END $function$;
REVOKE ALL ON FUNCTION make_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partitions(integer) TO tyiym_clerk_worker;
COMMENT ON FUNCTION make_partitions(integer) IS 'Makes the partitions of the days ahead and ten ranges of entries; returns how many were missing.';

CREATE OR REPLACE FUNCTION public.move_alarms_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e WHERE e.index = NEW.entry_index AND e.kind IN ('refusal.placed', 'refusal.lock-grown',
      'lift.requested', 'lift.cancelled', 'refusal.lifted')
    AND NEW.raised_at BETWEEN e.at AND registry_now() + interval '1 minute';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an alarm is about a move that is there' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION move_alarms_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION move_alarms_guard() TO PUBLIC;
COMMENT ON FUNCTION move_alarms_guard() IS 'No alarm is noted before its move.';

CREATE OR REPLACE FUNCTION public.moves_with_row()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM refusals r WHERE r.subject = NEW.subject AND r.subject_epoch = NEW.subject_epoch
    AND r.entry_index >= NEW.index AND r.version >= NEW.version;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an entry that moves a refusal is appended with its row' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION moves_with_row() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moves_with_row() TO PUBLIC;
COMMENT ON FUNCTION moves_with_row() IS 'Without its row an entry would move nothing now and count in the next move.';

CREATE OR REPLACE FUNCTION public.notice_deliveries_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e JOIN notices n ON n.notice_id = NEW.notice_id AND n.lender = e.party
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.kind = 'notice.delivered'
      AND e.entry::jsonb->>'noticeId' = id_of('ntc', NEW.notice_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a delivery is written with the entry that says it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION notice_deliveries_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notice_deliveries_guard() TO PUBLIC;
COMMENT ON FUNCTION notice_deliveries_guard() IS 'A notice counts as fetched only with the entry of its own lender.';

CREATE OR REPLACE FUNCTION public.notices_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e WHERE e.index = NEW.entry_index AND e.id = NEW.about;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a notice is about an entry that is there' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION notices_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notices_guard() TO PUBLIC;
COMMENT ON FUNCTION notices_guard() IS 'No notice stands in the place of one about an entry to come.';

CREATE OR REPLACE FUNCTION public.official_acts_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  entry jsonb := own_act(NEW.entry_index);
  act jsonb := NEW.act::jsonb;
BEGIN
  IF (entry->>'actId' = NEW.act_id::text AND act->>'actId' = NEW.act_id::text AND entry->>'kind' = act->>'kind'
      AND entry - '{v,id,kind,at,actId,by,cmsSha256,fromSize}'::text[] = (act->'body') - 'fromSize'
      AND jsonb_array_length(entry->'by') = 2 AND entry->'by'->0 <> entry->'by'->1
      AND jsonb_array_length(entry->'cmsSha256') = 2) IS NOT TRUE THEN
    RAISE EXCEPTION 'an act is kept with the entry that came of it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION official_acts_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION official_acts_guard() TO PUBLIC;
COMMENT ON FUNCTION official_acts_guard() IS 'A signed act says what the entry of this transaction says; whether the signatures are good the clerk finds out.';

CREATE OR REPLACE FUNCTION public.own_act(at_index bigint)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT entry::jsonb FROM entries WHERE index = at_index AND xmin = pg_current_xact_id()::xid
$function$;
REVOKE ALL ON FUNCTION own_act(bigint) FROM PUBLIC;
COMMENT ON FUNCTION own_act(bigint) IS 'The entry at this index, if this transaction appends it.';

CREATE OR REPLACE FUNCTION public.party_keys_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF EXISTS (SELECT FROM party_keys k WHERE k.client_id <> NEW.client_id AND (k.kid = NEW.kid OR k.cert_sha256 = NEW.cert_sha256)) THEN
    RAISE EXCEPTION 'two parties have no key and no certificate in common' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION party_keys_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION party_keys_guard() TO PUBLIC;
COMMENT ON FUNCTION party_keys_guard() IS 'Two owners of one key or certificate could each say it was the other. Two appends never run side by side, so a look is enough.';

CREATE OR REPLACE FUNCTION public.refusal_after(before refusals, since bigint)
 RETURNS refusals
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  fold refusals := before;
  prior refusals;
  said record;
  body jsonb;
  hours integer;
  request text;
  allowed boolean;
BEGIN
  FOR said IN SELECT e.index, e.id, e.kind, e.at, e.entry, e.leaf_hash, e.version,
      e.xmin = pg_current_xact_id()::xid AS is_new FROM entries e
    WHERE e.subject = before.subject AND e.subject_epoch = before.subject_epoch AND e.index > since
      AND e.kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled',
  'refusal.lifted', 'refusal.annulled')
    ORDER BY e.index
  LOOP
    prior := fold;
    body := said.entry::jsonb;
    hours := (body ->> 'lockHours')::integer;
    request := id_of('ent', fold.requested_by);
    allowed := body ->> 'kind' = said.kind AND (body ->> 'at')::timestamptz = said.at
      AND (body ->> 'version')::integer = said.version
      AND (NOT said.is_new OR said.version = coalesce(fold.version, 0)
        + (said.kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled'))::integer);
    fold.version := said.version;
    CASE said.kind
    WHEN 'refusal.inherited', 'refusal.placed' THEN
      -- A return rests on the lift that asked for it: at its hour, with the lock from before.
      allowed := allowed AND hours >= 0 AND (fold.state IS NULL OR fold.state = 'none' AND said.kind = 'refusal.placed')
        AND (NOT body ? 'requestedBy' OR fold.placed_again_at <= said.at AND hours = fold.lock_hours
          AND body ->> 'requestedBy' = request)
        AND (NOT said.is_new OR (body ? 'requestedBy') = (session_user = 'tyiym_clerk_worker'))
        AND (SELECT coalesce(hours <= max(h::integer), true) FROM regime r CROSS JOIN jsonb_array_elements_text(r.value) h
          WHERE r.name = 'lockAllowed');
      fold.state := 'in-force';
      fold.lock_hours := hours;
      fold.placed_at := CASE WHEN said.kind = 'refusal.inherited' THEN coalesce((body ->> 'placedAt')::timestamptz, said.at)
        ELSE said.at END;
    WHEN 'refusal.lock-grown' THEN
      allowed := allowed AND fold.state = 'in-force' AND hours > fold.lock_hours
        AND (SELECT coalesce(hours <= max(h::integer), true) FROM regime r CROSS JOIN jsonb_array_elements_text(r.value) h
          WHERE r.name = 'lockAllowed');
      fold.lock_hours := hours;
    WHEN 'lift.requested' THEN
      allowed := allowed AND fold.state = 'in-force' AND hours = fold.lock_hours;
      fold.state := 'lift-pending';
      fold.lift_requested_at := said.at;
      -- A rule that was enacted later makes nobody wait longer or shorter.
      fold.lifts_at := said.at + interval '1 hour' * greatest(fold.lock_hours, (SELECT r.value::integer FROM regime r
        WHERE r.name = 'liftDelay' AND r.subject_of_rule = '' AND r.applies_from <= said.at
          AND (r.applies_to IS NULL OR r.applies_to > said.at) AND r.entry_index < said.index
        ORDER BY r.entry_index DESC, r.applies_from DESC LIMIT 1));
      fold.place_again_after_hours := (body ->> 'placeAgainAfterHours')::integer;
      fold.placed_again_at := fold.lifts_at + interval '1 hour' * fold.place_again_after_hours;
      fold.requested_by := said.id;
      fold.request_index := said.index;
    WHEN 'lift.cancelled' THEN
      allowed := allowed AND fold.state = 'lift-pending' AND coalesce(body ->> 'requestedBy' = request, true);
      fold.state := 'in-force';
    ELSE
      allowed := allowed AND (fold.state = 'lift-pending' AND fold.lifts_at <= said.at AND body ->> 'requestedBy' = request
        OR said.kind = 'refusal.annulled' AND fold.state = 'in-force');
      fold.state := 'none';
      fold.placed_at := NULL;
      fold.lift_requested_at := NULL;
      fold.lifts_at := NULL;
      fold.placed_again_at := said.at + interval '1 hour' * fold.place_again_after_hours;
    END CASE;
    IF said.kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled') THEN
      allowed := allowed AND (NOT said.is_new OR body ->> 'prev' IS NOT DISTINCT FROM
        rtrim(translate(encode(fold.moved_leaf, 'base64'), '+/', '-_'), '='));
      fold.moved_leaf := said.leaf_hash;
    END IF;
    IF fold.state = 'in-force' THEN
      fold.lift_requested_at := NULL;
      fold.lifts_at := NULL;
      fold.place_again_after_hours := NULL;
      fold.placed_again_at := NULL;
      fold.requested_by := NULL;
      fold.request_index := NULL;
    END IF;
    fold.entry_index := said.index;
    IF allowed IS NOT TRUE THEN
      IF said.is_new THEN
        RAISE EXCEPTION 'an entry that the refusal before it does not allow' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      -- It came past this guard and stays for good. It counts for nothing, so that it stops no honest move.
      fold := prior;
    END IF;
  END LOOP;
  RETURN fold;
END $function$;
REVOKE ALL ON FUNCTION refusal_after(refusals,bigint) FROM PUBLIC;
COMMENT ON FUNCTION refusal_after(refusals,bigint) IS 'A refusal after the person''s entries behind this index. Fails on an entry of this transaction that the refusal before it does not allow.';

CREATE OR REPLACE FUNCTION public.refusal_of(of_subject bytea, of_epoch smallint)
 RETURNS refusals
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  nobody refusals;
BEGIN
  nobody.subject := of_subject;
  nobody.subject_epoch := of_epoch;
  RETURN refusal_after(nobody, -1);
END $function$;
REVOKE ALL ON FUNCTION refusal_of(bytea,smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refusal_of(bytea,smallint) TO tyiym_clerk_worker;
COMMENT ON FUNCTION refusal_of(bytea,smallint) IS 'The refusal as all entries of the person give it; without a state when there are none.';

CREATE OR REPLACE FUNCTION public.refusals_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  -- More entries than one transaction of a role that writes refusals ever appends: keeps the search in one or two partitions.
  reach CONSTANT integer := 4096;
  fold refusals;
BEGIN
  IF NEW.state = 'sentinel' OR (TG_OP = 'UPDATE' AND OLD.state = 'sentinel') THEN
    IF session_user <> 'tyiym_owner' THEN
      RAISE EXCEPTION 'a sentinel is the owner''s' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' AND session_user <> 'tyiym_clerk_worker' THEN
    -- A first placing has no history to be searched for under the head's lock.
    fold.subject := NEW.subject;
    fold.subject_epoch := NEW.subject_epoch;
    fold := refusal_after(fold, NEW.entry_index - reach);
  ELSE
    fold := refusal_of(NEW.subject, NEW.subject_epoch);
  END IF;
  IF NEW IS NOT DISTINCT FROM fold AND (TG_OP = 'INSERT'
      OR (NEW.subject, NEW.subject_epoch) = (OLD.subject, OLD.subject_epoch)) THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' OR NEW IS DISTINCT FROM refusal_after(OLD, OLD.entry_index) THEN
    RAISE EXCEPTION 'a refusal moves only as the entries of the person say' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  -- The writer computed it from a row that was altered past this guard. Its entries are allowed, so the row becomes theirs.
  UPDATE refusals r SET state = fold.state, version = fold.version, lock_hours = fold.lock_hours, placed_at = fold.placed_at,
    lift_requested_at = fold.lift_requested_at, lifts_at = fold.lifts_at,
    place_again_after_hours = fold.place_again_after_hours, placed_again_at = fold.placed_again_at,
    requested_by = fold.requested_by, request_index = fold.request_index, moved_leaf = fold.moved_leaf,
    entry_index = fold.entry_index WHERE r.subject = NEW.subject AND r.subject_epoch = NEW.subject_epoch;
  INSERT INTO move_alarms SELECT e.index, 'row-differs', greatest(e.at, registry_now()) FROM entries e
    WHERE e.index = fold.entry_index ON CONFLICT DO NOTHING;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION refusals_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refusals_guard() TO PUBLIC;
COMMENT ON FUNCTION refusals_guard() IS 'The row is the fold of the person''s entries in every column, whatever the row before was. Runs for moved refusals only.';

CREATE OR REPLACE FUNCTION public.registry_acts_kept()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  INSERT INTO registry_acts SELECT index FROM entries
    WHERE index >= OLD.size AND index < NEW.size AND is_registry_act(kind);
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION registry_acts_kept() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry_acts_kept() TO PUBLIC;
COMMENT ON FUNCTION registry_acts_kept() IS 'Runs only when the rules move, so checks do not pay for it.';

CREATE OR REPLACE FUNCTION public.registry_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  said boolean;
BEGIN
  -- One text for the six tables: the type of the row decides which rows_said is meant.
  IF TG_OP = 'INSERT' THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM rows_said(own_act($1.entry_index), $1.entry_index, NULL::%I) AS s WHERE s IS NOT DISTINCT FROM $1)', TG_TABLE_NAME)
      INTO said USING NEW;
  ELSE
    EXECUTE 'SELECT EXISTS (SELECT FROM rows_said(own_act($1.entry_index), $1.entry_index, $2) AS s WHERE s IS NOT DISTINCT FROM $1)'
      INTO said USING NEW, OLD;
  END IF;
  IF NOT said THEN
    RAISE EXCEPTION 'a row of % is what an act appended with it says', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION registry_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry_guard() TO PUBLIC;
COMMENT ON FUNCTION registry_guard() IS 'Every column of the row must be the one that an entry of this transaction gives it.';

CREATE OR REPLACE FUNCTION public.registry_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$ SELECT clock_timestamp() + coalesce((SELECT clock_offset_ms FROM journal_head), 0) * interval '1 millisecond' $function$;
REVOKE ALL ON FUNCTION registry_now() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry_now() TO PUBLIC;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_access;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_bureau;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_clerk_signer;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_clerk_worker;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_lender;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_log;
GRANT EXECUTE ON FUNCTION registry_now() TO tyiym_tool;
COMMENT ON FUNCTION registry_now() IS 'Registry time: the clock of the database plus the offset of the head row.';

CREATE OR REPLACE FUNCTION public.revocation_answers_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e JOIN entries r ON r.subject = e.subject AND r.index < e.index AND r.kind = 'lift.requested'
      AND id_of('ent', r.id) = e.entry::jsonb->>'requestedBy'
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid AND e.kind IN ('refusal.lifted', 'lift.cancelled')
      AND e.entry::jsonb ? 'revocationSha256' AND is_persons(NEW.person_id, e.subject_epoch, e.subject)
      AND r.entry::jsonb->>'applicationId' = id_of('app', NEW.application_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the authority''s word is kept with the move that rests on it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION revocation_answers_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION revocation_answers_guard() TO PUBLIC;
COMMENT ON FUNCTION revocation_answers_guard() IS 'The person is that of a move of this transaction that rests on an answer, the application that of the request it carries out.';

CREATE OR REPLACE FUNCTION public.rows_said(act jsonb, place bigint, before closed_logs)
 RETURNS SETOF closed_logs
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT act->'closed'->>'origin', act->>'origin', (act->'lost'->>'to')::bigint,
    decode(split_part(act->'closed'->>'checkpoint', E'\n', 3), 'base64'), place
  WHERE act->>'kind' = 'log.broken' AND (act->'lost'->>'from')::bigint = place AND before.origin IS NULL
    AND split_part(act->'closed'->>'checkpoint', E'\n', 1) = act->'closed'->>'origin'
    AND split_part(act->'closed'->>'checkpoint', E'\n', 2) = act->'lost'->>'to'
$function$;
REVOKE ALL ON FUNCTION rows_said(jsonb,bigint,closed_logs) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rows_said(jsonb,bigint,closed_logs) TO PUBLIC;
COMMENT ON FUNCTION rows_said(jsonb,bigint,closed_logs) IS 'The row of a log that an act closes with its last checkpoint.';

CREATE OR REPLACE FUNCTION public.rows_said(act jsonb, place bigint, before officials)
 RETURNS SETOF officials
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT o->>'officialId', o->>'name', o->>'role', o->>'clientId', texts_in(o->'certSha256'), 'admitted', place
  FROM (SELECT act->'official' AS o) AS a
  WHERE act->>'kind' = 'party.admitted' AND act ? 'official'
    AND (before.official_id IS NULL OR before.official_id = o->>'officialId')
  UNION ALL
  SELECT before.official_id, before.name, before.role, before.client_id, before.cert_sha256, 'suspended', place
  WHERE act->>'kind' = 'party.suspended' AND act->>'officialId' = before.official_id AND before.state = 'admitted'
$function$;
REVOKE ALL ON FUNCTION rows_said(jsonb,bigint,officials) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rows_said(jsonb,bigint,officials) TO PUBLIC;
COMMENT ON FUNCTION rows_said(jsonb,bigint,officials) IS 'Rows of officials that an act may leave in the place of the one before.';

CREATE OR REPLACE FUNCTION public.rows_said(act jsonb, place bigint, before parties)
 RETURNS SETOF parties
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT p->>'clientId', p->>'kind', p->>'bin', p->'names'->>'kk', p->'names'->>'ru', p->'names'->>'en',
    texts_in(p->'scopes'), p->>'resource', 'admitted', coalesce(before.admitted_at, (act->>'at')::timestamptz), place
  FROM (SELECT act->'party' AS p) AS a
  WHERE act->>'kind' = 'party.admitted' AND act ? 'party' AND (before.client_id IS NULL
    OR (before.client_id, before.kind, before.bin) = (p->>'clientId', p->>'kind', p->>'bin'))
  UNION ALL
  SELECT before.client_id, before.kind, before.bin, before.name_kk, before.name_ru, before.name_en, before.scopes,
    before.resource, 'suspended', before.admitted_at, place
  WHERE act->>'kind' = 'party.suspended' AND act->>'clientId' = before.client_id AND before.state = 'admitted'
$function$;
REVOKE ALL ON FUNCTION rows_said(jsonb,bigint,parties) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rows_said(jsonb,bigint,parties) TO PUBLIC;
COMMENT ON FUNCTION rows_said(jsonb,bigint,parties) IS 'Rows of parties that an act may leave in the place of the one before.';

CREATE OR REPLACE FUNCTION public.rows_said(act jsonb, place bigint, before party_keys)
 RETURNS SETOF party_keys
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT client_id, k->>'kid', k->>'use', k->'jwk', k->>'certSha256', (k->>'notBefore')::timestamptz,
    (k->>'expiresAt')::timestamptz, NULL::timestamptz, place
  FROM (SELECT act->'party'->>'clientId', jsonb_array_elements(act->'party'->'keys')
      WHERE act->>'kind' = 'party.admitted' AND act ? 'party'
    UNION ALL SELECT act->>'clientId', act->'added' WHERE act->>'kind' = 'party.key-changed' AND act ? 'added'
  ) AS a (client_id, k)
  WHERE before.kid IS NULL
  UNION ALL
  SELECT before.client_id, before.kid, before.use, before.jwk, before.cert_sha256, before.not_before, before.expires_at,
    (act->>'at')::timestamptz, place
  WHERE act->>'kind' = 'party.key-changed' AND act->>'clientId' = before.client_id AND act->>'retired' = before.kid
    AND before.retired_at IS NULL
$function$;
REVOKE ALL ON FUNCTION rows_said(jsonb,bigint,party_keys) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rows_said(jsonb,bigint,party_keys) TO PUBLIC;
COMMENT ON FUNCTION rows_said(jsonb,bigint,party_keys) IS 'Rows of party_keys that an act may leave: a key is added once and retired once.';

CREATE OR REPLACE FUNCTION public.rows_said(act jsonb, place bigint, before regime)
 RETURNS SETOF regime
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT r->>'name', coalesce(r->>'subjectOfRule', ''), r->'value', r->>'appliesBy', (r->>'appliesFrom')::timestamptz,
    (r->>'appliesTo')::timestamptz, (r->>'enactedOn')::date, r->>'source', r->>'certainty', place
  FROM (SELECT jsonb_array_elements(act->'regime') WHERE act->>'kind' = 'registry.opened'
    UNION ALL SELECT act->'rule' WHERE act->>'kind' = 'regime.changed') AS a (r)
  WHERE before.name IS NULL
$function$;
REVOKE ALL ON FUNCTION rows_said(jsonb,bigint,regime) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rows_said(jsonb,bigint,regime) TO PUBLIC;
COMMENT ON FUNCTION rows_said(jsonb,bigint,regime) IS 'Rows of law that an act may add; none is ever changed.';

CREATE OR REPLACE FUNCTION public.rows_said(act jsonb, place bigint, before signing_keys)
 RETURNS SETOF signing_keys
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  SELECT act->>'kid', act->>'purpose', texts_in(act->'kinds'), act->'jwk', place, (act->>'notBefore')::timestamptz,
    (act->>'expiresAt')::timestamptz, NULL::timestamptz, NULL::timestamptz, place
  WHERE act->>'kind' = 'key.published' AND (act->>'fromSize')::bigint = place AND before.kid IS NULL
  UNION ALL
  SELECT before.kid, before.purpose, before.kinds, before.jwk, before.from_size, before.not_before, before.expires_at,
    CASE act->>'kind' WHEN 'key.retired' THEN (act->>'at')::timestamptz ELSE before.retired_at END,
    CASE act->>'kind' WHEN 'key.compromised' THEN coalesce(act->>'since', act->>'at')::timestamptz ELSE before.revoked_at END,
    place
  WHERE act->>'kid' = before.kid AND (act->>'kind' = 'key.retired' AND before.retired_at IS NULL
    OR act->>'kind' = 'key.compromised'
      AND coalesce(act->>'since', act->>'at')::timestamptz <= least((act->>'at')::timestamptz, before.revoked_at - interval '1 millisecond'))
$function$;
REVOKE ALL ON FUNCTION rows_said(jsonb,bigint,signing_keys) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rows_said(jsonb,bigint,signing_keys) TO PUBLIC;
COMMENT ON FUNCTION rows_said(jsonb,bigint,signing_keys) IS 'Rows of signing_keys that an act may leave: published once, retired once, compromised since an ever earlier hour.';

CREATE OR REPLACE FUNCTION public.sealed_items_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM (SELECT stream_id, max(seq) AS seq FROM written GROUP BY stream_id) AS w
    JOIN streams s ON s.stream_id = w.stream_id AND s.sealed_seq < w.seq;
  IF FOUND THEN
    RAISE EXCEPTION 'an item is sealed together with the growth of its stream' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION sealed_items_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sealed_items_guard() TO PUBLIC;
COMMENT ON FUNCTION sealed_items_guard() IS 'No item lies ahead of its stream, where the next sealing would find its place taken.';

CREATE OR REPLACE FUNCTION public.see_revocation_list(list_issuer bytea, list_number numeric, list_at timestamp with time zone)
 RETURNS TABLE(number numeric, this_update timestamp with time zone)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  -- Nobody signs tomorrow's list: a date ahead of the clock would keep every honest list out.
  IF list_at <= registry_now() + interval '1 minute' AND NOT EXISTS (
    SELECT FROM revocation_lists l WHERE l.issuer = list_issuer AND l.this_update >= list_at) THEN
    INSERT INTO revocation_lists AS l VALUES (list_issuer, list_number, list_at, registry_now())
    ON CONFLICT (issuer) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
      seen_at = excluded.seen_at
    WHERE excluded.this_update > l.this_update AND coalesce(excluded.number >= l.number, true);
  END IF;
  RETURN QUERY SELECT l.number, l.this_update::timestamptz FROM revocation_lists l WHERE l.issuer = list_issuer;
END $function$;
REVOKE ALL ON FUNCTION see_revocation_list(bytea,numeric,timestamp with time zone) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION see_revocation_list(bytea,numeric,timestamp with time zone) TO tyiym_citizen;
GRANT EXECUTE ON FUNCTION see_revocation_list(bytea,numeric,timestamp with time zone) TO tyiym_clerk_worker;
COMMENT ON FUNCTION see_revocation_list(bytea,numeric,timestamp with time zone) IS 'Remembers an edition unless it is older than the newest, and gives the newest.';

CREATE OR REPLACE FUNCTION public.signed_documents_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM entries e
    WHERE e.index = NEW.entry_index AND e.xmin = pg_current_xact_id()::xid
      AND e.kind IN ('refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled')
      AND e.entry::jsonb->>'applicationId' = id_of('app', NEW.application_id)
      AND is_persons(NEW.person_id, e.subject_epoch, e.subject);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a signed document is kept with the entry that came of it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION signed_documents_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION signed_documents_guard() TO PUBLIC;
COMMENT ON FUNCTION signed_documents_guard() IS 'Application and person are those of an entry of this transaction; what was signed, and by whom, the clerk and fsck verify.';

CREATE OR REPLACE FUNCTION public.signer_lease_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF NEW.until > clock_timestamp() + interval '30 seconds' THEN
    RAISE EXCEPTION 'a lease ends within 30 seconds' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION signer_lease_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION signer_lease_guard() TO PUBLIC;
COMMENT ON FUNCTION signer_lease_guard() IS 'A lease that its holder does not renew ends soon, whatever was written into it.';

CREATE OR REPLACE FUNCTION public.stamps_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM FROM written w LEFT JOIN LATERAL (SELECT e.party, e.at, e.kind, e.entry::jsonb AS body FROM entries e
    WHERE e.index = w.entry_index AND e.xmin = pg_current_xact_id()::xid LIMIT 1) e ON true
    LEFT JOIN LATERAL (SELECT f.entry_id FROM feed f WHERE f.seq = w.seq LIMIT 1) f ON true
    WHERE (e.party, e.at, e.kind, body->>'about', (body->>'recordedAt')::timestamptz, body->>'historyRef') IS DISTINCT FROM
      (w.client_id, w.at, CASE w.state WHEN 'stamped' THEN 'refusal.stamped' ELSE 'stamp.lost' END, id_of('ent', f.entry_id),
        w.recorded_at, w.history_ref);
  IF FOUND THEN
    RAISE EXCEPTION 'a stamp stands only as an entry of its bureau says' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION stamps_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stamps_guard() TO PUBLIC;
COMMENT ON FUNCTION stamps_guard() IS 'Each column is what an entry of this transaction says, the item by the entry that it is about.';

CREATE OR REPLACE FUNCTION public.streams_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF NEW.sealed_seq < OLD.sealed_seq OR NEW.sealed_seq - OLD.sealed_seq <> (SELECT count(*) FROM sealed_items
    WHERE stream_id = NEW.stream_id AND seq > OLD.sealed_seq AND seq <= NEW.sealed_seq) THEN
    RAISE EXCEPTION 'a stream grows by exactly the items sealed with it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION streams_guard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION streams_guard() TO PUBLIC;
COMMENT ON FUNCTION streams_guard() IS 'Keeps a stream without gaps, whatever its worker does.';

CREATE OR REPLACE FUNCTION public.texts_in(list jsonb)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog'
AS $function$
  SELECT coalesce(array_agg(item ORDER BY place), '{}') FROM jsonb_array_elements_text(list) WITH ORDINALITY AS l (item, place)
$function$;
REVOKE ALL ON FUNCTION texts_in(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION texts_in(jsonb) TO PUBLIC;
COMMENT ON FUNCTION texts_in(jsonb) IS 'The texts of a JSON list, in its order.';

CREATE OR REPLACE FUNCTION public.uuid_floor(instant timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$function$;
REVOKE ALL ON FUNCTION uuid_floor(timestamp with time zone) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION uuid_floor(timestamp with time zone) TO PUBLIC;
COMMENT ON FUNCTION uuid_floor(timestamp with time zone) IS 'Smallest UUID whose first 48 bits are this instant in milliseconds, as in a UUIDv7.';

CREATE OR REPLACE FUNCTION public.waits_for_disk(kind text, event text, since interval)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  SELECT coalesce(kind, '') IN ('IO', 'LWLock', 'IPC') AND (
    event ILIKE 'WAL%' OR event = 'SyncRep' OR (kind = 'IO' AND since < interval '10 seconds'))
$function$;
REVOKE ALL ON FUNCTION waits_for_disk(text,text,interval) FROM PUBLIC;
COMMENT ON FUNCTION waits_for_disk(text,text,interval) IS 'Whether a backend waits for the write-ahead log, which it cannot hurry, or since a short time for another file. Such a one is not ended.';
