/**
 * Asks again about placings whose revocation list was too old. Nothing is undone: a placing can only protect, and
 * whoever revoked his certificate may lift with a new one. What comes of it is for the operator, who sees whether
 * placings were signed with revoked certificates while the authority's list was old.
 */
import type { EntityManager } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import type { SignatureVerifier } from '#libs/signature/signature-verifier.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { signerToAskAbout } from '../moves/signed-act.js';
import { stalePlacings, type StalePlacing } from './stale-placings.store.js';

/** What the authority says now about the certificate of one placing. */
export interface StaleAnswer {
  readonly entryIndex: number;
  readonly answer: 'good' | 'revoked';
}

export interface StaleSettings {
  readonly tx: EntityManager;
  readonly identity: SealingKey;
  readonly trust: TrustAnchors;
  readonly verifier: Pick<SignatureVerifier, 'knownGood'>;
}

const atOnce = 100;

export class StalePlacingsService {
  /** Everything before was answered by this process; after a start some of it is asked once more, which does no harm. */
  private next = 0;

  constructor(private readonly settings: StaleSettings) {}

  /**
   * Asks about the next placings in their order.
   * @throws Problem `revocation-unavailable` while the list is still old; the same placing is asked next time.
   */
  async askAgain(tell: (answer: StaleAnswer) => void): Promise<void> {
    for (const placing of await stalePlacings(this.settings.tx, this.next, atOnce)) {
      tell({ entryIndex: placing.entryIndex, answer: await this.ask(placing) });
      this.next = placing.entryIndex + 1;
    }
  }

  private async ask(placing: StalePlacing): Promise<StaleAnswer['answer']> {
    const { identity, trust, verifier } = this.settings;
    const signer = signerToAskAbout(placing, identity, trust, placing.placedAt);
    try {
      await verifier.knownGood({ signer, at: placing.at, staleCrlHoursAllowed: 0 });
      return 'good';
    } catch (error) {
      if (error instanceof Problem && error.code === 'certificate-revoked') return 'revoked';
      throw error;
    }
  }
}
