/** The tree rebuilt from the leaf hashes, and every signed head compared with it: root, frontier, instant, signature, key. */
import type { EntryKind } from '#libs/journal/entry.js';
import { openHead } from '#libs/journal/verify-head.js';
import type { Instant } from '#libs/journal/instant.js';
import { appendLeaves, emptyFrontier, frontierToBytes, rootOf, type Frontier } from '#libs/tlog/tree.js';
import type { Registry, SigningKeyRow } from '#libs/acts/registry.js';
import type { Finding, FindingCode } from './finding.js';

/** A row of `heads`. */
export interface HeadRow {
  readonly size: number;
  readonly fromSize: number;
  readonly at: Instant;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly kid: string;
  readonly jws: string;
}

/** What of an entry the tree needs. */
interface Leaf {
  readonly hash: Buffer;
  readonly kind: string;
  readonly at: Instant;
}

export class TreeReplay {
  private tree: Frontier = emptyFrontier;
  private batch: Leaf[] = [];
  private at: Instant | undefined;

  /** @param originAt the log that the entry at an index was appended to. */
  constructor(private readonly originAt: (index: number) => string) {}

  /** The next entry's leaf. */
  add(leaf: Leaf): void {
    this.batch.push(leaf);
  }

  /** Entries added so far. */
  get size(): number {
    return this.tree.size + this.batch.length;
  }

  /** Size, root and frontier after the last head, and its instant. */
  get closed(): {
    readonly size: number;
    readonly root: Buffer;
    readonly frontier: Buffer;
    readonly at?: Instant;
  } {
    const { tree, at } = this;
    return {
      size: tree.size,
      root: rootOf(tree),
      frontier: frontierToBytes(tree),
      ...(at !== undefined && { at }),
    };
  }

  /** Closes the batch that this head signed. @param registry with the acts of the batch itself. */
  async close(head: HeadRow, registry: Registry): Promise<readonly Finding[]> {
    const { tree, batch } = this;
    const after = appendLeaves(
      tree,
      batch.map(({ hash }) => hash),
    );
    this.tree = after;
    this.batch = [];
    this.at = head.at;
    const say = (code: FindingCode, what: string): Finding => ({
      ...{ code, table: 'heads', row: String(head.size), what },
    });
    return [
      ...(head.fromSize === tree.size ? [] : [say('head-missing', 'it does not follow the head before')]),
      ...(head.root.equals(rootOf(after)) ? [] : [say('head-differs', 'another root than the entries give')]),
      ...(head.frontier.equals(frontierToBytes(after)) ? [] : [say('head-differs', 'another frontier')]),
      ...(batch.every(({ at }) => at === head.at)
        ? []
        : [say('head-differs', 'another instant than its entries')]),
      ...(await this.signature(head, registry.signingKeys.get(head.kid), batch)).map(([code, what]) =>
        say(code, what),
      ),
    ];
  }

  private async signature(
    head: HeadRow,
    key: SigningKeyRow | undefined,
    batch: readonly Leaf[],
  ): Promise<readonly (readonly [FindingCode, string])[]> {
    if (key === undefined) return [['head-signature', 'no key of this name is published']];
    const found: (readonly [FindingCode, string])[] = [];
    try {
      const { payload } = await openHead(head.jws, { keys: [jwksMember(key)] });
      const says = [payload.origin, payload.size, payload.root, payload.iat];
      const is = [
        this.originAt(head.size - 1),
        head.size,
        head.root.toString('base64url'),
        Math.floor(head.at / 1000),
      ];
      if (says.some((each, place) => each !== is[place]))
        found.push(['head-signature', 'it signs another head']);
    } catch {
      found.push(['head-signature', 'it does not verify']);
    }
    if (
      head.at < key.notBefore ||
      head.at >= Math.min(key.expiresAt, key.retiredAt ?? Infinity, key.revokedAt ?? Infinity)
    )
      found.push(['head-signature', 'signed outside of the life of its key']);
    const foreign = new Set(
      batch.map(({ kind }) => kind).filter((kind) => !key.kinds.includes(kind as EntryKind)),
    );
    for (const kind of foreign) found.push(['head-kinds', `${key.purpose} may not vouch for ${kind}`]);
    return found;
  }
}

function jwksMember(key: SigningKeyRow): Readonly<Record<string, unknown>> {
  return {
    ...key.jwk,
    kid: key.kid,
    purpose: key.purpose,
    kinds: key.kinds,
    nbf: Math.floor(key.notBefore / 1000),
    exp: Math.floor(key.expiresAt / 1000),
  };
}
