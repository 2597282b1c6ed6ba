/**
 * A process may append and read the kinds that its code appends, and no other: a kind that nothing uses yet would be a
 * right in the hands of an attacker who took the process over. A kind comes back with the code that appends it.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KindsThatAreAppended1764000000052 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
ALTER POLICY citizen_appends ON entries WITH CHECK (kind IN (
  'refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled', 'trail.read'));
ALTER POLICY lender_appends ON entries WITH CHECK (kind IN (
  'check.made', 'loan.reported', 'loan.amended', 'notice.delivered'));
ALTER POLICY lender_reads ON entries USING (kind IN (
  'check.made', 'loan.reported', 'loan.amended', 'notice.delivered'));
ALTER POLICY bureau_appends ON entries WITH CHECK (kind IN (
  'refusal.stamped', 'stamp.lost', 'bureau.disagreed', 'loan.reported', 'loan.amended', 'correction.reported'));
ALTER POLICY bureau_reads ON entries USING (kind IN (
  'refusal.stamped', 'stamp.lost', 'bureau.disagreed', 'loan.reported', 'loan.amended', 'correction.reported'));
ALTER POLICY clerk_appends ON entries WITH CHECK (kind IN (
  'refusal.lifted', 'refusal.placed', 'lift.cancelled', 'harvesting.suspected', 'acts.verified'));
ALTER POLICY tool_appends ON entries WITH CHECK (kind IN (
  'registry.opened', 'refusal.inherited', 'party.admitted', 'party.suspended', 'party.key-changed', 'regime.changed',
  'key.published', 'key.retired', 'key.compromised', 'log.broken'));
CREATE OR REPLACE VIEW public_openings AS
  SELECT index, entry, seed FROM entries
  WHERE kind = 'registry.opened' OR split_part(kind, '.', 1) IN ('key', 'party', 'regime', 'log', 'acts');
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
