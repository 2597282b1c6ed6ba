/** The migrations in their order, forward-only. */
import { Journal1764000000001 } from './0001-journal.js';
import { Rules1764000000002 } from './0002-rules.js';
import { Refusals1764000000003 } from './0003-refusals.js';
import { Checks1764000000004 } from './0004-checks.js';
import { Jobs1764000000005 } from './0005-jobs.js';
import { Acts1764000000006 } from './0006-acts.js';
import { Clerk1764000000007 } from './0007-clerk.js';
import { RevocationAnswers1764000000008 } from './0008-revocation-answers.js';
import { Loans1764000000009 } from './0009-loans.js';
import { Limits1764000000010 } from './0010-limits.js';
import { WritePath1764000000011 } from './0011-write-path.js';
import { Tiles1764000000012 } from './0012-tiles.js';
import { Figures1764000000013 } from './0013-figures.js';
import { Feed1764000000015 } from './0015-feed.js';
import { Streams1764000000016 } from './0016-streams.js';
import { Stamps1764000000017 } from './0017-stamps.js';
import { BureauLoans1764000000018 } from './0018-bureau-loans.js';
import { Import1764000000019 } from './0019-import.js';
import { ClosedLogs1764000000024 } from './0024-closed-logs.js';
import { FeedAtSpeed1764000000027 } from './0027-feed-at-speed.js';
import { SparedWaiters1764000000028 } from './0028-spared-waiters.js';
import { StampsByPlace1764000000029 } from './0029-stamps-by-place.js';
import { HeadsOfACommit1764000000030 } from './0030-heads-of-a-commit.js';
import { MoveJudgements1764000000031 } from './0031-move-judgements.js';
import { NewestLists1764000000032 } from './0032-newest-lists.js';
import { RefusalsFold1764000000033 } from './0033-refusals-fold.js';
import { Doubts1764000000034 } from './0034-doubts.js';
import { ActsAndRows1764000000035 } from './0035-acts-and-rows.js';
import { VerifiedActs1764000000036 } from './0036-verified-acts.js';
import { PhoneCopies1764000000037 } from './0037-phone-copies.js';
import { ExpiredOpenings1764000000038 } from './0038-expired-openings.js';
import { People1764000000039 } from './0039-people.js';
import { FsckReads1764000000040 } from './0040-fsck-reads.js';
import { PeopleAsked1764000000042 } from './0042-people-asked.js';
import { OwnNumbers1764000000043 } from './0043-own-numbers.js';
import { ReferenceLookalikes1764000000044 } from './0044-reference-lookalikes.js';
import { Stalls1764000000045 } from './0045-stalls.js';
import { FeedRoots1764000000046 } from './0046-feed-roots.js';
import { WrappedAnew1764000000047 } from './0047-wrapped-anew.js';
import { RowsOfOwnEntries1764000000048 } from './0048-rows-of-own-entries.js';
import { RefusalsOfEntries1764000000049 } from './0049-refusals-of-entries.js';
import { SmallGuards1764000000050 } from './0050-small-guards.js';
import { LeastRights1764000000051 } from './0051-least-rights.js';
import { KindsThatAreAppended1764000000052 } from './0052-kinds-that-are-appended.js';

export const migrations = [
  Journal1764000000001,
  Rules1764000000002,
  Refusals1764000000003,
  Checks1764000000004,
  Jobs1764000000005,
  Acts1764000000006,
  Clerk1764000000007,
  RevocationAnswers1764000000008,
  Loans1764000000009,
  Limits1764000000010,
  WritePath1764000000011,
  Tiles1764000000012,
  Figures1764000000013,
  Feed1764000000015,
  Streams1764000000016,
  Stamps1764000000017,
  BureauLoans1764000000018,
  Import1764000000019,
  ClosedLogs1764000000024,
  FeedAtSpeed1764000000027,
  SparedWaiters1764000000028,
  StampsByPlace1764000000029,
  HeadsOfACommit1764000000030,
  MoveJudgements1764000000031,
  NewestLists1764000000032,
  RefusalsFold1764000000033,
  Doubts1764000000034,
  ActsAndRows1764000000035,
  VerifiedActs1764000000036,
  PhoneCopies1764000000037,
  ExpiredOpenings1764000000038,
  People1764000000039,
  FsckReads1764000000040,
  PeopleAsked1764000000042,
  OwnNumbers1764000000043,
  ReferenceLookalikes1764000000044,
  Stalls1764000000045,
  FeedRoots1764000000046,
  WrappedAnew1764000000047,
  RowsOfOwnEntries1764000000048,
  RefusalsOfEntries1764000000049,
  SmallGuards1764000000050,
  LeastRights1764000000051,
  KindsThatAreAppended1764000000052,
];
