/**
 * Acts of the operator, each an entry. Before `registry.opened` nobody could sign them, so they are applied as they
 * come; from then on each needs the signatures of two different officials over its own text.
 */
import { randomBytes } from 'node:crypto';
import type { Act, Decision, Draft, Made, Rows } from '#libs/journal/act.js';
import { newUuid } from '#libs/journal/id.js';
import type { Journal } from '#libs/journal/journal.service.js';
import type { Receipt } from '#libs/journal/receipt.js';
import type { SignatureVerifier } from '#libs/signature/signature-verifier.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { draftAct, readAct } from '#libs/acts/act-document.js';
import { rowsOf, type Change } from '#libs/acts/change.js';
import { assertEnactable } from '#libs/acts/enactable.js';
import { ActRefused } from '#libs/acts/members.js';
import { assertThumbprints } from '#libs/acts/thumbprints.js';
import { actingOfficials } from '#libs/acts/official-changes.js';
import { officialActsTable } from '#libs/acts/official-acts.store.js';
import { withRows, type Registry, type RegistryRows } from '#libs/acts/registry.js';
import { registryTables } from './registry.store.js';
import type { Coverage } from './coverage.service.js';
import { sealAct } from '#libs/acts/sealed-act.js';

/** What the tool's Journal looks into and writes. */
export const toolTables = { ...registryTables, officialActs: officialActsTable } as const;
export type ToolTables = typeof toolTables;
export type ToolJournal = Journal<ToolTables, Registry>;

export interface OfficialActsOptions {
  readonly journal: ToolJournal;
  readonly origin: string;
  readonly identityKey: SealingKey;
  /** Waits for the clerk, who verifies acts for everybody. */
  readonly coverage: Coverage;
  /** Judges the officials' signatures; founding needs none. */
  readonly signatures?: {
    readonly verifier: Pick<SignatureVerifier, 'verify' | 'knownGood'>;
    readonly trust: TrustAnchors;
  };
}

/** What an accepted act leaves: its entry's id and index in the receipt. */
export type Applied = readonly Receipt[];

export class OfficialActs {
  constructor(private readonly options: OfficialActsOptions) {}

  /**
   * The text for two officials to sign.
   * @param index where its entry will stand, if the change says so.
   * @throws ActRefused when it could not be applied as things stand.
   */
  async draft(change: Change, index = 0): Promise<string> {
    const { journal, origin } = this.options;
    assertEnactable(change);
    await assertThumbprints(change);
    await this.nothingWaits();
    const registry = await journal.refreshRules();
    const at = journal.registryNow();
    // An act about to be refused is not worth two people's signatures.
    rowsOf(registry, withOwnPlace(change, index), { at, index, origin });
    return draftAct(change, { origin, at, actId: newUuid(at), nonce: randomBytes(16) });
  }

  /**
   * Appends a signed act, and waits until the clerk has verified it; when that takes too long it stands all the same.
   * @param cms the officials' CMS over `text`, DER, attached or detached.
   * @throws ActRefused; Problem of the signature checks.
   */
  async apply(text: string, cms: readonly Buffer[]): Promise<Applied> {
    const { journal, origin, identityKey } = this.options;
    await this.nothingWaits();
    await journal.refreshRules();
    const act = readAct(text, { origin, at: journal.registryNow() });
    assertEnactable(act);
    await assertThumbprints(act);
    const signers = await this.signers(text, cms);
    const receipts = await journal.submit<Applied>({
      look: { officialActs: [act.actId] },
      decide: ({ at, size, rules, find }) => {
        readAct(text, { origin, at });
        if (find('officialActs', act.actId) !== undefined)
          throw new ActRefused('the act was applied already');
        const by = officialsOf(
          rules,
          signers.map((signer) => signer.certSha256),
        );
        const signed = { actId: act.actId, by, cmsSha256: signers.map((signer) => signer.cmsSha256) };
        const change = withOwnPlace(act, size);
        const rows = rowsOf(rules, change, { at, index: size, origin });
        const sealed = sealAct(
          { actId: act.actId, entryIndex: size, act: text, cms },
          identityKey,
          randomBytes,
        );
        return decision([draftOf(change, signed)], { ...rows, officialActs: [sealed] });
      },
    });
    await this.options.coverage.settled();
    await journal.refreshRules();
    return receipts;
  }

  /**
   * Appends changes in one go, all or none, while the registry is not open: how the first officials, parties and keys
   * come in. The last may be `registry.opened`.
   */
  async found(changes: readonly Change[]): Promise<Applied> {
    const { origin } = this.options;
    for (const change of changes) {
      assertEnactable(change);
      await assertThumbprints(change);
    }
    const act: Act<ToolTables, Registry, Applied> = {
      look: {},
      decide: ({ at, size, rules }) => {
        let registry = rules;
        const drafts: Draft[] = [];
        const written: RegistryRows[] = [];
        for (const [place, each] of changes.entries()) {
          if (registry.isOpen)
            throw new ActRefused('the registry is open: from now on two officials sign each act');
          const change = withOwnPlace(each, size + place);
          const rows = rowsOf(registry, change, { at, index: size + place, origin });
          registry = withRows(registry, rows, change.kind === 'registry.opened');
          drafts.push(draftOf(change, {}));
          written.push(rows);
        }
        return decision(drafts, together(written));
      },
    };
    return this.options.journal.submit(act);
  }

  /**
   * What has become of an act that was applied: `verified`, and everything it says counts; `refused` by the clerk, and
   * nothing does; `waiting`, and only what makes safer counts until the clerk has verified it.
   */
  async standingOf({ index }: Receipt): Promise<'verified' | 'refused' | 'waiting'> {
    const { pending, refused } = await this.options.coverage.settled();
    await this.options.journal.refreshRules();
    if (refused.includes(index)) return 'refused';
    return pending.some((act) => act.index <= index) ? 'waiting' : 'verified';
  }

  /** @throws ActRefused because an act that is judged by others needs to know whether those count. */
  private async nothingWaits(): Promise<void> {
    const { covered, pending } = await this.options.coverage.settled();
    if (covered.isOpen && pending.length > 0)
      throw new ActRefused(
        `entry ${pending[0]?.index} waits for the clerk to verify it: see that the clerk's worker runs, and try again`,
      );
  }

  private async signers(
    text: string,
    cms: readonly Buffer[],
  ): Promise<readonly { readonly certSha256: string; readonly cmsSha256: string }[]> {
    const { signatures, journal } = this.options;
    if (cms.length !== 2) throw new ActRefused('an act needs exactly two signatures: --cms a --cms b');
    if (signatures === undefined)
      throw new ActRefused('the configuration has no `nca`: signatures cannot be judged');
    const { verifier, trust } = signatures;
    const at = journal.registryNow();
    const signers = [];
    for (const each of cms) {
      const signer = await verifier.verify({ cms: each, document: Buffer.from(text), at, trust });
      await verifier.knownGood({ signer, at, staleCrlHoursAllowed: 0 });
      signers.push(signer);
    }
    if (new Set(signers.map(({ iin }) => iin)).size !== 2)
      throw new ActRefused('both signatures are of the same person');
    return signers;
  }
}

/** Two of the officials admitted now, by the thumbprints of the certificates they signed with. */
function officialsOf(registry: Registry, thumbprints: readonly string[]): readonly string[] {
  const by = thumbprints.map((thumb) => {
    const official = actingOfficials(registry).find(({ certSha256 }) => certSha256.includes(thumb));
    if (official === undefined) throw new ActRefused('a signer is no official who may sign this');
    return official.officialId;
  });
  if (new Set(by).size !== 2) throw new ActRefused('both signatures are of the same official');
  return by;
}

/** A key signs from its own entry on, and only the writer knows which that is. */
function withOwnPlace(change: Change, index: number): Change {
  return change.kind === 'key.published' ? { ...change, body: { ...change.body, fromSize: index } } : change;
}

function draftOf({ kind, body }: Change, signed: Readonly<Record<string, unknown>>): Draft {
  const party = (body['clientId'] ?? (body['party'] as { clientId?: unknown } | undefined)?.clientId) as
    string | undefined;
  return { kind, ...(party !== undefined && { party }), body: { ...body, ...signed } };
}

function decision(entries: readonly Draft[], rows: Rows<ToolTables>): Decision<ToolTables, Applied> {
  return { entries, rows: (_made: readonly Made[]) => rows, answer: (receipts) => receipts() };
}

/** Rows of several changes; of one row the newest counts, which the writer sees to. */
function together(all: readonly RegistryRows[]): RegistryRows {
  return {
    parties: all.flatMap((rows) => rows.parties ?? []),
    partyKeys: all.flatMap((rows) => rows.partyKeys ?? []),
    officials: all.flatMap((rows) => rows.officials ?? []),
    regime: all.flatMap((rows) => rows.regime ?? []),
    signingKeys: all.flatMap((rows) => rows.signingKeys ?? []),
    closedLogs: all.flatMap((rows) => rows.closedLogs ?? []),
  };
}
