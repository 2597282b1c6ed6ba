/**
 * Parties, keys, officials and law, folded from their entries; each entry after the opening must rest on an act that two
 * officials signed. One that does not is named and changes nothing.
 */
import { readCanonical } from '#libs/journal/canonical.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import { verifySignature } from '#libs/signature/verify-signature.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { changesRegistry, registryAfter } from '../acts/change.js';
import { ActRefused, type Body } from '../acts/members.js';
import { actingOfficials } from '../acts/official-changes.js';
import { emptyRegistry, type Registry } from '../acts/registry.js';
import { unsealAct, type OfficialActRow } from '../acts/sealed-act.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';

export interface ActKeys {
  /** The log that stood before the entry at this index. */
  readonly originBefore: (index: number) => string;
  readonly identityKey: SealingKey;
  /** Undefined: officials' signatures cannot be judged. */
  readonly trust: TrustAnchors | undefined;
}

/** Members every entry has, and those that only the officials' signatures add. */
const common = new Set(['v', 'id', 'kind', 'at', 'actId', 'by', 'cmsSha256']);

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
    const fault = isFounding ? undefined : await this.faultOfAct(entry, act);
    if (fault !== undefined) return [{ code: 'registry-act-not-signed', index, what: `${kind}: ${fault}` }];
    const body = Object.fromEntries(Object.entries(members).filter(([name]) => !common.has(name)));
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

  private async faultOfAct(entry: ReadEntry, act: OfficialActRow | undefined): Promise<string | undefined> {
    const { row, kind, members } = entry;
    if (act === undefined || act.actId !== members['actId']) return 'no signed act is kept';
    if (this.acts.has(act.actId)) return 'its act was applied before';
    this.acts.add(act.actId);
    const stated = readCanonical(act.act);
    if (stated?.['kind'] !== kind || stated['origin'] !== this.keys.originBefore(row.index))
      return 'the signed act is another';
    if (!saysTheSame(stated['body'], members)) return 'the signed act says something else';
    if (this.keys.trust === undefined) return 'the configuration has no `nca` to judge its signatures by';
    try {
      const by: (string | undefined)[] = [];
      const hashes: string[] = [];
      for (const cms of unsealAct(act, this.keys.identityKey)) {
        const document = Buffer.from(act.act);
        const signer = await verifySignature({ cms, document, at: row.at, trust: this.keys.trust });
        const official = actingOfficials(this.folded).find((each) =>
          each.certSha256.includes(signer.certSha256),
        );
        by.push(official?.officialId);
        hashes.push(signer.cmsSha256);
      }
      const isTwo = by.length === 2 && new Set(by).size === 2 && !by.includes(undefined);
      const isNamed = same(by, members['by']) && same(hashes, members['cmsSha256']);
      return isTwo && isNamed ? undefined : 'it does not have the signatures of two officials';
    } catch {
      return 'its signatures do not verify';
    }
  }
}

/** `fromSize` is the one member that the writer adds, because only it knows the place. */
function saysTheSame(body: unknown, members: Body): boolean {
  const own = Object.entries(members).filter(([name]) => !common.has(name) && name !== 'fromSize');
  return same(Object.fromEntries(own), body);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([name, member]) => [name, sorted(member)]);
}
