/**
 * What a bureau was sent, opened: an item that was exchanged, altered or sealed by somebody else opens with no key of its
 * stream, or says something else than stands beside it. Keys are derived from the roots of the streams' secrets.
 */
import { compactDecrypt } from 'jose';
import type { FeedRoots } from '#libs/feed/feed-roots.js';
import { dayKey, bureauKey, namelessSubId, subIdOf } from '#libs/feed/stream-keys.js';
import { isIin } from '#libs/subject/iin.js';
import { idText } from './id-text.js';
import type { ItemRow, StreamRow } from './streams.store.js';

interface Content {
  readonly iin?: unknown;
  readonly sub_id?: unknown;
  readonly version?: unknown;
  readonly receipt?: { readonly entry?: unknown };
}

export class SealedItems {
  private readonly subKey: Buffer;
  private readonly streamId: string;
  private readonly days = new Map<string, readonly Buffer[]>();

  constructor(
    private readonly roots: FeedRoots,
    private readonly stream: Pick<StreamRow, 'uuid' | 'clientId'>,
  ) {
    this.subKey = bureauKey(roots[0].secret, stream.clientId);
    this.streamId = idText('str', stream.uuid);
  }

  /** What is wrong with what lies inside; undefined when it is what the bureau must have. */
  async faultOf(item: ItemRow): Promise<string | undefined> {
    const content = await this.open(item.sealed);
    if (content === undefined) return 'what lies inside does not open with the key of its day';
    const { iin, sub_id: inside, version, receipt } = content;
    const outside = item.subId.toString('base64url');
    if (inside !== outside || version !== item.version) return 'what lies inside is of another item';
    if (item.entry !== null && receipt?.entry !== item.entry) return 'the receipt inside is of another entry';
    if (item.isWithheld) {
      const nameless = namelessSubId(this.subKey, idText('ent', item.entryUuid));
      return iin === undefined && nameless.equals(item.subId)
        ? undefined
        : 'it is withheld and names a person';
    }
    if (!isIin(iin) || !subIdOf(this.subKey, iin).equals(item.subId)) return 'it names another person';
    return undefined;
  }

  private async open(sealed: string): Promise<Content | undefined> {
    // A day stays under the root it was begun with, so any of them may be its own.
    for (const [place] of this.roots.entries())
      try {
        const { plaintext } = await compactDecrypt(sealed, ({ kid }) => this.keyOf(kid, place), {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        return JSON.parse(new TextDecoder().decode(plaintext)) as Content;
      } catch {
        continue;
      }
    return undefined;
  }

  private keyOf(kid: string | undefined, place: number): Buffer {
    if (
      kid === undefined ||
      !/^str_[0-9a-z]+\.\d{4}-\d{2}-\d{2}$/.test(kid) ||
      !kid.startsWith(`${this.streamId}.`)
    )
      throw new Error('no key of this stream');
    const keys =
      this.days.get(kid) ?? this.roots.map(({ secret }) => dayKey(secret, this.stream.clientId, kid));
    this.days.set(kid, keys);
    const key = keys[place];
    if (key === undefined) throw new Error('no such root');
    return key;
  }
}
