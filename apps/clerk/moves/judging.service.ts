/**
 * The clerk's own judgement of a signed act, from entries, heads and signatures and from no row that another process may
 * write: whoever loosens, verifies. The hour of a lift follows from the signed document, from the locks of the person's
 * other signed entries and from the law as of signing.
 */
import type { EntityManager } from 'typeorm';
import { canonical } from '#libs/journal/canonical.js';
import {
  faultOfEntry,
  membersOf,
  type EntryFault,
  type PublishedHeadKeys,
  type StoredEntry,
} from '#libs/journal/proven-entry.js';
import { partOf } from '#libs/journal/proven-entries.store.js';
import { Problem } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import { valueAt } from '#libs/regime/regime.js';
import { isNational, nationalSigner } from '#libs/signature/national-signer.js';
import type { ChosenVerifier } from '#libs/signature/signature-verifier.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import { verifyAgain } from '#libs/signature/verify-again.js';
import type { VerifiedSigner } from '#libs/signature/verified-signer.js';
import { seal, unseal, type Random, type SealedPlace } from '#libs/subject/seal.js';
import { subjectsOf, type SubjectKey } from '#libs/subject/subject.js';
import { sealOfJudgement } from './judgements.store.js';
import { keptAct, refusalEntries } from './requests.store.js';
import type { ProvenLift } from './standing.js';
import {
  mustBeSignedBy,
  openAct,
  sha256,
  statedIn,
  type KeptAct,
  type OpenedAct,
  type OpeningKeys,
  type Stated,
} from './signed-act.js';
import { mustBeProven, Unproven } from './unproven.js';

export interface JudgingSettings {
  readonly tx: EntityManager;
  readonly keys: OpeningKeys;
  readonly trust: TrustAnchors;
  /** Asks about national signatures. @throws Problem `revocation-unavailable` */
  readonly verifier: Pick<ChosenVerifier, 'verify' | 'verifiesNational'>;
  /** Parties and law as the newest entry left them. */
  rules(): Promise<Pick<Rules, 'regime'>>;
  /** The head keys that verified acts have published, as of the newest entry. */
  headKeys(): Promise<PublishedHeadKeys>;
}

const hourMs = 3_600_000;

export class JudgingService {
  constructor(private readonly settings: JudgingSettings) {}

  /**
   * Judges the signed lift under a `lift.requested`, as of its own time.
   * @throws Unproven when entries, heads or signatures contradict it; Problem `revocation-unavailable` when a service
   *   that had to be asked was away, which says nothing about it.
   */
  async lift(request: StoredEntry, subject: SubjectKey): Promise<ProvenLift> {
    const { tx, keys } = this.settings;
    // All at once, because the lift waits for each of them.
    const [headKeys, part, kept, { regime }] = await Promise.all([
      this.settings.headKeys(),
      partOf(tx, request.index),
      keptAct(tx, request.index),
      this.settings.rules(),
    ]);
    const fault = await faultOfEntry(request, part, headKeys);
    if (fault !== undefined) throw new Unproven(fault);
    const { act, stated } = this.open(kept, request, subject);
    const signer = await this.signerOf(act, request);
    mustBeSignedBy(act, request, signer);
    const history = await refusalEntries(tx, subjectsOf(keys.lookup, act.iin));
    await this.mustBeUnused(request, history, headKeys);
    const lockHours = await this.lockOf({ request, subject, stated, history, headKeys });
    // As of signing: a rule that was enacted later waited for nobody.
    const law = regime.filter(({ entryIndex }) => entryIndex < request.index);
    const waits = Math.max(lockHours, valueAt(law, 'liftDelay', request.at));
    return { ...stated, request, act, signer, lockHours, liftsAt: request.at + waits * hourMs, history };
  }

  private async faultOf(entry: StoredEntry, headKeys: PublishedHeadKeys): Promise<EntryFault | undefined> {
    return faultOfEntry(entry, await partOf(this.settings.tx, entry.index), headKeys);
  }

  private open(
    kept: KeptAct | undefined,
    entry: StoredEntry,
    subject: SubjectKey,
  ): { readonly act: OpenedAct; readonly stated: Stated } {
    mustBeProven(kept !== undefined, 'no-document');
    const act = openAct(kept, subject, this.settings.keys);
    return { act, stated: statedIn(act, entry) };
  }

  /** Verifies the signature as of the entry, with the list of revoked certificates that was used then. */
  private async signerOf(act: OpenedAct, { index, at, kind }: StoredEntry): Promise<VerifiedSigner> {
    const { trust, verifier, tx } = this.settings;
    const { cms, document } = act;
    const input = { cms, document, at, trust };
    if (refusing(() => isNational(cms))) {
      // Of an older act only the lock is asked, which an honest head bears out; the service need not know it any more.
      if (kind !== 'lift.requested' || isJudgedGood(act, index, await sealOfJudgement(tx, index)))
        return refusing(() => nationalSigner(input));
      if (!verifier.verifiesNational) throw new Problem('revocation-unavailable');
      return verifier.verify(input).catch((error: unknown) => {
        if (error instanceof Problem && error.code === 'revocation-unavailable') throw error;
        throw refused(error);
      });
    }
    const revocation = { kind: act.revocationKind, der: act.revocation };
    const staleCrlHoursAllowed = kind === 'lift.requested' ? 0 : 24;
    return verifyAgain({ ...input, revocation, staleCrlHoursAllowed }).catch((error: unknown) => {
      throw refused(error);
    });
  }

  /** A signed document counts once: under the first request that is a fact. */
  private async mustBeUnused(
    request: StoredEntry,
    history: readonly StoredEntry[],
    headKeys: PublishedHeadKeys,
  ): Promise<void> {
    const applicationOf = (entry: StoredEntry): unknown => membersOf(entry)?.['applicationId'];
    for (const earlier of history) {
      if (earlier.index >= request.index || applicationOf(earlier) !== applicationOf(request)) continue;
      // What a stranger put there does not use up the document of an honest request.
      mustBeProven((await this.faultOf(earlier, headKeys)) !== undefined, 'application-used');
    }
  }

  /** The longest lock of the signed document and of the person's signed entries since the last lift. */
  private async lockOf(known: {
    readonly request: StoredEntry;
    readonly subject: SubjectKey;
    readonly stated: Stated;
    readonly history: readonly StoredEntry[];
    readonly headKeys: PublishedHeadKeys;
  }): Promise<number> {
    const { request, subject, stated, history, headKeys } = known;
    const longer = history
      .map((entry) => ({ entry, hours: lockIn(entry) }))
      .filter(({ entry, hours }) => entry.index !== request.index && hours > stated.lockHours)
      .toSorted((a, b) => b.hours - a.hours);
    if (longer.length === 0) return stated.lockHours;
    const lifted = await this.lastLift(request, history, headKeys);
    for (const { entry, hours } of longer)
      if (entry.index > lifted && (await this.isOwnLock(entry, subject, headKeys))) return hours;
    return stated.lockHours;
  }

  /** Index of the last lift before the request that is a fact; −1 when there was none. */
  private async lastLift(
    request: StoredEntry,
    history: readonly StoredEntry[],
    headKeys: PublishedHeadKeys,
  ): Promise<number> {
    const lifts = history.filter(({ kind, index }) => kind === 'refusal.lifted' && index < request.index);
    for (const lift of lifts.toReversed())
      if ((await this.faultOf(lift, headKeys)) === undefined) return lift.index;
    return -1;
  }

  /** Whether a lock was the citizen's own. A longer lock makes safer, so the life of a head key is no matter here. */
  private async isOwnLock(
    entry: StoredEntry,
    subject: SubjectKey,
    headKeys: PublishedHeadKeys,
  ): Promise<boolean> {
    const fault = await this.faultOf(entry, headKeys);
    if (fault !== undefined && fault !== 'head-key-life') return false;
    // A return is the clerk's own word for the lock that a signed lift ended.
    if (membersOf(entry)?.['requestedBy'] !== undefined) return true;
    try {
      const { act } = this.open(await keptAct(this.settings.tx, entry.index), entry, subject);
      mustBeSignedBy(act, entry, await this.signerOf(act, entry));
      return true;
    } catch (error) {
      if (error instanceof Unproven) return false;
      throw error;
    }
  }
}

/**
 * The clerk's own mark that it has judged this act good, which opens only under the person's key: a row alone proves
 * nothing. It spares a national signature a service whose own view changed since.
 */
export function judgementSeal(act: OpenedAct, entryIndex: number, random: Random): Buffer {
  return seal(act.key, sealPlace(entryIndex), Buffer.from(judged(act)), random);
}

function isJudgedGood(act: OpenedAct, entryIndex: number, sealed: Buffer | undefined): boolean {
  try {
    return sealed !== undefined && unseal(act.key, sealPlace(entryIndex), sealed).toString() === judged(act);
  } catch {
    return false;
  }
}

function judged({ document, cms }: OpenedAct): string {
  return canonical({ documentSha256: sha256(document), cmsSha256: sha256(cms) });
}

function sealPlace(entryIndex: number): SealedPlace {
  return { table: 'move_judgements', column: 'seal', row: String(entryIndex) };
}

/** Hours that an entry gives as lock; 0 where it gives none. */
function lockIn(entry: StoredEntry): number {
  const isLock = ['refusal.placed', 'refusal.lock-grown', 'lift.requested'].includes(entry.kind);
  const hours = isLock ? membersOf(entry)?.['lockHours'] : undefined;
  return typeof hours === 'number' ? hours : 0;
}

/** What a rule of signatures finds wrong is the fault of the signature; everything else is a failure of ours. */
function refused(error: unknown): unknown {
  return error instanceof Problem ? new Unproven('signature-refused', error) : error;
}

function refusing<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    throw refused(error);
  }
}
