/** What verdicts are judged by: parties and their keys, officials, the regime, and the keys this registry signs with. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Rules1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE parties (
  client_id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('channel', 'bank', 'mfo', 'bureau', 'regulator', 'court')),
  bin text NOT NULL CHECK (bin ~ '^[0-9]{12}$'),
  name_kk text NOT NULL,
  name_ru text NOT NULL,
  name_en text NOT NULL,
  scopes text[] NOT NULL,
  resource text NOT NULL,
  state text NOT NULL CHECK (state IN ('admitted', 'suspended')),
  admitted_at timestamptz(3) NOT NULL,
  entry_index bigint NOT NULL
);
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
  client_id text NOT NULL REFERENCES parties,
  kid text NOT NULL,
  use text NOT NULL CHECK (use IN ('sig', 'enc')),
  jwk jsonb NOT NULL CHECK (NOT jwk ? 'd'),
  cert_sha256 text,
  not_before timestamptz(3) NOT NULL,
  expires_at timestamptz(3),
  retired_at timestamptz(3),
  entry_index bigint NOT NULL,
  PRIMARY KEY (client_id, kid)
);
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

CREATE TABLE officials (
  official_id text PRIMARY KEY,
  name text NOT NULL,
  role text NOT NULL,
  client_id text REFERENCES parties,
  cert_sha256 text[] NOT NULL,
  state text NOT NULL CHECK (state IN ('admitted', 'suspended')),
  entry_index bigint NOT NULL
);
COMMENT ON TABLE officials IS 'People who sign acts of the registry and decisions; known by their certificates.';
COMMENT ON COLUMN officials.official_id IS 'Short name, chosen at admission.';
COMMENT ON COLUMN officials.name IS 'Full name.';
COMMENT ON COLUMN officials.role IS 'operator, regulator or judge.';
COMMENT ON COLUMN officials.client_id IS 'The party they act for; none for operators.';
COMMENT ON COLUMN officials.cert_sha256 IS 'SHA-256 thumbprints of their certificates, base64url.';
COMMENT ON COLUMN officials.state IS 'Only admitted officials sign.';
COMMENT ON COLUMN officials.entry_index IS 'Entry that wrote this row last.';

CREATE TABLE regime (
  name text NOT NULL,
  subject_of_rule text NOT NULL DEFAULT '',
  value jsonb NOT NULL,
  applies_by text NOT NULL CHECK (applies_by IN ('signedAt', 'disbursedAt', 'discoveredAt', 'askedAt')),
  applies_from timestamptz(3) NOT NULL,
  applies_to timestamptz(3),
  enacted_on date,
  source text NOT NULL,
  certainty text NOT NULL CHECK (certainty IN ('sourced', 'inferred', 'open')),
  entry_index bigint NOT NULL,
  PRIMARY KEY (name, subject_of_rule, applies_from, entry_index)
);
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

CREATE TABLE signing_keys (
  kid text PRIMARY KEY,
  purpose text NOT NULL,
  kinds text[] NOT NULL,
  jwk jsonb NOT NULL CHECK (NOT jwk ? 'd'),
  from_size bigint NOT NULL,
  not_before timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  retired_at timestamptz(3),
  revoked_at timestamptz(3),
  entry_index bigint NOT NULL
);
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

GRANT SELECT ON parties, party_keys, regime, signing_keys
  TO tyiym_citizen, tyiym_lender, tyiym_access, tyiym_log, tyiym_clerk_worker, tyiym_tool;
GRANT SELECT ON officials TO tyiym_tool, tyiym_clerk_worker;
GRANT INSERT, UPDATE ON parties, party_keys, officials, signing_keys TO tyiym_tool;
GRANT INSERT ON regime TO tyiym_tool;

CREATE TABLE oidc_payloads (
  model text NOT NULL,
  id text NOT NULL,
  payload jsonb NOT NULL,
  expires_at timestamptz,
  PRIMARY KEY (model, id)
);
CREATE INDEX oidc_payloads_expired ON oidc_payloads (expires_at);
COMMENT ON TABLE oidc_payloads IS 'What the authorization server remembers: identifiers of assertions, once each.';
COMMENT ON COLUMN oidc_payloads.model IS 'Model of oidc-provider.';
COMMENT ON COLUMN oidc_payloads.id IS 'Identifier within the model.';
COMMENT ON COLUMN oidc_payloads.payload IS 'What the model stores.';
COMMENT ON COLUMN oidc_payloads.expires_at IS 'Machine time after which the row is rubbish.';
GRANT SELECT, INSERT, UPDATE, DELETE ON oidc_payloads TO tyiym_access;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
