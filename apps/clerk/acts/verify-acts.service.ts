/**
 * Verifies each act of officials once, for every process: the entry under a head of its own, both officials' signatures
 * over the act's exact bytes, the rules of the registry before it. What it found it says in a record of its own key. An
 * authority that is silent means later; an act that does not hold is an alarm and counts for nobody.
 */
import { verifyReceipt } from '#libs/journal/verify-receipt.js';
import { readReceipt } from '#libs/journal/journal.store.js';
import type { Act } from '#libs/journal/act.js';
import { Problem } from '#libs/problem/problem.js';
import { signRecord } from '#libs/acts/act-record.js';
import { readAct } from '#libs/acts/act-document.js';
import { folded, withActs, type Belief, type ReadAct } from '#libs/acts/belief.js';
import { jwkSet, keysNewestFirst } from '#libs/acts/jwk-set.js';
import { ActRefused } from '#libs/acts/members.js';
import { officialActsBetween } from '#libs/acts/official-acts.store.js';
import type { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { Registry } from '#libs/acts/registry.js';
import { signersOf } from '#libs/acts/signed-act.js';
import { assertThumbprints } from '#libs/acts/thumbprints.js';
import type { SignatureVerifier } from '#libs/signature/signature-verifier.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { SealingKey } from '#libs/subject/seal.js';
import type { KeyObject } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ClerkTables } from '../moves/move-refusal.service.js';

export interface VerifyActsSettings {
  readonly tx: EntityManager;
  readonly journal: {
    submit<A>(act: Act<ClerkTables, unknown, A>): Promise<A>;
    registryNow(): number;
  };
  readonly reader: RegistryReader;
  readonly key: { readonly kid: string; readonly key: KeyObject };
  readonly identityKey: SealingKey;
  readonly trust: TrustAnchors;
  readonly verifier: Pick<SignatureVerifier, 'knownGood'>;
}

/** An act that does not hold, and why. */
export interface RefusedAct {
  readonly index: number;
  readonly kind: string;
  readonly fault: string;
}

export interface VerifiedActs {
  /** How many acts the record covers; 0: nothing was waiting, and there is no record. */
  readonly covered: number;
  readonly refused: readonly RefusedAct[];
}

/** As many as one record speaks of; the rest is the next turn's. */
const limit = 200;
const dayMs = 86_400_000;

export class VerifyActsService {
  constructor(private readonly settings: VerifyActsSettings) {}

  /**
   * Verifies what waits and records it.
   * @throws NotBelieved; Problem `revocation-unavailable` when nobody says whether an official's certificate holds.
   */
  async verify(): Promise<VerifiedActs> {
    const { tx, journal, reader, key } = this.settings;
    const belief = await reader.read(tx);
    const acts = belief.covered.isOpen ? belief.pending.slice(0, limit) : [];
    const last = acts.at(-1);
    if (last === undefined) return { covered: 0, refused: [] };
    const refused: RefusedAct[] = [];
    let { covered } = belief;
    for (const act of acts) {
      const after = folded(covered, act);
      const fault =
        after === undefined
          ? 'the registry before it cannot be changed so'
          : await this.faultOf(act, covered, belief);
      if (fault !== undefined) refused.push({ index: act.index, kind: act.kind, fault });
      else covered = after ?? covered;
    }
    const indexes = refused.map(({ index }) => index);
    const digest = withActs(belief, acts, indexes).digest.toString('base64url');
    const jws = await signRecord(key, { through: last.index, digest, refused: indexes });
    await journal.submit({
      look: {},
      decide: () => ({ entries: [{ kind: 'acts.verified', body: { jws } }], answer: () => undefined }),
    });
    await reader.read(tx);
    return { covered: acts.length, refused };
  }

  private async faultOf(act: ReadAct, registry: Registry, belief: Belief): Promise<string | undefined> {
    const { tx, identityKey, trust } = this.settings;
    const { index, at } = act;
    const head = await this.faultOfHead(act, registry);
    if (head !== undefined) return head;
    const rows = await officialActsBetween(tx, index, index + 1);
    if (rows.length > 1) return 'two signed acts are kept for it';
    const signed = await signersOf(act, rows[0], { registry, origin: undefined, identityKey, trust });
    if ('fault' in signed) return signed.fault;
    try {
      readAct(rows[0]?.act ?? '', { at });
      await assertThumbprints(act);
    } catch (error) {
      if (error instanceof ActRefused) return error.message;
      throw error;
    }
    // Records are new: of acts from before them nobody can say any more what the authority said then.
    const now = this.settings.journal.registryNow();
    if (!belief.isRecorded && at < now - dayMs) return undefined;
    for (const signer of signed.signers) {
      const fault = await this.revoked(signer, now);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** A head of the entry's own part, signed with a key that may vouch for acts. */
  private async faultOfHead({ index, at }: ReadAct, registry: Registry): Promise<string | undefined> {
    const receipt = await readReceipt(this.settings.tx, index);
    try {
      await verifyReceipt(receipt, jwkSet(keysNewestFirst(registry)), { now: Math.floor(at / 1000) });
      return undefined;
    } catch {
      return 'no head that may vouch for it stands over it';
    }
  }

  private async revoked(
    signer: Parameters<SignatureVerifier['knownGood']>[0]['signer'],
    at: number,
  ): Promise<string | undefined> {
    try {
      await this.settings.verifier.knownGood({ signer, at, staleCrlHoursAllowed: 0 });
      return undefined;
    } catch (error) {
      if (error instanceof Problem && error.code === 'certificate-revoked')
        return 'a certificate of its officials is revoked';
      throw error;
    }
  }
}
