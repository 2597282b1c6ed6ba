/**
 * `tool fsck`: reads the whole Journal once, in its order, and rebuilds from it everything else: the tree and its heads,
 * versions, verdicts, citizens' signatures, the registry. Then every other table is compared with what was rebuilt.
 * Entries that are appended while it runs are left to the next run.
 */
import { AssertionError } from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import { countsVersion, isEntryKind, movesRules, movesState } from '#libs/journal/entry.js';
import type { FeedRoots } from '#libs/feed/feed-roots.js';
import { isOfSandbox, type Head } from '#libs/journal/head-row.js';
import { journalHead } from '#libs/journal/journal.store.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import { identityKeyChecks } from '#libs/subject/person.js';
import type { Vkey } from '#libs/tlog/note.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { lookupKeyChecks, subjectText, type LookupKeys } from '#libs/subject/subject.js';
import { afterEntry, noBelief, NotBelieved, type ActPins, type Belief } from '#libs/acts/belief.js';
import { originAt } from '#libs/acts/log-changes.js';
import type { ClosedLogRow } from '#libs/acts/registry.js';
import { closedLogRows } from '../acts/registry.store.js';
import { checkCheckpoint } from './checkpoints.js';
import { checkEntryRow, type EntryRow, type ReadEntry } from './entry-rows.js';
import { compareCorrections, compareCorrectionsOf } from './corrections.service.js';
import { compareDueNoticesOf } from './due-notices.service.js';
import { FiguresReplay } from './figures.service.js';
import { differing, type Finding } from './finding.js';
import { keptCheckpoint } from './fsck.store.js';
import { TreeReplay } from './heads.js';
import { compareContracts, compareLoansOf } from './loans.service.js';
import { compareDeliveriesOf, compareNotices } from './notices.service.js';
import { compareNewestEnd } from './newest-end.js';
import { faultOfParty } from './entry-party.js';
import { fetchPage, type Page } from './page.service.js';
import { faultOfPerson, knownPeople, type KnownPeople } from './people.js';
import { applicationOfEntry, type ApplicationRow } from './projections.js';
import { RefusalReplay } from './refusal-replay.js';
import { RegistryReplay } from './registry-replay.js';
import { faultOfAnswer, restsOnAnswer, type KeptAnswer } from './revocation-answers.js';
import {
  compareAlarmsOf,
  compareApplications,
  compareChecks,
  compareChecksOf,
  compareFeed,
  comparePeople,
  compareRefusals,
  compareResting,
  compareRules,
} from './rows.service.js';
import {
  claimsSignature,
  faultOfSignature,
  UsedApplications,
  type JudgeSignature,
  type KeptDocument,
  type KnownPerson,
} from './signatures.js';
import type { Slice } from './slice.service.js';
import { slices } from './slices.service.js';
import { compareStamps } from './stamps.js';
import { SubjectNumbers } from './subject-numbers.js';
import { VersionReplay } from './versions.js';

export interface FsckOptions {
  readonly tx: EntityManager;
  readonly origin: string;
  readonly identityKey: SealingKey;
  readonly lookupKeys: LookupKeys;
  /** Undefined: citizens' and officials' signatures cannot be judged, and each is a finding. */
  readonly trust: TrustAnchors | undefined;
  /** What the configuration says of the founding and of the clerk's key for records. */
  readonly pins?: ActPins;
  /** Roots of the streams' secrets; without them what bureaus were sent is not opened. */
  readonly feedRoots?: FeedRoots;
  /** The checkpoint that the log serves now, and the keys of witnesses that count; without it the newest end is not compared. */
  readonly published?: { readonly note: string; readonly witnesses: readonly Vkey[] };
  /** What judges citizens' signatures, and what is judged after the Journal: everything, unless a test says otherwise. */
  readonly judgeSignature?: JudgeSignature;
  readonly slices?: readonly Slice[];
  /** Entries read at once. */
  readonly pageSize?: number;
  onStep?(step: string, total: number): void;
  onProgress?(done: number): void;
}

export interface FsckReport {
  /** Entries below which everything was read. */
  readonly size: number;
  /** Logs that were closed because a restored database was shorter than what they had published. */
  readonly closed: readonly ClosedLogRow[];
  readonly findings: readonly Finding[];
}

/** What lies beside an entry, sealed. */
interface Beside {
  readonly document: KeptDocument | undefined;
  readonly answer: KeptAnswer | undefined;
}

const noTrust: TrustAnchors = { roots: [], intermediates: [] };

/** Runs every check once. Never throws for what it finds. */
export async function fsck(options: FsckOptions): Promise<FsckReport> {
  // Taken from their rows, because a head must be judged before the entry that closed its log is reached; the rows are
  // compared with the entries at the end.
  return new Fsck(options, await closedLogRows(options.tx)).run();
}

class Fsck {
  private readonly findings: Finding[] = [];
  private readonly tree: TreeReplay;
  private readonly registry: RegistryReplay;
  private readonly people = new SubjectNumbers();
  private readonly versions = new VersionReplay(this.people);
  private readonly refusals = new RefusalReplay(this.people);
  private readonly used = new UsedApplications();
  private readonly figures = new FiguresReplay();
  /** Root of the tree at the published size, once a head was met that ends there. */
  private publishedRoot: Buffer | undefined;
  private readonly applications = new Map<string, ApplicationRow>();
  private readonly moves = { state: 0, rules: 0, feed: 0 };
  private readonly pageSize: number;
  /** By which law each entry was decided: that depends on the clerk's records as well. */
  private belief: Belief = noBelief;
  private readonly publishedSize: number | undefined;
  private checks = 0;

  constructor(
    private readonly options: FsckOptions,
    private readonly closed: readonly ClosedLogRow[],
  ) {
    const { identityKey, trust } = options;
    this.tree = new TreeReplay((index) => this.originAt(index));
    const originBefore = (index: number): string => this.originAt(index - 1);
    this.registry = new RegistryReplay({ originBefore, identityKey, trust });
    this.pageSize = options.pageSize ?? 4000;
    this.publishedSize = options.published && sizeOf(options.published.note);
  }

  async run(): Promise<FsckReport> {
    const { tx, onStep, onProgress } = this.options;
    const head = await journalHead(tx);
    onStep?.('entries', head.size);
    let before: EntryRow | undefined;
    let next = this.fetch(0, head.size);
    for (let page = await next; page !== undefined; page = await next) {
      next = this.fetch(page.to, head.size);
      await this.readPage(page, before);
      before = page.entries.at(-1);
      onProgress?.(page.to);
    }
    this.compareHead(head);
    const run = { tx, size: head.size, pageSize: this.pageSize };
    this.findings.push(
      ...(await compareRefusals(run, this.refusals.standings)),
      ...(await compareChecks(run, this.checks)),
      ...(await compareFeed(run, this.moves.feed)),
      ...(await compareApplications(run, this.applications)),
      ...(await comparePeople(run, this.options.identityKey, this.options.lookupKeys)),
      ...(await compareResting(run)),
      ...(await compareContracts(tx, head.size, this.pageSize)),
      ...(await compareCorrections(tx, head.size)),
      ...(await compareNotices(tx, this.pageSize)),
      ...(await compareRules(run, this.registry.registry)),
      ...(await this.figures.compare(tx, this.pageSize)),
      ...(await this.compareEnd(head.size)),
    );
    const { origin, identityKey, lookupKeys, feedRoots } = this.options;
    const { registry } = this.registry;
    for (const slice of this.options.slices ?? slices)
      this.findings.push(
        ...(await slice.compare({
          ...run,
          origin,
          identityKey,
          lookupKeys,
          feedRoots,
          registry,
          acts: this.moves.rules,
        })),
      );
    // A person met on two pages is found twice.
    const findings = new Map(this.findings.map((finding) => [JSON.stringify(finding), finding]));
    const { closed } = this;
    return { size: head.size, closed, findings: [...findings.values()] };
  }

  private fetch(from: number, size: number): Promise<Page | undefined> {
    const page = fetchPage(this.options.tx, { from, size, limit: this.pageSize });
    // Whoever awaits it hears of it; until then it is nobody's.
    page.catch(() => undefined);
    return page;
  }

  /** One page of entries in their order, with everything that lies beside them. */
  private async readPage(page: Page, previous: EntryRow | undefined): Promise<void> {
    const { identityKey, lookupKeys } = this.options;
    const { acts, kept, answers } = page;
    const heads = page.heads.values();
    const { people, findings } = knownPeople(page.people, identityKey, lookupKeys);
    this.findings.push(...findings);
    let before = previous;
    const roots = new Map<number, Buffer>();
    const read: ReadEntry[] = [];
    let head = heads.next();
    for (const row of page.entries) {
      const checked = checkEntryRow(row, before);
      before = row;
      this.findings.push(...checked.findings);
      this.count(row.kind);
      this.figures.see(row);
      this.tree.add({ hash: row.leafHash, kind: row.kind, at: row.at });
      if (checked.read !== undefined) {
        read.push(checked.read);
        this.findings.push(...(await this.registry.see(checked.read, acts.get(row.index))));
        await this.believe(row);
        const partyFault = faultOfParty(checked.read, this.registry.registry);
        if (partyFault !== undefined)
          this.findings.push({ code: 'column-differs', index: row.index, what: partyFault });
        const beside = { document: kept.get(row.index), answer: answers.get(row.index) };
        await this.seeEntry(checked.read, people, beside);
      }
      while (head.done !== true && head.value.size === row.index + 1) {
        this.findings.push(...(await this.tree.close(head.value, this.registry.registry)));
        roots.set(head.value.size, this.tree.closed.root);
        if (head.value.size === this.publishedSize) this.publishedRoot = this.tree.closed.root;
        head = heads.next();
      }
    }
    for (const each of page.checkpoints)
      this.findings.push(
        ...checkCheckpoint(each, roots.get(each.size), this.registry.registry, this.originAt(each.size - 1)),
      );
    const checks = compareChecksOf(read, page.checks);
    this.findings.push(...checks.findings);
    this.checks += checks.rows;
    this.findings.push(...compareAlarmsOf(read, page.alarms));
    const { tx } = this.options;
    const { regime } = this.belief.registry;
    this.findings.push(
      ...(await compareLoansOf(tx, read, {
        identity: this.options.identityKey,
        lookup: this.options.lookupKeys,
      })),
      ...(await compareDeliveriesOf(tx, read)),
      ...(await compareDueNoticesOf(tx, read, { people, lookupKeys, regime })),
    );
    this.findings.push(...compareStamps(read, page.stamps), ...(await compareCorrectionsOf(tx, read)));
  }

  /** The same as every process did, so that verdicts are judged by the law they were given by. */
  private async believe(row: EntryRow): Promise<void> {
    const { index, kind } = row;
    if (!isEntryKind(kind) || !movesRules(kind)) return;
    const before = this.belief;
    try {
      this.belief = await afterEntry(before, { ...row, entry: row.text }, this.options.pins ?? {}, 0);
    } catch (error) {
      if (!(error instanceof NotBelieved)) throw error;
      this.findings.push({ code: 'founding-differs', index, what: error.message });
    }
    const [fault] = this.belief.faults === before.faults ? [] : this.belief.faults.slice(-1);
    if (fault !== undefined) this.findings.push({ code: 'record-not-signed', index, what: fault });
  }

  /** What an entry says of a person, his signature and his refusal. */
  private async seeEntry(
    entry: ReadEntry,
    people: KnownPeople,
    { document: kept, answer }: Beside,
  ): Promise<void> {
    const { row } = entry;
    // It moves nothing; what it follows up is compared with the rows that rest on it.
    if (entry.members['about'] !== undefined && entry.members['person'] === undefined) return;
    const { index } = row;
    // Of an inherited refusal nobody is known, and a pseudonym is not spelled to find nobody.
    const person = people.size > 0 && row.subject ? people.get(subjectText(row.subject)) : undefined;
    const personFault = faultOfPerson(entry, person);
    if (personFault !== undefined) this.findings.push({ code: 'person-differs', index, what: personFault });
    let isSigned = false;
    if (claimsSignature(entry)) {
      const { trust = noTrust, judgeSignature } = this.options;
      const fault =
        this.used.fault(entry) ?? (await faultOfSignature(entry, kept, person, trust, judgeSignature));
      isSigned = fault === undefined;
      if (fault !== undefined)
        this.findings.push({ code: 'act-not-signed', index, what: `${entry.kind}: ${fault}` });
      const application = applicationOfEntry(entry);
      if (application !== undefined) this.applications.set(application.uuid, application);
    } else if (kept !== undefined) {
      this.findings.push(unknownRow('signed_documents', index, 'its entry claims no signature'));
    }
    const isAnswered = this.seeAnswer(entry, answer, person);
    this.findings.push(...this.versions.see(entry));
    try {
      const { regime } = this.belief.registry;
      this.findings.push(...this.refusals.see(entry, { isSigned, isAnswered, regime }));
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      this.findings.push({ code: 'validity-differs', index, what: error.message });
    }
  }

  /** Whether what the authority said under this entry is there and says what the entry did. */
  private seeAnswer(
    entry: ReadEntry,
    answer: KeptAnswer | undefined,
    person: KnownPerson | undefined,
  ): boolean {
    const { index, subject } = entry.row;
    if (!restsOnAnswer(entry)) {
      if (answer !== undefined)
        this.findings.push(unknownRow('revocation_answers', index, 'its entry rests on no answer'));
      return false;
    }
    const pending = subject && this.refusals.standingOf(subject);
    // Without a pending lift there is nothing that could be answered, and the replay names the entry for that.
    if (pending?.state !== 'lift-pending') return false;
    const fault = faultOfAnswer(entry, answer, pending, person, this.options.trust ?? noTrust);
    if (fault !== undefined)
      this.findings.push({ code: 'revocation-not-shown', index, what: `${entry.kind}: ${fault}` });
    return fault === undefined;
  }

  /** What the log serves beside what the database has. */
  private async compareEnd(size: number): Promise<readonly Finding[]> {
    const { tx, origin, published } = this.options;
    if (published === undefined) return [];
    return compareNewestEnd({
      ...published,
      ...{ origin, size, registry: this.registry.registry },
      rootAt: (at) => (at === this.publishedSize ? this.publishedRoot : undefined),
      keptAt: (at) => keptCheckpoint(tx, at),
    });
  }

  private originAt(index: number): string {
    return originAt(this.closed, this.options.origin, index);
  }

  private count(kind: string): void {
    if (!isEntryKind(kind)) return;
    this.moves.state += movesState(kind) ? 1 : 0;
    this.moves.rules += movesRules(kind) ? 1 : 0;
    this.moves.feed += countsVersion(kind) ? 1 : 0;
  }

  private compareHead(head: Head): void {
    const { size, root, frontier, at } = this.tree.closed;
    const say = (what: string): void => {
      this.findings.push({ code: 'journal-head-differs', table: 'journal_head', row: '1', what });
    };
    if (size !== this.tree.size)
      this.findings.push({
        code: 'head-missing',
        index: size,
        what: 'no signed head covers the entries from here on',
      });
    const expected = {
      origin: this.options.origin,
      size,
      root,
      frontier,
      rulesVersion: this.moves.rules,
      feedSeq: this.moves.feed,
      keyChecks: lookupKeyChecks(this.options.lookupKeys) as unknown,
      identityChecks: identityKeyChecks(this.options.identityKey) as unknown,
      ...(at !== undefined && { lastAt: at }),
    };
    const { origin, rulesVersion, feedSeq, keyChecks, identityChecks, lastAt } = head;
    const own = {
      origin,
      size: head.size,
      root: head.root,
      frontier: head.frontier,
      rulesVersion,
      feedSeq,
      keyChecks,
      identityChecks,
    };
    const members = differing(expected, { ...own, ...(at !== undefined && { lastAt }) });
    if (members.length > 0) say(`differs in ${members.join(', ')}`);
    if (head.clockOffsetMs !== 0 && !isOfSandbox(this.options.origin))
      this.findings.push({
        ...{ code: 'clock-moved', table: 'journal_head', row: '1' },
        what: `registry time is ${head.clockOffsetMs} ms ahead of the clock of the database`,
      });
    // Rises with the fence, too, so it may be ahead and never behind.
    if (head.stateVersion < this.moves.state) say('state_version is behind the entries');
  }
}

/** The second line of a checkpoint; whether it verifies is judged when the keys are known. */
function sizeOf(note: string): number {
  return Number(note.split('\n')[1]);
}

function unknownRow(table: string, index: number, what: string): Finding {
  return { code: 'row-unknown', table, row: String(index), what };
}
