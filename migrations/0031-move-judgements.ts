/** What the clerk found when it judged a lift or a return, and the alarms that came of it: rows only the clerk writes. */
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class MoveJudgements1764000000031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE TABLE move_judgements (
  entry_index bigint PRIMARY KEY,
  judged_at timestamptz(3) NOT NULL,
  due_at timestamptz(3),
  seal bytea,
  fault text,
  CHECK ((due_at IS NULL) <> (fault IS NULL)),
  CHECK (due_at IS NULL OR seal IS NOT NULL)
);
COMMENT ON TABLE move_judgements IS 'How the clerk judged each lift right after its request, and each move it found unproven, newest judgement.';
COMMENT ON COLUMN move_judgements.entry_index IS 'The lift.requested, or the refusal.lifted before a return.';
COMMENT ON COLUMN move_judgements.judged_at IS 'Registry time of the judgement.';
COMMENT ON COLUMN move_judgements.due_at IS 'Hour of the move by entries and signatures; NULL when it is unproven.';
COMMENT ON COLUMN move_judgements.seal IS 'Hashes of what was judged good, sealed under the person''s data key: a row alone proves nothing.';
COMMENT ON COLUMN move_judgements.fault IS 'Why it is unproven; NULL when it is good.';
GRANT SELECT, INSERT, UPDATE ON move_judgements TO tyiym_clerk_worker;
GRANT SELECT ON move_judgements TO tyiym_tool;

CREATE TABLE move_alarms (
  entry_index bigint NOT NULL,
  fault text NOT NULL,
  raised_at timestamptz(3) NOT NULL,
  PRIMARY KEY (entry_index, fault)
);
COMMENT ON TABLE move_alarms IS 'Lifts and returns that entries, heads and signatures contradict: insert-only, one row an entry and fault.';
COMMENT ON COLUMN move_alarms.entry_index IS 'The lift.requested, or the refusal.lifted before a return.';
COMMENT ON COLUMN move_alarms.fault IS 'What contradicts it.';
COMMENT ON COLUMN move_alarms.raised_at IS 'Registry time.';
GRANT SELECT, INSERT ON move_alarms TO tyiym_clerk_worker;
GRANT SELECT ON move_alarms TO tyiym_tool;

-- A head names its log, also that of a log which was closed while a lift was pending.
GRANT SELECT ON closed_logs TO tyiym_clerk_worker;
COMMENT ON TABLE heads IS 'One signed head a part of a commit, kept for good: a lift rests on the head of its own request''s part, and an old proof comes from the frontier of the head before and the leaf hashes of the part.';
`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
