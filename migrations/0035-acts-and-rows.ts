/**
 * Rows of the registry follow its acts: each row of parties, keys, officials, law, signing keys and closed logs is, column
 * by column, what an entry of the same transaction says. A log is closed with the owner's password only, because the
 * database does it at once and nobody could take it back.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ActsAndRows1764000000035 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE FUNCTION own_act(at_index bigint) RETURNS jsonb LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
  SELECT entry::jsonb FROM entries WHERE index = at_index AND xmin = pg_current_xact_id()::xid
$$;
REVOKE ALL ON FUNCTION own_act(bigint) FROM PUBLIC;
COMMENT ON FUNCTION own_act(bigint) IS 'The entry at this index, if this transaction appends it.';

CREATE FUNCTION texts_in(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(array_agg(item ORDER BY place), '{}') FROM jsonb_array_elements_text(list) WITH ORDINALITY AS l (item, place)
$$;
COMMENT ON FUNCTION texts_in(jsonb) IS 'The texts of a JSON list, in its order.';

CREATE FUNCTION rows_said(act jsonb, place bigint, before parties) RETURNS SETOF parties LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
  SELECT p->>'clientId', p->>'kind', p->>'bin', p->'names'->>'kk', p->'names'->>'ru', p->'names'->>'en',
    texts_in(p->'scopes'), p->>'resource', 'admitted', coalesce(before.admitted_at, (act->>'at')::timestamptz), place
  FROM (SELECT act->'party' AS p) AS a
  WHERE act->>'kind' = 'party.admitted' AND act ? 'party' AND (before.client_id IS NULL
    OR (before.client_id, before.kind, before.bin) = (p->>'clientId', p->>'kind', p->>'bin'))
  UNION ALL
  SELECT before.client_id, before.kind, before.bin, before.name_kk, before.name_ru, before.name_en, before.scopes,
    before.resource, 'suspended', before.admitted_at, place
  WHERE act->>'kind' = 'party.suspended' AND act->>'clientId' = before.client_id AND before.state = 'admitted'
$$;
COMMENT ON FUNCTION rows_said(jsonb, bigint, parties) IS 'Rows of parties that an act may leave in the place of the one before.';

CREATE FUNCTION rows_said(act jsonb, place bigint, before party_keys) RETURNS SETOF party_keys LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
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
$$;
COMMENT ON FUNCTION rows_said(jsonb, bigint, party_keys) IS 'Rows of party_keys that an act may leave: a key is added once and retired once.';

CREATE FUNCTION rows_said(act jsonb, place bigint, before officials) RETURNS SETOF officials LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
  SELECT o->>'officialId', o->>'name', o->>'role', o->>'clientId', texts_in(o->'certSha256'), 'admitted', place
  FROM (SELECT act->'official' AS o) AS a
  WHERE act->>'kind' = 'party.admitted' AND act ? 'official'
    AND (before.official_id IS NULL OR before.official_id = o->>'officialId')
  UNION ALL
  SELECT before.official_id, before.name, before.role, before.client_id, before.cert_sha256, 'suspended', place
  WHERE act->>'kind' = 'party.suspended' AND act->>'officialId' = before.official_id AND before.state = 'admitted'
$$;
COMMENT ON FUNCTION rows_said(jsonb, bigint, officials) IS 'Rows of officials that an act may leave in the place of the one before.';

CREATE FUNCTION rows_said(act jsonb, place bigint, before regime) RETURNS SETOF regime LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
  SELECT r->>'name', coalesce(r->>'subjectOfRule', ''), r->'value', r->>'appliesBy', (r->>'appliesFrom')::timestamptz,
    (r->>'appliesTo')::timestamptz, (r->>'enactedOn')::date, r->>'source', r->>'certainty', place
  FROM (SELECT jsonb_array_elements(act->'regime') WHERE act->>'kind' = 'registry.opened'
    UNION ALL SELECT act->'rule' WHERE act->>'kind' = 'regime.changed') AS a (r)
  WHERE before.name IS NULL
$$;
COMMENT ON FUNCTION rows_said(jsonb, bigint, regime) IS 'Rows of law that an act may add; none is ever changed.';

CREATE FUNCTION rows_said(act jsonb, place bigint, before signing_keys) RETURNS SETOF signing_keys LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
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
$$;
COMMENT ON FUNCTION rows_said(jsonb, bigint, signing_keys) IS 'Rows of signing_keys that an act may leave: published once, retired once, compromised since an ever earlier hour.';

CREATE FUNCTION rows_said(act jsonb, place bigint, before closed_logs) RETURNS SETOF closed_logs LANGUAGE sql STABLE
  SET search_path = public, pg_temp AS $$
  SELECT act->'closed'->>'origin', act->>'origin', (act->'lost'->>'to')::bigint,
    decode(split_part(act->'closed'->>'checkpoint', E'\\n', 3), 'base64'), place
  WHERE act->>'kind' = 'log.broken' AND (act->'lost'->>'from')::bigint = place AND before.origin IS NULL
    AND split_part(act->'closed'->>'checkpoint', E'\\n', 1) = act->'closed'->>'origin'
    AND split_part(act->'closed'->>'checkpoint', E'\\n', 2) = act->'lost'->>'to'
$$;
COMMENT ON FUNCTION rows_said(jsonb, bigint, closed_logs) IS 'The row of a log that an act closes with its last checkpoint.';

CREATE FUNCTION registry_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
END $$;
COMMENT ON FUNCTION registry_guard() IS 'Every column of the row must be the one that an entry of this transaction gives it.';
`);
    for (const table of ['parties', 'party_keys', 'officials', 'regime', 'signing_keys', 'closed_logs'])
      await runner.query(
        `CREATE TRIGGER registry_guard AFTER INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION registry_guard()`,
      );
    await runner.query(`
CREATE FUNCTION official_acts_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
END $$;
COMMENT ON FUNCTION official_acts_guard() IS 'A signed act says what the entry of this transaction says; whether the signatures are good the clerk finds out.';
CREATE TRIGGER official_acts_guard AFTER INSERT ON official_acts FOR EACH ROW EXECUTE FUNCTION official_acts_guard();

CREATE FUNCTION party_keys_guard() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM party_keys k WHERE k.client_id <> NEW.client_id AND (k.kid = NEW.kid OR k.cert_sha256 = NEW.cert_sha256)) THEN
    RAISE EXCEPTION 'two parties have no key and no certificate in common' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION party_keys_guard() IS 'Two owners of one key or certificate could each say it was the other. Two appends never run side by side, so a look is enough.';
CREATE TRIGGER party_keys_guard AFTER INSERT ON party_keys FOR EACH ROW EXECUTE FUNCTION party_keys_guard();

REVOKE UPDATE ON parties, party_keys, officials, signing_keys FROM tyiym_tool;
GRANT UPDATE (name_kk, name_ru, name_en, scopes, resource, state, entry_index) ON parties TO tyiym_tool;
GRANT UPDATE (retired_at, entry_index) ON party_keys TO tyiym_tool;
GRANT UPDATE (name, role, client_id, cert_sha256, state, entry_index) ON officials TO tyiym_tool;
GRANT UPDATE (retired_at, revoked_at, entry_index) ON signing_keys TO tyiym_tool;

REVOKE INSERT ON closed_logs FROM tyiym_tool;
CREATE POLICY tool_closes_no_log ON entries AS RESTRICTIVE FOR INSERT TO tyiym_tool WITH CHECK (kind <> 'log.broken');
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
