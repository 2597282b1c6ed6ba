/**
 * One chunk of a load, purely: entries with their rows as COPY reads them, and the leaf hashes that go onto the tree. The
 * entries are those that the registry itself would append; the texts are spelled here because canonical JSON of known
 * members in their order is a template, and twenty million of them are made.
 */
import assert from 'node:assert/strict';
import {
  commitmentOf,
  leafWith,
  personOf,
  personSaltOf,
  saltLength,
  saltOf,
} from '#libs/journal/commitment.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { leafHash } from '#libs/tlog/tree.js';
import { subjectOf } from '#libs/subject/subject.js';
import { CopyRows } from './copy-rows.js';
import { iinOfPerson } from './synthetic-person.js';

/** A lender that asks in a load. */
export interface LoadedLender {
  readonly clientId: string;
  readonly bin: string;
  /** Seconds for which a clear verdict is valid. */
  readonly validity: { readonly decision: number; readonly disbursement: number };
}

/** What is the same for every chunk of a load. */
export interface LoadGround {
  /** The newest epoch of the lookup keys and its key. */
  readonly epoch: number;
  readonly lookupKey: Uint8Array;
  /** Numbers the people. */
  readonly seed: number;
  /** How many people have a refusal: those with a lower number. */
  readonly refused: number;
  readonly lockHours: number;
  readonly lenders: readonly LoadedLender[];
}

/** What to make. */
export interface ChunkPlan {
  readonly kind: 'refusal.inherited' | 'check.made';
  readonly firstIndex: number;
  readonly at: Instant;
  /** By number, in the order of the entries. */
  readonly people: Uint32Array;
  /** Number of the first check; makes references and chooses lenders. */
  readonly firstCheck: number;
}

/** A chunk ready to be written. */
export interface MadeChunk {
  /** Binary COPY into `entries`, and into `refusals` or `checks`. */
  readonly entries: Uint8Array;
  readonly rows: Uint8Array;
  /** Leaf hashes one after the other. */
  readonly leaves: Uint8Array;
}

/** Begins every reference of a loaded check, so that an interrupted load finds its place again. */
export const referencePrefix = 'load-';

const products = ['bank-loan', 'microcredit'] as const;

/** One entry and how its row is written. */
interface Line {
  readonly text: string;
  readonly version: number;
  /** Undefined when no party acted. */
  readonly party: string | undefined;
  write(
    rows: CopyRows,
    made: { readonly leaf: Buffer; readonly subject: Buffer; readonly index: number },
  ): void;
}

/** Random bytes that an entry takes: its seed, and those of two ids. */
export const randomLength = saltLength + 2 * 16;

/** @param random `randomLength` bytes an entry. */
export function makeChunk(ground: LoadGround, plan: ChunkPlan, random: Buffer): MadeChunk {
  const { people, at, kind } = plan;
  assert(random.length === people.length * randomLength, 'random bytes for each entry');
  const time = formatInstant(at);
  const entries = new CopyRows(people.length * 600);
  const rows = new CopyRows(people.length * 250);
  const leaves = Buffer.allocUnsafeSlow(people.length * 32);
  const lookupKey = Buffer.from(ground.lookupKey);
  const entryUuids = uuidsOf(at, people.length, random, saltLength);
  const checkUuids = kind === 'check.made' ? uuidsOf(at, people.length, random, saltLength + 16) : [];
  people.forEach((number, place) => {
    const seed = random.subarray(place * randomLength, place * randomLength + saltLength);
    const iin = iinOfPerson(number, ground.seed);
    const uuid = entryUuids[place] ?? '';
    const said = { id: uuidToId('ent', uuid), person: personOf(personSaltOf(seed), iin), time };
    const line =
      kind === 'check.made'
        ? checkMade(ground, plan, said, {
            number,
            check: plan.firstCheck + place,
            uuid: checkUuids[place] ?? '',
          })
        : refusalInherited(ground, plan, said);
    assert(!line.text.includes(iin), 'an entry holds no IIN');
    const commitment = commitmentOf(line.text, saltOf(seed));
    const leaf = leafHash(leafWith(commitment));
    leaf.copy(leaves, place * 32);
    const index = plan.firstIndex + place;
    const subject = subjectOf(lookupKey, ground.epoch, iin).bytes;
    entries.row(12).int8(index).uuid(uuid).text(kind).instant(at).text(line.text).bytes(seed).bytes(leaf);
    entries.int2(ground.epoch).bytes(subject).int4(line.version);
    (line.party === undefined ? entries.none() : entries.text(line.party)).bytes(commitment);
    line.write(rows, { leaf, subject, index });
  });
  return { entries: entries.end(), rows: rows.end(), leaves };
}

/**
 * UUIDs of one instant in ascending order, as many processes would give them out over a while: the indexes by id grow at
 * their edge.
 */
function uuidsOf(at: Instant, count: number, random: Buffer, offset: number): readonly string[] {
  return Array.from({ length: count }, (_, place) => {
    const from = place * randomLength + offset;
    return newUuid(at, random.subarray(from, from + 16));
  }).sort();
}

interface Said {
  readonly id: string;
  readonly person: string;
  readonly time: string;
}

function refusalInherited(
  { epoch, lockHours }: LoadGround,
  { at }: ChunkPlan,
  { id, person, time }: Said,
): Line {
  return {
    text: `{"at":"${time}","id":"${id}","kind":"refusal.inherited","lockHours":${String(lockHours)},"person":"${person}","v":1,"version":1}`,
    version: 1,
    party: undefined,
    write: (rows, { leaf, subject, index }) =>
      rows
        .row(8)
        .bytes(subject)
        .int2(epoch)
        .text('in-force')
        .int4(1)
        .int4(lockHours)
        .instant(at)
        .bytes(leaf)
        .int8(index),
  };
}

function checkMade(
  { epoch, refused, lenders }: LoadGround,
  { at }: ChunkPlan,
  { id, person, time }: Said,
  { number, check, uuid }: { readonly number: number; readonly check: number; readonly uuid: string },
): Line {
  const lender = lenders[check % lenders.length];
  assert(lender !== undefined, 'a load of checks needs a lender');
  // Each application is asked about twice, as the law wants it: before deciding, and before money moves.
  const stage = check % 2 === 0 ? 'decision' : 'disbursement';
  const loanRef = `${referencePrefix}${String(Math.floor(check / 2))}`;
  const product = products[check % products.length] ?? 'bank-loan';
  const isRefused = number < refused;
  const verdict = isRefused ? 'refused' : 'clear';
  const version = isRefused ? 1 : 0;
  const validUntil = isRefused ? undefined : at + lender.validity[stage] * 1000;
  const validity = validUntil === undefined ? '' : `"validUntil":"${formatInstant(validUntil)}",`;
  return {
    text: `{"at":"${time}","checkId":"${uuidToId('chk', uuid)}","id":"${id}","kind":"check.made","lender":"${lender.bin}","loanRef":"${loanRef}","person":"${person}","product":"${product}","stage":"${stage}","v":1,${validity}"verdict":"${verdict}","version":${String(version)}}`,
    version,
    party: lender.clientId,
    write: (rows, { subject, index }) => {
      rows
        .row(12)
        .uuid(uuid)
        .text(lender.clientId)
        .int8(index)
        .int2(epoch)
        .bytes(subject)
        .text(product)
        .text(stage);
      rows.text(loanRef).text(verdict).int4(version).instant(at);
      if (validUntil === undefined) rows.none();
      else rows.instant(validUntil);
    },
  };
}
