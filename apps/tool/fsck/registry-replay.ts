/**
 * Parties, keys, officials and law, folded from their entries; each entry after the opening must rest on an act that two
 * officials signed. One that does not is named and changes nothing.
 */
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { changesRegistry, registryAfter } from '#libs/acts/change.js';
import { ActRefused } from '#libs/acts/members.js';
import { emptyRegistry, type Registry } from '#libs/acts/registry.js';
import type { OfficialActRow } from '#libs/acts/sealed-act.js';
import { membersOfEveryAct, signersOf } from '#libs/acts/signed-act.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';

export interface ActKeys {
  /** The log that stood before the entry at this index. */
  readonly originBefore: (index: number) => string;
  readonly identityKey: SealingKey;
  /** Undefined: officials' signatures cannot be judged. */
  readonly trust: TrustAnchors | undefined;
}

export class RegistryReplay {
  private folded: Registry = emptyRegistry;
  private readonly acts = new Set<string>();

  constructor(private readonly keys: ActKeys) {}

  /** The registry after the entries seen. */
  get registry(): Registry {
    return this.folded;
  }

  /** @param act the row of `official_acts` for this entry, if there is one. */
  async see(entry: ReadEntry, act: OfficialActRow | undefined): Promise<readonly Finding[]> {
    const { row, kind, members } = entry;
    if (!changesRegistry(kind)) return [];
    const { index, at } = row;
    const isFounding = !this.folded.isOpen && members['actId'] === undefined;
    const fault = isFounding ? undefined : await this.faultOf(entry, act);
    if (fault !== undefined) return [{ code: 'registry-act-not-signed', index, what: `${kind}: ${fault}` }];
    const body = Object.fromEntries(Object.entries(members).filter(([name]) => !membersOfEveryAct.has(name)));
    try {
      this.folded = registryAfter(
        this.folded,
        { kind, body },
        { at, index, origin: this.keys.originBefore(index) },
      );
      return [];
    } catch (error) {
      if (!(error instanceof ActRefused)) throw error;
      return [{ code: 'registry-act', index, what: `${kind}: ${error.message}` }];
    }
  }

  private async faultOf(
    { row, kind, members }: ReadEntry,
    act: OfficialActRow | undefined,
  ): Promise<string | undefined> {
    if (act !== undefined && this.acts.has(act.actId)) return 'its act was applied before';
    if (act !== undefined) this.acts.add(act.actId);
    const { originBefore, identityKey, trust } = this.keys;
    const keys = { registry: this.folded, origin: originBefore(row.index), identityKey, trust };
    const signed = await signersOf({ kind, at: row.at, members }, act, keys);
    return 'fault' in signed ? signed.fault : undefined;
  }
}
