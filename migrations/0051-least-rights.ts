/**
 * Rights that no code uses any more. Parties, keys, officials and law are read from verified acts, so the processes lose
 * their tables; whoever has a password learns from it only what that process works with.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LeastRights1764000000051 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
REVOKE SELECT ON parties, party_keys, regime, signing_keys
  FROM tyiym_access, tyiym_bureau, tyiym_citizen, tyiym_lender, tyiym_log, tyiym_clerk_worker;
REVOKE SELECT ON officials, applications, checkpoints, corrections, digests, stamps FROM tyiym_clerk_worker;
REVOKE SELECT ON migrations
  FROM tyiym_access, tyiym_bureau, tyiym_citizen, tyiym_lender, tyiym_log, tyiym_clerk_worker, tyiym_clerk_signer;
REVOKE SELECT ON closed_logs, journal_head, heads FROM tyiym_log;
GRANT SELECT (size, at) ON heads TO tyiym_log;
REVOKE SELECT ON heads FROM tyiym_clerk_signer;
GRANT SELECT (size, at) ON heads TO tyiym_clerk_signer;
REVOKE SELECT ON people_asked, reference_lookalikes FROM tyiym_tool;
REVOKE UPDATE ON oidc_payloads FROM tyiym_access;
REVOKE EXECUTE ON FUNCTION days_ahead() FROM tyiym_access, tyiym_log;
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
